"""Functions of SciPy and scikit-learn that follow the array API standard, on arrays and on Tensors.

`python interop_cases.py scipy` prints, for every case, how far the result on Tensors is from that on arrays, and how
far the gradient is from differences.  test_interop.py runs it in a process of its own: both libraries ask for
SCIPY_ARRAY_API when they are imported, and no longer take Tensors for arrays without it.
"""

import json
import os
import sys
import warnings
from contextlib import nullcontext
from importlib import import_module

os.environ["SCIPY_ARRAY_API"] = "1"

import numpy as np

import autodiff as ad
from autodiff import Tensor
from autodiff.testing.numerical import directional_derivative

rng = np.random.default_rng(0)
x, y = rng.uniform(0.5, 2, 6), rng.uniform(0.5, 2, 6)
points, others = rng.normal(size=(20, 4)), rng.normal(size=(7, 4))
target = points @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=20)
labels = (points[:, 0] + 0.3 * rng.normal(size=20) > 0).astype(np.int64)
far = [points, others]


def scipy():
    """The function, what it is applied to, and whether its result has a gradient."""
    from scipy import fft, integrate, optimize, signal, special, stats

    return {
        "special.softmax": (special.softmax, [x], True),
        "special.xlogy": (special.xlogy, [x, y], True),
        "special.logsumexp": (special.logsumexp, [x], False),
        "special.erf": (special.erf, [x], False),
        "special.gammaln": (special.gammaln, [x], False),
        "stats.gmean": (stats.gmean, [x], True),
        "stats.hmean": (stats.hmean, [x], True),
        "stats.pmean": (lambda x: stats.pmean(x, 3), [x], True),
        "stats.skew": (stats.skew, [x], True),
        "stats.kurtosis": (stats.kurtosis, [x], True),
        "stats.moment": (lambda x: stats.moment(x, 3), [x], True),
        "stats.sem": (stats.sem, [x], True),
        "stats.kstat": (stats.kstat, [x], True),
        "stats.circmean": (stats.circmean, [x], True),
        "stats.gstd": (stats.gstd, [x], True),
        "stats.tvar": (stats.tvar, [x], True),
        "stats.directional_stats": (lambda x: stats.directional_stats(x).mean_direction, [points], True),
        "stats.zscore": (stats.zscore, [x], False),
        "stats.entropy": (stats.entropy, [x, y], False),
        "stats.pearsonr": (lambda *xs: stats.pearsonr(*xs).statistic, [x, y], False),
        "stats.ttest_ind": (lambda *xs: stats.ttest_ind(*xs).pvalue, [x, y], False),
        "integrate.trapezoid": (integrate.trapezoid, [x, y], True),
        "optimize.rosen": (optimize.rosen, [x], True),
        "signal.fftconvolve": (signal.fftconvolve, [x, y], True),
        "fft.fft": (lambda x: abs(fft.fft(x)), [x], True),
    }


def sklearn():
    """The same, for scikit-learn."""
    from sklearn import decomposition, discriminant_analysis, linear_model, metrics, model_selection, preprocessing

    lda = discriminant_analysis.LinearDiscriminantAnalysis
    ridge = linear_model.Ridge(solver="svd")
    return {
        "metrics.pairwise.euclidean_distances": (metrics.pairwise.euclidean_distances, far, True),
        "metrics.pairwise.rbf_kernel": (metrics.pairwise.rbf_kernel, far, True),
        "metrics.pairwise.linear_kernel": (metrics.pairwise.linear_kernel, far, True),
        "metrics.pairwise.cosine_similarity": (metrics.pairwise.cosine_similarity, far, False),
        "metrics.mean_squared_error": (metrics.mean_squared_error, [target, points[:, 0]], False),
        "metrics.r2_score": (metrics.r2_score, [target, points[:, 0]], False),
        "metrics.accuracy_score": (metrics.accuracy_score, [labels, labels[::-1].copy()], False),
        "preprocessing.MinMaxScaler": (lambda x: preprocessing.MinMaxScaler().fit_transform(x), [points], False),
        "preprocessing.StandardScaler": (lambda x: preprocessing.StandardScaler().fit_transform(x), [points], False),
        "preprocessing.KernelCenterer": (
            lambda x: preprocessing.KernelCenterer().fit_transform(x),
            [points[:4]],
            True,
        ),
        "decomposition.PCA": (
            lambda x: decomposition.PCA(2, svd_solver="full").fit_transform(x),
            [points],
            False,
        ),
        "LinearDiscriminantAnalysis": (lambda x, y: lda().fit(x, y).predict_proba(x), [points, labels], False),
        "linear_model.Ridge": (lambda x, y: ridge.fit(x, y).coef_, [points, target], False),
        "train_test_split": (lambda x: model_selection.train_test_split(x, random_state=0)[0], [points], True),
    }


def numbers(result):
    return result.numpy() if isinstance(result, Tensor) else np.asarray(result)


def gradient_error(function, xs):
    """How far <g, J v> by reverse mode is from differences."""
    vs = [rng.uniform(0.5, 1, a.shape) for a in xs]
    result = function(*(Tensor(a, requires_grad=True) for a in xs))
    g = rng.uniform(0.5, 1, result.shape)
    slope, _ = directional_derivative(lambda *ps: np.sum(g * numbers(function(*ps))), xs, vs)
    gradients = ad.vjp(function, *xs)[1](g)
    return float(abs(sum(np.sum(a * v) for a, v in zip(gradients, vs, strict=True)) - slope) / max(1, abs(slope)))


def main(library):
    dispatch = nullcontext() if library == "scipy" else import_module("sklearn").config_context(array_api_dispatch=True)
    found = {}
    with dispatch:
        for name, (function, xs, has_gradient) in globals()[library]().items():
            expected = numbers(function(*xs))
            result = function(*map(Tensor, xs))
            found[name] = {
                "type": type(result).__name__,
                "difference": float(np.max(np.abs(numbers(result) - expected))),
                "gradient": gradient_error(function, xs) if has_gradient else None,
            }
    print(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
