"""Every public function of NumPy is differentiated, gives a plain result, or refuses: each shown by a call."""

import io
import re
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
from autodiff import Tensor
from autodiff.op import numpy_functions
from autodiff.testing.numerical import directional_derivative

# What an expression is about: arrays by their names.  Bounds are those of the numbers; g ascends; S is well-conditioned
# with eigenvalues apart, H symmetric and positive; n, i and m are plain.
ARRAYS = {
    **dict.fromkeys("xyz", ((4,), -2.0, 2.0)),
    **dict.fromkeys("pq", ((4,), 0.3, 2.0)),
    "u": ((4,), -0.9, 0.9),
    "a": ((), -2.0, 2.0),
    "b": ((), 0.3, 2.0),
    "v": ((3,), -2.0, 2.0),
    "w": ((3,), 0.3, 2.0),
    **dict.fromkeys("XY", ((3, 4), -2.0, 2.0)),
    "P": ((3, 4), 0.3, 2.0),
    "B": ((2, 3, 4), -2.0, 2.0),
    "S": ((3, 3), -0.2, 0.2),
    "R": ((3, 3), -0.2, 0.2),
    "g": ((4,), 0.0, 0.7),
}
SHIFTS = {"S": np.diag([1.0, 3.0, 6.0]), "R": np.diag([2.0, 5.0, 1.0]), "g": np.arange(4.0)}
PLAIN_VALUES = {
    "np": np,
    "n": np.array([0, 2, 2, 1]),
    "m": np.array([[True, False, True, True], [False, True, False, True], [True, True, True, False]]),
    "k": np.array([True, False, True, True]),
    "nan": np.array([1.0, np.nan, 1.0, 1.0]),
    "io": io,
}

#: name of the function: calls of it, as expressions
DIFFERENTIATED = """
np.abs(x)
np.fabs(x)
np.add(x, Y)
np.add.reduce(B, axis=(0, 2))
np.add.accumulate(X, axis=1)
np.add.reduceat(X, [0, 2, 1], axis=1)
np.add.outer(x, X)
np.amax(X, axis=0)
np.amin(X)
np.angle(x + 1j * y)
np.angle(x, deg=True)
np.append(x, a)
np.append(X, Y, axis=0)
np.apply_along_axis(np.cumprod, 1, B)
np.apply_along_axis(np.outer, 0, X, v)
np.apply_over_axes(np.sum, B, [0, -1])
np.arccos(u)
np.arccosh(1 + p)
np.arcsin(u)
np.arcsinh(x)
np.arctan(x)
np.arctan2(x, y)
np.arctan2.accumulate(x)
np.arctanh(u)
np.around(x, 1)
np.array_split(x, 3)
np.astype(x, np.float64)
np.atleast_1d(a, x)
np.atleast_2d(a, x, X)
np.atleast_3d(a, x, X, B)
np.average(X, axis=0, weights=w)
np.average(X, weights=P, returned=True)
np.average(B, axis=(2, 0), keepdims=True)
np.bincount(n, weights=x, minlength=5)
np.block([[X, X], [x, y]])
np.block([x, a])
np.broadcast_arrays(x, X)
np.broadcast_to(x, (2, 4))
np.cbrt(p)
np.ceil(x)
np.choose(n, [x, y, a])
np.choose(n + 1, [x, y, a], mode="wrap")
np.choose(n - 1, [X, y, a], mode="clip")
np.clip(x, -b, b)
np.column_stack([x, y])
np.compress([True, False, True], X, axis=0)
np.compress([True, False, True], X)
np.concatenate([X, Y], axis=1)
np.concatenate([x, y], dtype=np.float64)
np.conj(x + 1j * y)
np.convolve(x, v)
np.convolve(v, x, "same")
np.convolve(x, w, "valid")
np.copy(X)
np.copysign(p, x)
np.corrcoef(X)
np.corrcoef(X, x, rowvar=True)
np.correlate(x, v)
np.correlate(v, x, "same")
np.correlate(x, w + 1j * v, "full")
np.cos(x)
np.cosh(x)
np.cov(X)
np.cov(X, y, bias=True)
np.cov(X, aweights=p, fweights=[1, 2, 1, 3])
np.cov(X, rowvar=False, aweights=w, ddof=0)
np.cross(v, w)
np.cumprod(X, axis=1)
np.cumsum(X)
np.cumsum(X, axis=0, dtype=np.float64)
np.cumulative_prod(x, include_initial=True)
np.cumulative_sum(X, axis=1)
np.deg2rad(x)
np.degrees(x)
np.delete(x, [0, -1])
np.delete(X, slice(0, 2), axis=1)
np.delete(X, k, axis=1)
np.diag(x, -1)
np.diag(X, 1)
np.diagflat(X, 2)
np.diagonal(B, 1, 1, 2)
np.diff(x)
np.diff(X, 2, axis=1)
np.diff(X, axis=0, prepend=a, append=Y)
np.divide(x, p)
np.divide.outer(x, p)
np.divmod(x, p)
np.dot(X, x)
np.dsplit(B, [1, 3])
np.dstack([x, y])
np.dstack([X, Y])
np.ediff1d(X, to_begin=a, to_end=y)
np.einsum("ij,j->i", X, x)
np.exp(x)
np.exp2(x)
np.expand_dims(x, (0, 2))
np.expm1(x)
np.extract(m, X)
np.fix(x)
np.flip(X, 1)
np.fliplr(X)
np.flipud(X)
np.float_power(p, x)
np.floor(x)
np.floor_divide(x, p)
np.fmax(x, y)
np.fmax.reduce(X, axis=0)
np.fmin(x, y)
np.fmod(x, p)
np.frexp(x)
np.full_like(X, a)
np.geomspace(p, q, 5)
np.geomspace(p, b, 3, endpoint=False, axis=1)
np.gradient(x)
np.gradient(X)
np.gradient(x, g, edge_order=2)
np.gradient(B, 0.5, g, axis=(0, 2))
np.gradient(B, b, axis=1, edge_order=2)
np.heaviside(x, 0.5)
np.histogram(x, 3, density=True)
np.histogram(x, [-2.0, -0.5, 0.0, 2.0], weights=y, density=True)
np.histogram(x, 4, (-1.0, 1.0), weights=y)
np.histogram2d(n, n[::-1], 3, weights=x)
np.histogram_bin_edges(x, 3)
np.histogramdd([n, n, n], 3, weights=x, density=True)
np.hsplit(X, 2)
np.hstack([x, v])
np.hypot(x, y)
np.hypot.reduce(X, axis=1)
np.i0(x)
np.imag(x + 1j * y)
np.inner(X, Y)
np.insert(x, 1, a)
np.insert(X, [0, 2, 2], w, axis=None)
np.insert(X, slice(0, 3), v[:, None], axis=1)
np.insert(X, 1, v, axis=1)
np.interp(x, g, y)
np.interp(x, g, y, left=a, right=b)
np.interp(3 * x, g, y, period=1.7)
np.intersect1d(x, x[:2])
np.kron(X, v)
np.ldexp(x, n)
np.linalg.cholesky(S @ S.T)
np.linalg.cond(S)
np.linalg.cross(v, w)
np.linalg.det(S)
np.linalg.diagonal(X)
np.linalg.eig(S)[0]
np.linalg.eigh(S @ S.T)[0]
np.linalg.eigvals(S)
np.linalg.eigvalsh(S @ S.T)
np.linalg.inv(S)
np.linalg.lstsq(S, v)[0]
np.linalg.matmul(X, x)
np.linalg.matrix_norm(S, ord="nuc")
np.linalg.matrix_power(S, 3)
np.linalg.matrix_transpose(X)
np.linalg.multi_dot([X, x[:, None], w[None]])
np.linalg.norm(X)
np.linalg.outer(v, w)
np.linalg.pinv(S)
np.linalg.qr(S)
np.linalg.slogdet(S)
np.linalg.solve(S, v)
np.linalg.svd(S, compute_uv=False)
np.linalg.svdvals(S)
np.linalg.tensordot(X, x, axes=1)
np.linalg.tensorinv(S, ind=1)
np.linalg.tensorsolve(S, v)
np.linalg.trace(S)
np.linalg.vecdot(X, x)
np.linalg.vector_norm(X, axis=1, ord=3)
np.linspace(x, a, 5)
np.linspace(x, y, 4, endpoint=False, axis=1, retstep=True)
np.log(p)
np.log10(p)
np.log1p(p)
np.log2(p)
np.logaddexp(x, y)
np.logaddexp.reduce(X, axis=1)
np.logaddexp2(x, y)
np.logaddexp2.reduceat(X, [1, 0, 2], axis=1)
np.logspace(x, y, 3, base=b)
np.matmul(X, x)
np.matrix_transpose(B)
np.matvec(X, x)
np.max(X, axis=0, keepdims=True)
np.max(X, axis=0, initial=a, where=m)
np.maximum(x, y)
np.maximum.accumulate(X, axis=1)
np.maximum.outer(x, v)
np.mean(B, axis=(0, 2))
np.mean(X, axis=1, where=m)
np.median(x)
np.median(B, axis=(0, 1), keepdims=True)
np.median(v)
np.meshgrid(x, v, indexing="ij")
np.meshgrid(x, v, sparse=True)
np.min(X, axis=1)
np.min(X, initial=0.5)
np.minimum(x, y)
np.minimum.accumulate(x)
np.mod(x, p)
np.modf(x)
np.moveaxis(B, 0, -1)
np.multiply(x, Y)
np.multiply.reduce(X, axis=1)
np.nan_to_num(x * nan)
np.nan_to_num(x * nan, nan=2.0)
np.nancumprod(x * nan)
np.nancumsum(X * nan, axis=1)
np.nanmax(X * nan, axis=1)
np.nanmean(X * nan, axis=0, where=m)
np.nanmedian(X * nan, axis=1)
np.nanmin(X * nan)
np.nanpercentile(X * nan, [10, 80], axis=1)
np.nanprod(X * nan, axis=1)
np.nanquantile(X * nan, 0.3, axis=1, keepdims=True)
np.nanstd(X * nan, axis=1, ddof=1)
np.nansum(X * nan, axis=1, keepdims=True)
np.nanvar(X * nan)
np.negative(x)
np.nextafter(x, y)
np.outer(x, v)
np.pad(X, ((1, 0), (2, 3)))
np.pad(x, 2, constant_values=a)
np.pad(X, ((1, 0), (2, 3)), constant_values=((a, 2.0), (3.0, b)))
np.pad(X, {0: 2, -1: (0, 1)}, "edge")
np.pad(x, (7, 9), "reflect")
np.pad(X, 3, "reflect", reflect_type="odd")
np.pad(x, 6, "symmetric", reflect_type="odd")
np.pad(X, (2, 5), "symmetric")
np.pad(X, 5, "wrap")
np.pad(X, ((1, 0), (2, 3)), "linear_ramp", end_values=(a, 1.0))
np.pad(X, 2, "maximum")
np.pad(X, 2, "minimum", stat_length=2)
np.pad(X, 2, "mean", stat_length=((1, 2), (3, 9)))
np.pad(X, (0, 2), "median")
np.partition(x, 2)
np.partition(X, (0, 2), axis=None)
np.percentile(X, [0, 30, 100], axis=0)
np.permute_dims(B, (2, 0, 1))
np.piecewise(x, [x < 0, x > 1], [np.square, lambda t: t**3, -1.0])
np.piecewise(x, x < 0, [lambda t, c: c * t], 3.0)
np.poly(x)
np.polyadd(x, v)
np.polyder(x, 2)
np.polydiv(x, w)
np.polydiv(w, x)
np.polyfit(g, x, 2)
np.polyfit(g, x, 1, w=p, cov=True)
np.polyint(x, 2, k=[a, b])
np.polymul(x, w)
np.polysub(v, x)
np.polyval(x, X)
np.positive(x)
np.power(p, x)
np.prod(X, axis=1)
np.prod(X, axis=1, where=m, initial=b)
np.ptp(X, axis=1, keepdims=True)
np.quantile(x, 0.3)
np.quantile(B, [[0.1, 0.5], [0.9, 1.0]], axis=(0, 2), method="hazen", keepdims=True)
np.quantile(X, 0.4, axis=1, method="nearest")
np.quantile(X, 0.4, axis=1, method="averaged_inverted_cdf")
np.rad2deg(x)
np.radians(x)
np.ravel(X)
np.real(x + 1j * y)
np.real_if_close(x + 1e-20j * y)
np.reciprocal(p)
np.remainder(x, p)
np.repeat(x, n)
np.repeat(X, 2, axis=0)
np.reshape(X, (2, -1))
np.resize(x, (3, 2))
np.rint(x)
np.roll(X, 2, axis=1)
np.rollaxis(B, 2)
np.rollaxis(B, 0, -1)
np.roots(np.poly(g))
np.rot90(X)
np.rot90(B, 3, axes=(2, 0))
np.round(x, 1)
np.select([m, X > 0], [X, Y], default=a)
np.setdiff1d(x, y)
np.setxor1d(x, y)
np.sign(x)
np.sin(x)
np.sinc(x)
np.sinh(x)
np.sort(X)
np.sort(X, axis=None)
np.sort_complex(x + 1j * y)
np.spacing(x)
np.split(x, 2)
np.sqrt(p)
np.square(x)
np.squeeze(x[None])
np.stack([x, y], axis=1)
np.std(X, axis=1, ddof=1)
np.std(X, axis=0, where=m, mean=a)
np.subtract(x, Y)
np.subtract.reduce(X, axis=1, keepdims=True)
np.sum(X, axis=1)
np.sum(X, axis=0, where=m, initial=a)
np.swapaxes(B, 0, 2)
np.take(X, n, axis=1)
np.take(x, n + 2, mode="wrap")
np.take_along_axis(X, n[None] % 3, axis=0)
np.tan(u)
np.tanh(x)
np.tensordot(B, X, ((1, 2), (0, 1)))
np.tile(x, (2, 3))
np.trace(B, axis1=1, axis2=2)
np.transpose(B)
np.trapezoid(X, axis=0)
np.trapezoid(X, g)
np.trapezoid(X, Y, axis=0)
np.tril(X)
np.trim_zeros(x * k)
np.triu(X, 1)
np.true_divide(x, p)
np.trunc(x)
np.union1d(x, y)
np.unique(X)
np.unique_all(X).values
np.unique_counts(X)
np.unique_inverse(X).values
np.unique_values(X)
np.unstack(X)
np.unwrap(5 * X, axis=0)
np.unwrap(x, period=2.0, discont=1.5)
np.vander(x)
np.vander(x, 3, increasing=True)
np.var(X, axis=1)
np.var(X, axis=1, where=m, ddof=1)
np.vdot(x, y)
np.vecdot(X, Y)
np.vecmat(v, X)
np.vsplit(X, 3)
np.vstack([x, y])
np.where(m, X, y)
np.fft.fft(x)
np.fft.fft2(X)
np.fft.fftfreq(4, b)
np.fft.fftn(B)
np.fft.fftshift(x)
np.fft.hfft(x + 1j * y)
np.fft.ifft(x)
np.fft.ifft2(X)
np.fft.ifftn(X)
np.fft.ifftshift(x)
np.fft.ihfft(x)
np.fft.irfft(x + 1j * y)
np.fft.irfft2(X)
np.fft.irfftn(X)
np.fft.rfft(x)
np.fft.rfft2(X)
np.fft.rfftfreq(4, b)
np.fft.rfftn(B)
"""

#: Searches, comparisons, counts, answers: what comes out has no derivative.
PLAIN = """
np.all(X, axis=0)
np.all(X, where=m)
np.allclose(x, x)
np.any(X, axis=1, where=m)
np.argmax(X, axis=1)
np.argmin(X)
np.argpartition(x, 1)[1]
np.argsort(x)
np.argwhere(X > 0)
np.array2string(x)
np.array_equal(x, y)
np.array_equiv(x, y)
np.array_repr(x)
np.array_str(x)
np.base_repr(Tensor(5))
np.binary_repr(Tensor(5))
np.bincount(Tensor(n), minlength=5)
np.bitwise_and(Tensor(n), 1)
np.bitwise_count(Tensor(n))
np.bitwise_or(Tensor(n), 1)
np.bitwise_xor(Tensor(n), 1)
np.bitwise_xor.reduce(Tensor(n))
np.can_cast(x.dtype, np.float32)
np.common_type(x)
np.count_nonzero(X, axis=1)
np.diag_indices_from(S)
np.digitize(x, g)
np.einsum_path("ij,j->i", X, x)
np.empty_like(x).shape
np.equal(x, y)
np.flatnonzero(X > 0)
np.format_float_positional(a)
np.format_float_scientific(a)
np.full_like(x, 2.0)
np.gcd(Tensor(n), 4)
np.greater(x, y)
np.greater_equal(x, y)
np.histogram(x, [0.0, 1.0, 2.0])
np.invert(Tensor(n))
np.isclose(x, y)
np.iscomplex(x)
np.iscomplexobj(x)
np.isfinite(x)
np.isin(n, Tensor([0, 1]))
np.isinf(x)
np.isnan(x)
np.isneginf(x)
np.isposinf(x)
np.isreal(x)
np.isrealobj(x)
np.isscalar(x)
np.iterable(x)
np.ix_(Tensor(n), [0])
np.lcm(Tensor(n), 4)
np.left_shift(Tensor(n), 1)
np.less(x, y)
np.less.outer(x, y)
np.less_equal(x, y)
np.lexsort((x, y))
np.linalg.matrix_rank(S)
np.logical_and(x, y)
np.logical_and.reduce(X, axis=1)
np.logical_not(x)
np.logical_or(x, y)
np.logical_xor(x, y)
np.may_share_memory(x, y)
np.min_scalar_type(Tensor(3))
np.nanargmax(X * nan, axis=1)
np.nanargmin(X * nan, axis=1)
np.ndim(X)
np.nonzero(X > 0)
np.not_equal(x, y)
np.ones_like(x)
np.packbits(Tensor(m))
np.promote_types(x.dtype, np.float32)
np.ravel_multi_index((Tensor(n), n), (3, 3))
np.result_type(x, np.float32)
np.right_shift(Tensor(n), 1)
np.searchsorted(g, x)
np.shape(X)
np.shares_memory(x, y)
np.signbit(x)
np.size(X, 1)
np.tril_indices_from(S)
np.triu_indices_from(S)
np.unpackbits(Tensor(n.astype(np.uint8)))
np.unravel_index(Tensor(n), (2, 2))
np.zeros_like(X)
"""

#: What would lose the graph in silence, or has no meaning for numbers.
REFUSED = """
np.add.at(np.zeros(4), n, x)
np.add(x, y, out=np.zeros(4))
np.add(x, y, where=k)
np.arange(a)
np.array([x, y])
np.asanyarray(x)
np.asarray(x)
np.asarray_chkfinite(x)
np.ascontiguousarray(x)
np.asfortranarray(x)
np.asmatrix(x)
np.bartlett(a)
np.blackman(a)
np.bmat([[X]])
np.busday_count(x, x)
np.busday_offset(x, x)
np.copyto(np.zeros(4), x)
np.datetime_as_string(x)
np.divmod.outer(x, y)
np.fill_diagonal(np.zeros((3, 3)), v)
np.from_dlpack(x)
np.full((2, 4), x)
np.frompyfunc(float, 1, 1)(x)
np.hamming(a)
np.hanning(a)
np.is_busday(x)
np.isdtype(x, "real floating")
np.isnat(x)
np.kaiser(3, a)
np.mean(X, axis=0, out=np.zeros(4))
np.mintypecode([x])
np.nan_to_num(x, copy=False)
np.pad(x, 1, "empty")
np.place(np.zeros(4), k, x)
np.put(np.zeros(4), n, x)
np.put_along_axis(np.zeros((3, 4)), n[None], X, axis=0)
np.putmask(np.zeros(4), k, x)
np.quantile(x, b)
np.quantile(x, 0.5, weights=p, method="inverted_cdf")
np.require(x)
np.save(io.BytesIO(), x)
np.savetxt(io.StringIO(), x)
np.savez(io.BytesIO(), x)
np.savez_compressed(io.BytesIO(), x=x)
np.vectorize(float)(x)
"""

#: Functions that no Tensor can be lost in: they make arrays of shapes and plain numbers, read, print, or set something.
WITHOUT_ARRAYS = """
np.broadcast_shapes np.datetime_data np.diag_indices np.empty np.eye np.frombuffer np.fromfile np.fromfunction
np.fromiter np.fromregex np.fromstring np.genfromtxt np.get_include np.get_printoptions np.getbufsize np.geterr
np.geterrcall np.identity np.indices np.info np.isfortran np.issubdtype np.load np.loadtxt np.mask_indices
np.nested_iters np.ones np.printoptions np.set_printoptions np.setbufsize np.seterr np.seterrcall np.show_config
np.show_runtime np.test np.tri np.tril_indices np.triu_indices np.typename np.zeros np.linalg.test np.fft.test
"""

#: Deprecated names of other functions.
_ALIASES = {"row_stack", "in1d", "trapz"}


def _calls(table):
    return [line for line in table.split("\n") if line and _function(line) is not None]


def _function(call):
    """The NumPy function that an expression calls; None if this NumPy has none of that name."""
    found = np
    for name in re.match(r"np\.((?:linalg\.|fft\.)?\w+)", call)[1].split("."):
        found = getattr(found, name, None)
    return found


def _public():
    """Every public function and ufunc of numpy, numpy.linalg and numpy.fft by its name."""
    for module in (np, np.linalg, np.fft):
        for name in dir(module):
            if name.startswith("_") or name in _ALIASES:
                continue
            value = getattr(module, name)
            if callable(value) and not isinstance(value, (type, types.ModuleType)):
                yield f"{module.__name__}.{name}", value


def _drawn(call, seed):
    """The arrays that an expression mentions."""
    rng = np.random.default_rng(seed)
    names = sorted(set(re.findall(r"(?<![\w.'\"])[a-zA-Z](?![\w'\"(=])", call)) & ARRAYS.keys())
    return {
        name: np.sort(rng.uniform(low, high, shape)) * (name == "g") + SHIFTS[name]
        if name == "g"
        else np.asarray(rng.uniform(low, high, shape) + SHIFTS.get(name, 0.0))
        for name, (shape, low, high) in ((name, ARRAYS[name]) for name in names)
    }


def _evaluate(call, arrays, tensor=Tensor):
    return eval(call, {**PLAIN_VALUES, "Tensor": tensor, **arrays})


def _parts(result):
    """The arrays of a result, one after the other."""
    if isinstance(result, (tuple, list)):
        return [part for some in result for part in _parts(some)]
    return [result]


def _flat(result):
    """All floating-point numbers of a result in one vector, complex ones as two."""
    flat = []
    for part in _parts(result):
        if part.dtype.kind in "fc":
            flat += [ad.ravel(part)] if part.dtype.kind == "f" else [ad.ravel(ad.real(part)), ad.ravel(ad.imag(part))]
    return ad.concat(flat)


def _leaves(arrays):
    return {name: Tensor(value, requires_grad=True) for name, value in arrays.items()}


def test_every_function_of_numpy_is_classified():
    known = {id(_function(call)) for table in (DIFFERENTIATED, PLAIN, REFUSED) for call in _calls(table)}
    known |= {id(_function(name)) for name in WITHOUT_ARRAYS.split()}
    unclassified = sorted(name for name, function in _public() if id(function) not in known)
    assert not unclassified, (
        f"NumPy {np.__version__} has functions that are not classified here; add a call of each to DIFFERENTIATED, "
        f"PLAIN or REFUSED: {', '.join(unclassified)}"
    )


def test_the_three_classes_do_not_overlap():
    differentiated = {_function(call) for call in _calls(DIFFERENTIATED)}
    plain = {_function(call) for call in _calls(PLAIN)}
    assert {f.__name__ for f in differentiated & plain} == {"bincount", "full_like", "histogram"}  # by what is added up


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("call", _calls(DIFFERENTIATED))
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=3)
def test_differentiated(call, seed):
    arrays = _drawn(call, seed)
    # from NumPy 2.5 on, eig and eigvals always give complex numbers; ours are real where they can be
    plainly = np.real_if_close if "linalg.eig" in call else np.asarray
    with np.errstate(all="ignore"):
        theirs, ours = _evaluate(call, arrays, np.asarray), _evaluate(call, _leaves(arrays))
    for part, reference in zip(_parts(ours), map(plainly, _parts(theirs)), strict=True):
        assert part.shape == np.shape(reference)
        assert part.dtype == np.asarray(reference).dtype
        if "nextafter" not in call:
            np.testing.assert_allclose(part.data, reference, rtol=1e-9, atol=1e-11)
    assert any(part.requires_grad for part in _parts(ours))

    points = tuple(arrays.values())
    function = lambda *xs: _flat(_evaluate(call, dict(zip(arrays, xs, strict=True))))  # noqa: E731
    rng = np.random.default_rng(seed)
    directions = tuple(rng.uniform(0.3, 1.0, x.shape) * rng.choice([-1, 1], x.shape) for x in points)

    def real(*xs):
        parts = _parts(_evaluate(call, dict(zip(arrays, xs, strict=True)), np.asarray))
        parts = [plainly(part) for part in parts]
        split = [(part.real, part.imag) if part.dtype.kind == "c" else (part,) for part in parts]
        return np.concatenate([np.ravel(x) for xs in split for x in xs if x.dtype.kind == "f"])

    y, slope = ad.jvp(function, points, directions)
    numerical, error = directional_derivative(real, points, directions)
    scale = np.max(np.abs(numerical), initial=1.0)
    trusted = error < 1e-5 * scale
    np.testing.assert_array_less(np.abs(slope - numerical)[trusted], (20 * error + 1e-8 * scale)[trusted])

    weights = rng.uniform(0.3, 1.0, y.shape)
    _, pull = ad.vjp(function, *points)
    pulled = sum(np.sum(g * v) for g, v in zip(pull(weights), directions, strict=True))
    size = np.sum(np.abs(weights * slope)) + sum(
        np.sum(np.abs(g * v)) for g, v in zip(pull(weights), directions, strict=True)
    )
    np.testing.assert_allclose(pulled, np.sum(weights * slope), rtol=0, atol=1e-10 * (1 + size))


@pytest.mark.parametrize("call", _calls(PLAIN))
def test_plain(call):
    arrays = _drawn(call, 1)
    ours, theirs = _evaluate(call, _leaves(arrays)), _evaluate(call, arrays, np.asarray)
    for part, reference in zip(_parts(ours), _parts(theirs), strict=True):
        assert not getattr(part, "requires_grad", False)
        if isinstance(part, Tensor):
            assert part.dtype == np.asarray(reference).dtype
            np.testing.assert_array_equal(part.data, reference)
        elif isinstance(part, np.ndarray):
            np.testing.assert_array_equal(part, reference)
        else:
            assert part == reference


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("call", _calls(REFUSED))
def test_refused(call):
    arrays = _drawn(call, 1)
    with pytest.raises(TypeError) as caught:
        _evaluate(call, _leaves(arrays))
    name = re.match(r"np\.([\w.]+?)\(", call)[1]
    assert re.search(rf"{re.escape(name)}|detach|got|has no rule|dtype", str(caught.value))


def test_a_function_that_is_not_known_raises(monkeypatch):
    for function in (np.sinc, np.sin):
        monkeypatch.delitem(numpy_functions, function)
        with pytest.raises(TypeError, match=rf"numpy\.{function.__name__} has no rule.*nearest.*numpy\.\w+"):
            function(Tensor([1.0]))


# Writers say what to write instead, and write where there is no graph to lose

WRITERS = {
    "np.copyto(np.zeros(4), x)": "where",
    "np.put(np.zeros(4), n, x)": "index_put",
    "np.add.at(np.zeros(4), n, x)": "scatter",
    "np.place(np.zeros(4), k, x)": "where",
    "np.fill_diagonal(np.zeros((4, 4)), x)": "detach",
    "np.save(io.BytesIO(), x)": r"t\.numpy\(\)",
    "np.full((2, 4), x)": "detach|broadcast_to",
}


@pytest.mark.parametrize(("call", "instead"), WRITERS.items())
def test_writers_say_what_to_write_instead(call, instead):
    with pytest.raises(TypeError, match=instead):
        _evaluate(call, {"x": Tensor(np.ones(4), requires_grad=True)})
    _evaluate(call, {"x": Tensor(np.ones(4))})
    with ad.no_grad():
        _evaluate(call, {"x": Tensor(np.ones(4), requires_grad=True)})


def test_writing_into_a_tensor_raises():
    t = Tensor(np.ones((3, 3)))
    for write in (
        lambda: np.copyto(t, 0.0),
        lambda: np.fill_diagonal(t, 0.0),
        lambda: np.put(t, 0, 1.0),
        lambda: np.add.at(t, 0, 1.0),
    ):
        with pytest.raises(TypeError, match=r"t\.data"):
            write()
    assert np.all(t.data == 1)


# Ties share, NaN gets nothing, nothing is nothing

TIES = [
    ("np.sort(x)[-1]", [1.0, 3.0, 3.0], [0, 0.5, 0.5]),
    ("np.sort(x)[0] * 6", [1.0, 1.0, 1.0], [2, 2, 2]),
    ("np.partition(x, 1)[1]", [2.0, 1.0, 2.0, 5.0], [0.5, 0, 0.5, 0]),
    ("np.median(x)", [2.0, 2.0, 1.0, 9.0], [0.5, 0.5, 0, 0]),
    ("np.quantile(x, 0.5)", [2.0, 2.0, 2.0], [1 / 3, 1 / 3, 1 / 3]),
    ("np.ptp(x)", [1.0, 1.0, 5.0], [-0.5, -0.5, 1]),
    ("np.nanmax(x)", [1.0, np.nan, 3.0, 3.0], [0, 0, 0.5, 0.5]),
    ("np.nanmin(x)", [-np.inf, np.nan], [1, 0]),
    ("np.nanmedian(x)", [1.0, np.nan, 3.0], [0.5, 0, 0.5]),
    ("np.nansum(x * x)", [1.0, np.nan, 3.0], [2, 0, 6]),
    ("np.nanprod(np.sqrt(x))", [4.0, -1.0], [0.25, 0]),
    ("np.nanmean(np.log(x))", [4.0, -1.0], [0.25, 0]),
    ("np.nanstd(x)", [1.0, np.nan, 1.0], [0, 0, 0]),
    ("np.nanmax(x)", [np.nan, np.nan], [0, 0]),
    ("np.nanmedian(x)", [np.nan, np.nan], [0, 0]),
    ("np.nan_to_num(x).sum()", [np.nan, np.inf, -np.inf, 2.0], [0, 0, 0, 1]),
    ("np.maximum.accumulate(x).sum()", [1.0, 1.0, 0.0], [2, 1, 0]),
    ("np.intersect1d(x, x).sum()", [1.0, 1.0, 2.0], [0.5, 0.5, 1]),
    ("np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0]).sum()", [-1.0, 0.0, 1.0, 2.0, 3.0], [0, 1, 4, 0, 0]),
    ("np.interp(0.5, [0.0, 1.0], x)", [2.0, 3.0], [0.5, 0.5]),
    ("np.insert(x, [1, 1], x[:2]).sum()", [1.0, 2.0, 3.0], [2, 2, 1]),
    ("np.histogram(x, 2)[1][1]", [0.0, 4.0, 1.0], [0.5, 0.5, 0]),
]


@pytest.mark.parametrize(("call", "x", "expected"), TIES)
@pytest.mark.filterwarnings("ignore:All-NaN:RuntimeWarning")
def test_ties_and_nan(call, x, expected):
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(ad.grad(lambda x: _evaluate(call, {"x": x}))(np.array(x)), expected)


EMPTY = [
    *(
        "np.sort(x)",
        "np.diff(x)",
        "np.diff(x, 3)",
        "np.nansum(x)",
        "np.nanprod(x)",
        "np.cumsum(x)",
        "np.insert(x, 0, x)",
    ),
    *(
        "np.delete(x, [])",
        "np.sum(x, initial=2.0)",
        "np.prod(x, initial=2.0)",
        "np.max(x, initial=2.0)",
        "np.resize(x, 3)",
    ),
    *(
        "np.add.reduce(x)",
        "np.hypot.reduce(x)",
        "np.maximum.accumulate(x)",
        "np.trapezoid(x)",
        "np.unwrap(x)",
        "np.diag(x)",
    ),
    *(
        "np.ediff1d(x)",
        "np.nan_to_num(x)",
        "np.trim_zeros(x)",
        "np.vander(x, 2)",
        "np.polyval(x, 2.0)",
        "np.bincount([], x)",
    ),
    *(
        "np.union1d(x, x)",
        "np.extract([], x)",
        "np.pad(x, 1)",
        "np.add.outer(x, x)",
        "np.linspace(x, x, 3)",
        "np.append(x, x)",
    ),
    *("np.sort(np.reshape(x, (2, 0)), axis=0)", "np.quantile(np.reshape(x, (2, 0)), 0.5, axis=0)", "np.rot90(x[None])"),
]


@pytest.mark.parametrize("call", EMPTY)
def test_empty(call):
    x = Tensor(np.zeros(0), requires_grad=True)
    ours, theirs = _evaluate(call, {"x": x}), _evaluate(call, {"x": x.data})
    assert ours.shape == np.shape(theirs)
    np.testing.assert_array_equal(ours.data, theirs)
    if ours.requires_grad:
        ours.sum().backward()
        assert x.grad.shape == (0,)


METHODS = [
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"),
    *("linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"),
]
levels = st.lists(st.sampled_from([-2.0, 0.0, 1.0, 1.0, np.nan, np.inf, -np.inf, 3.5]), min_size=1, max_size=7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(x=levels, q=st.one_of(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=3)))
def test_quantiles_have_numpys_values(method, x, q):
    x = np.array(x)
    finite = np.where(np.isinf(x), 7.0, x)  # between two infinities NumPy's straight line is NaN
    for function in (np.quantile, np.nanquantile):
        ours, theirs = function(Tensor(finite), q, method=method), function(finite, q, method=method)
        np.testing.assert_allclose(ours.data, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(x=levels)
def test_order_has_numpys_values(x):
    x = np.array(x)
    for function in (np.sort, np.median, np.nanmedian, np.nanmax, np.nanmin, np.unique, np.ptp):
        np.testing.assert_array_equal(function(Tensor(x)).data, function(x))
    np.testing.assert_array_equal(ad.sort(Tensor(x), descending=True).data[::-1], np.sort(x))


@given(
    x=st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0]), min_size=1, max_size=8),
    seed=st.integers(0, 99),
)
def test_sorting_keeps_what_is_linear_and_symmetric(x, seed):
    """Equal elements get equal gradients, and all of it arrives."""
    x, weights = np.array(x), np.random.default_rng(seed).normal(size=len(x))
    for sorting in (np.sort, lambda t: np.partition(t, len(x) // 2)):
        g = ad.grad(lambda t, sorting=sorting: ad.sum(sorting(t) * weights))(x)
        np.testing.assert_allclose(np.sum(g), np.sum(weights), atol=1e-12)
        for value in set(x):
            assert np.ptp(g[x == value]) < 1e-12
    in_order = ad.grad(lambda t: ad.sum(np.sort(t) * weights))(np.sort(x))
    np.testing.assert_allclose(in_order, [np.mean(weights[np.sort(x) == value]) for value in np.sort(x)], atol=1e-12)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@given(n=st.integers(1, 6), m=st.integers(1, 6), imaginary=st.booleans())
def test_convolutions_have_numpys_values(mode, n, m, imaginary):
    a, v = np.cos(np.arange(n)), np.sin(1 + np.arange(m)) + 1j * imaginary * np.arange(m)
    for function in (np.convolve, np.correlate):
        np.testing.assert_allclose(function(Tensor(a), Tensor(v), mode).data, function(a, v, mode), atol=1e-14)


@st.composite
def masked(draw):
    """An array with some NaN, a mask, and axes to be reduced, counted from either end."""
    shape = draw(hnp.array_shapes(max_dims=3, max_side=3))
    x = draw(hnp.arrays(float, shape, elements=st.sampled_from([-2.0, 0.5, 1.0, 1.0, 3.0, np.nan])))
    axes = st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1).map(tuple)
    return x, draw(hnp.arrays(bool, shape)), draw(st.none() | st.integers(-len(shape), len(shape) - 1) | axes)


REDUCTIONS = {
    **{name: {} for name in ("sum", "prod", "mean", "var", "std", "all", "any")},
    **{name: {} for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd")},
    **{name: {"initial": 0.75} for name in ("max", "min", "nanmax", "nanmin")},
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", REDUCTIONS)
@given(drawn=masked(), keepdims=st.booleans(), whole=st.booleans())
def test_reductions_of_some(name, drawn, keepdims, whole):
    """NumPy's values; what is left out, or is NaN where that counts for nothing, gets no gradient."""
    x, where, axis = drawn
    nan = name.startswith("nan")
    x = x if nan else np.nan_to_num(x, nan=0.25)
    given_beside = {"axis": axis, "keepdims": keepdims, **REDUCTIONS[name], **({} if whole else {"where": where})}
    leaf = Tensor(x, requires_grad=True)
    ours, theirs = getattr(np, name)(leaf, **given_beside), getattr(np, name)(x, **given_beside)
    assert ours.shape == np.shape(theirs)
    np.testing.assert_allclose(ours.data, theirs, rtol=1e-12, atol=1e-15)
    if name in ("all", "any"):
        assert not ours.requires_grad
        return
    g = np.where(np.isnan(theirs), 0.0, 1.0)
    ours.backward(g)
    left_out = np.isnan(x) | (False if whole else ~where)
    assert np.all(leaf.grad.data[left_out & np.isfinite(leaf.grad.data)] == 0)
    if nan:
        assert np.all(leaf.grad.data[left_out] == 0)


# Ufuncs' methods: folds, whatever the ufunc

FOLDED = sorted(
    {f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc) and (f.nin, f.nout) == (2, 1) and not f.signature}
)
#: NumPy 2.4 on some processors folds with the last element alone: arctan2.reduce([1, 2, 3]) is arctan2(1, 3).
WRONG_IN_NUMPY = {(name, method) for name in ("arctan2", "power") for method in ("reduce", "reduceat")}


@pytest.mark.parametrize("method", ["reduce", "accumulate", "reduceat", "outer"])
@pytest.mark.parametrize("name", FOLDED)
def test_methods_of_ufuncs(name, method):
    ufunc = getattr(np, name)
    x = np.random.default_rng(2).uniform(0.5, 2.0, (3, 4))
    given_beside = {"reduce": (), "accumulate": (), "reduceat": ([0, 2, 1],), "outer": (np.array([1.0, 2.5]),)}[method]
    where = {} if method == "outer" else {"axis": 1}
    try:
        theirs = getattr(ufunc, method)(x, *given_beside, **where)
    except TypeError:
        with pytest.raises(TypeError):
            getattr(ufunc, method)(Tensor(x, requires_grad=True), *given_beside, **where)
        return
    ours = getattr(ufunc, method)(Tensor(x, requires_grad=True), *given_beside, **where)
    assert isinstance(ours, Tensor)
    assert ours.dtype == theirs.dtype
    if (name, method) not in WRONG_IN_NUMPY:
        np.testing.assert_allclose(ours.data, theirs, rtol=1e-12)
    assert ours.requires_grad == (theirs.dtype.kind == "f")


def test_a_fold_is_what_it_says():
    x = Tensor([2.0, 3.0, 0.5], requires_grad=True)
    for fold, written in [
        (np.power.reduce(x), (x[0] ** x[1]) ** x[2]),
        (np.subtract.reduce(x), x[0] - x[1] - x[2]),
        (np.divide.accumulate(x)[2], x[0] / x[1] / x[2]),
        (np.arctan2.reduceat(x, [1])[0], np.arctan2(x[1], x[2])),
        (np.subtract.outer(x, x)[0, 2], x[0] - x[2]),
    ]:
        x.zero_grad()
        fold.backward()
        ours = x.grad
        x.zero_grad()
        written.backward()
        np.testing.assert_allclose(fold.data, written.data, rtol=1e-15)
        np.testing.assert_allclose(ours.data, x.grad.data, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "call", ["np.median(x)", "np.interp(x, g, x)", "np.gradient(x)", "np.convolve(x, x)", "np.cov(x)"]
)
def test_single_precision_is_kept(call, dtype):
    x, g = np.array([0.5, 2.5, 1.5], dtype), np.array([0.0, 1.0, 2.0], dtype)
    leaf = Tensor(x, requires_grad=True)
    y = _evaluate(call, {"x": leaf, "g": g})
    assert y.dtype in (dtype, _evaluate(call, {"x": x, "g": g}).dtype)
    y.sum().backward()
    assert leaf.grad.dtype == dtype
