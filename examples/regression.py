"""A regression fitted by SciPy's optimiser, with gradient, Hessian products and standard errors from autodiff.

How heavy a penguin is, from its bill, its flippers and its sex. Masses are positive and scatter in proportion, so they
follow a gamma distribution whose mean is the exponential of a linear function:

    m_i ~ Gamma(shape k, mean mu_i),   log mu_i = x_i^T w

The weights w and log k are fitted together by maximum likelihood. Needs SciPy: pip install 'autodiff-nn[scipy]'.
"""

from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import autodiff as ad

table = np.genfromtxt(
    Path(__file__).parent / "data" / "penguins.csv", delimiter=",", names=True, dtype=None, encoding="utf-8"
)
names = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
measured = np.stack([table[name] for name in names], axis=1)
X = np.column_stack([(measured - measured.mean(0)) / measured.std(0), table["sex"] == "male", np.ones(len(table))])
mass = table["body_mass_g"] / 1000


def cost(theta):
    """Negative log-likelihood: -sum_i log p(m_i), with theta = (w, log k)."""
    mu, k = ad.exp(X @ theta[:-1]), ad.exp(theta[-1])
    return -ad.sum(k * ad.log(k / mu) - ad.lgamma(k) + (k - 1) * np.log(mass) - k * mass / mu)


start = np.append(np.linalg.lstsq(X, np.log(mass), rcond=None)[0], 0.0)
fit = minimize(ad.value_and_grad(cost), start, jac=True, hessp=ad.hvp(cost), method="trust-ncg")
covariance = np.linalg.inv(ad.hessian(cost)(fit.x))

print(f"{len(mass)} penguins, {fit.nit} iterations; {fit.message}")
print(f"log-likelihood {-fit.fun:.4f}, gradient at the end {np.abs(ad.grad(cost)(fit.x)).max():.0e}\n")
print(f"{'mass changes by':<18}{'per cent':>10}{'+-':>8}   per")
for name, w, error in zip((*names, "male"), fit.x, np.sqrt(np.diag(covariance)), strict=False):
    per = "(not female)" if name == "male" else "standard deviation"
    print(f"{name:<18}{100 * np.expm1(w):>10.2f}{100 * error * np.exp(w):>8.2f}   {per}")
print(f"\na female of middling size: {np.exp(fit.x[4]):.3f} kg, scatter {np.exp(-fit.x[5] / 2):.1%}")
