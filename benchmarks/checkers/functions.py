"""Right functions with right derivatives, as one writes them by hand in NumPy, and the points to check them at.

Each derivative stands under its function, and says in what shapes and where it is checked.  Among the points are hard
ones, at which the derivative is as right as elsewhere: very small and very large numbers, single precision, kinks near
by and touched, bad condition, long arrays, none at all.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

Array = Any
Args = tuple[Array, ...]

#: The kinds of points, ordinary ones first.
POINTS = (
    "ordinary",
    "float32",
    "size-1 axes",
    "0-d",
    "empty",
    "all near 1e-8",
    "all near 1e4",
    "1e-6 from a kink",
    "1e-9 from a kink",
    "at a kink",
    "ill-conditioned",
    "200 x 100",
)
#: The lengths of axes by their letters.
_ORDINARY = {"n": 4, "m": 3, "k": 2, "b": 2}
_LARGE = {"n": 200, "m": 100, "k": 3, "b": 2}


@dataclass(frozen=True, eq=False)
class Point:
    """Where to check."""

    kind: str
    args: Args


@dataclass(frozen=True, eq=False)
class Case:
    """A function, its derivative, and where to check it."""

    f: FunctionType
    vjp: FunctionType
    points: tuple[Point, ...]
    #: Other ordinary points, at which a mistake that changes nothing is known as none.
    others: tuple[Args, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.f.__name__


CASES: dict[str, Case] = {}


def vjp_of(
    f: Any,
    *shapes: str,
    domain: Callable[..., Args] = lambda *xs: xs,
    scales: tuple[str, ...] = ("1e-8", "1e4"),
    kink: Callable[..., None] | None = None,
    ill: Callable[..., Args] | None = None,
    scalar: bool = False,
    empty: bool = True,
    large: bool = True,
) -> Callable[[Any], Any]:
    """Enter a function and its derivative, with arguments of these shapes, a letter for each axis.

    `domain` makes of numbers between 0.2 and 2, of either sign, arguments for which the function is defined; `kink`
    changes some of them so that they lie so far from a kink; `ill` makes badly conditioned ones.
    """
    rng = np.random.default_rng(zlib.crc32(f.__name__.encode()))

    def drawn(lengths: dict[str, int]) -> Args:
        sizes = [tuple(lengths[letter] for letter in shape if letter in lengths) for shape in shapes]
        return domain(*[np.asarray(rng.uniform(0.2, 2.0, size) * rng.choice([-1, 1], size)) for size in sizes])

    def met(distance: float) -> Args:
        args = drawn(_ORDINARY)
        if kink is not None:
            kink(distance, *args)
        return args

    points = [Point("ordinary", drawn(_ORDINARY)) for _ in range(3)]
    points.append(Point("float32", tuple(x.astype(np.float32) for x in drawn(_ORDINARY))))
    points.append(Point("size-1 axes", drawn(dict.fromkeys(_ORDINARY, 1))))
    if scalar:
        points.append(Point("0-d", drawn({})))
    if empty:
        points.append(Point("empty", drawn({**_ORDINARY, "n": 0})))
    points += [Point(f"all near {scale}", tuple(float(scale) * x for x in drawn(_ORDINARY))) for scale in scales]
    if kink is not None:
        points += [Point(f"{d} from a kink", met(sign * float(d))) for d in ("1e-6", "1e-9") for sign in (1, -1)]
        points.append(Point("at a kink", met(0.0)))
    if ill is not None:
        points.append(Point("ill-conditioned", ill(*drawn(_ORDINARY))))
    if large:
        points.append(Point("200 x 100", drawn(_LARGE)))

    others = tuple(drawn(_ORDINARY) for _ in range(20))

    def enter(vjp: Any) -> Any:
        CASES[f.__name__] = Case(f, vjp, tuple(points), others)
        return vjp

    return enter


def _positive(*xs: Array) -> Args:
    return tuple(map(np.abs, xs))


def _regular(a: Array, *rest: Array) -> Args:
    """A matrix far from singular."""
    return (a + 3 * math.sqrt(len(a)) * np.eye(len(a)), *rest)


def _definite(a: Array, *rest: Array) -> Args:
    return (a @ a.T + len(a) * np.eye(len(a)), *rest)


def _of_condition(number: float) -> Callable[..., Args]:
    """Matrices with singular values from 1 down."""

    def make(a: Array, *rest: Array) -> Args:
        u, _, vh = np.linalg.svd(a)
        return (u @ np.diag(np.geomspace(1, 1 / number, len(a))) @ vh, *rest)

    return make


def _meets(*values: float) -> Callable[..., None]:
    """Elements of the first argument close to values at which the derivative jumps."""

    def kink(distance: float, x: Array, *rest: Array) -> None:
        x.flat[: len(values)] = np.array(values) + distance

    return kink


def _tie(distance: float, x: Array, *rest: Array) -> None:
    """The greatest two elements of the first row of the first argument close together."""
    x[0, -1] = np.max(x[0, :-1]) + distance


def _meet(distance: float, a: Array, b: Array) -> None:
    """Two elements of two arguments close together."""
    a.flat[0] = b.flat[0] + distance


def _at_zero(distance: float, *xs: Array) -> None:
    """The first row of everything close to zero."""
    for x in xs:
        x[0] = distance


# Element by element


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@vjp_of(softplus, "nm", scalar=True)
def softplus_vjp(g, x):
    return 0.5 * g * (1 + np.tanh(0.5 * x))


def soft_sign(x):
    return x / (1 + x * x)


@vjp_of(soft_sign, "nm", scalar=True)
def soft_sign_vjp(g, x):
    return g * (1 - x * x) / (1 + x * x) ** 2


def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.8 * (x + 0.045 * x**3)))


@vjp_of(gelu, "nm", scalar=True)
def gelu_vjp(g, x):
    t = np.tanh(0.8 * (x + 0.045 * x**3))
    return 0.5 * g * (1 + t + x * (1 - t * t) * 0.8 * (1 + 0.135 * x**2))


def wave(x):
    return np.sin(x) * np.exp(-0.5 * x * x)


@vjp_of(wave, "nm", scalar=True)
def wave_vjp(g, x):
    return g * np.exp(-0.5 * x * x) * (np.cos(x) - x * np.sin(x))


def relu(x):
    return np.maximum(x, 0)


@vjp_of(relu, "nm", kink=_meets(0.0), scalar=True)
def relu_vjp(g, x):
    return g * (x > 0)


def absolute(x):
    return np.abs(x)


@vjp_of(absolute, "nm", kink=_meets(0.0), scalar=True)
def absolute_vjp(g, x):
    return g * np.sign(x)


def clip(x):
    return np.clip(x, -1, 1)


@vjp_of(clip, "nm", kink=_meets(1.0, -1.0), scalar=True)
def clip_vjp(g, x):
    return np.where((x > -1) & (x < 1), g, 0)


def huber(x):
    return np.where(np.abs(x) < 1, 0.5 * x * x, np.abs(x) - 0.5)


@vjp_of(huber, "nm", kink=_meets(1.0, -1.0), scalar=True)
def huber_vjp(g, x):
    return g * np.where(np.abs(x) < 1, x, np.sign(x))


def bent(x):
    return np.where(x > 0, x * x + 2 * x, 0.1 * x)


@vjp_of(bent, "nm", kink=_meets(0.0), scalar=True)
def bent_vjp(g, x):
    return np.where(x > 0, g * (2 * x + 2), 0.1 * g)


def power(a, b):
    return a**b


@vjp_of(power, "nm", "nm", domain=_positive, scales=("1e-8",), scalar=True)
def power_vjp(g, a, b):
    return g * b * a ** (b - 1), g * a**b * np.log(a)


def radius(a, b):
    return np.sqrt(a * a + b * b)


@vjp_of(radius, "nm", "nm", kink=_at_zero, scalar=True)
def radius_vjp(g, a, b):
    r = np.sqrt(a * a + b * b)
    over_r = g / np.where(r == 0, 1, r)
    return a * over_r, b * over_r


def angle(a, b):
    return np.arctan2(a, b)


@vjp_of(angle, "nm", "nm", scalar=True)
def angle_vjp(g, a, b):
    r2 = a * a + b * b
    return g * b / r2, -g * a / r2


def log_add_exp(a, b):
    return np.logaddexp(a, b)


@vjp_of(log_add_exp, "nm", "nm", scalar=True)
def log_add_exp_vjp(g, a, b):
    share = 0.5 * (1 + np.tanh(0.5 * (a - b)))
    return g * share, g * (1 - share)


def greater(a, b):
    return np.maximum(a, b)


@vjp_of(greater, "nm", "nm", kink=_meet, scalar=True)
def greater_vjp(g, a, b):
    return np.where(a > b, g, 0), np.where(a > b, 0, g)


# Broadcast


def add_bias(x, b):
    return x + b


@vjp_of(add_bias, "nm", "m")
def add_bias_vjp(g, x, b):
    return g, g.sum(axis=0)


def scale_rows(x, s):
    return x * s[:, None]


@vjp_of(scale_rows, "nm", "n")
def scale_rows_vjp(g, x, s):
    return g * s[:, None], (g * x).sum(axis=1)


def divide_columns(a, b):
    return a / b


@vjp_of(divide_columns, "nm", "m")
def divide_columns_vjp(g, a, b):
    return g / b, -(g * a / b**2).sum(axis=0)


def outer_sum(a, b):
    return np.tanh(a[:, None] + 2 * b)


@vjp_of(outer_sum, "n", "m")
def outer_sum_vjp(g, a, b):
    y = np.tanh(a[:, None] + 2 * b)
    inner = g * (1 - y * y)
    return inner.sum(axis=1), 2 * inner.sum(axis=0)


def shares(x):
    return x / x.sum(axis=1, keepdims=True)


@vjp_of(shares, "nm", domain=_positive)
def shares_vjp(g, x):
    total = x.sum(axis=1, keepdims=True)
    return (g - (g * x).sum(axis=1, keepdims=True) / total) / total


def unit_columns(x):
    return x / np.sqrt((x * x).sum(axis=0))


@vjp_of(unit_columns, "nm", empty=False)
def unit_columns_vjp(g, x):
    length = np.sqrt((x * x).sum(axis=0))
    y = x / length
    return (g - y * (g * y).sum(axis=0)) / length


# Reductions


def mean_square(x):
    return (x * x).mean()


@vjp_of(mean_square, "nm", empty=False)
def mean_square_vjp(g, x):
    return 2 * g * x / x.size


def row_means(x):
    return x.mean(axis=1)


@vjp_of(row_means, "nm")
def row_means_vjp(g, x):
    return np.repeat(g[:, None], x.shape[1], axis=1) / x.shape[1]


def row_norms(x):
    return np.sqrt((x * x).sum(axis=1, keepdims=True))


@vjp_of(row_norms, "nm", kink=_at_zero)
def row_norms_vjp(g, x):
    length = np.sqrt((x * x).sum(axis=1, keepdims=True))
    return g * x / np.where(length == 0, 1, length)


def largest(x):
    return x.max(axis=1)


@vjp_of(largest, "nm", kink=_tie)
def largest_vjp(g, x):
    wins = x == x.max(axis=1, keepdims=True)
    return g[:, None] * wins / wins.sum(axis=1, keepdims=True, dtype=x.dtype)


def log_sum_exp(x):
    top = x.max(axis=-1)
    return top + np.log(np.exp(x - top[..., None]).sum(axis=-1))


@vjp_of(log_sum_exp, "nm", ill=lambda x: (x * np.array([1e3, 1.0, 1e-3]),))
def log_sum_exp_vjp(g, x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return g[..., None] * e / e.sum(axis=-1, keepdims=True)


def variance(x):
    return ((x - x.mean(axis=0)) ** 2).mean(axis=0)


@vjp_of(variance, "nm", ill=lambda x: (x + 1e6,), empty=False)
def variance_vjp(g, x):
    return 2 * g * (x - x.mean(axis=0)) / len(x)


def naive_variance(x):
    return (x * x).mean(axis=0) - x.mean(axis=0) ** 2


@vjp_of(naive_variance, "nm", ill=lambda x: (x + 1e6,), empty=False)
def naive_variance_vjp(g, x):
    return 2 * g * (x - x.mean(axis=0)) / len(x)


def row_products(x):
    return x.prod(axis=1)


@vjp_of(row_products, "nm", domain=lambda x: (1 + 0.05 * x,))
def row_products_vjp(g, x):
    return (g * x.prod(axis=1))[:, None] / x


def weighted_mean(x, w):
    return (w * x).sum(axis=0) / w.sum(axis=0)


@vjp_of(weighted_mean, "nm", "nm", domain=_positive, empty=False)
def weighted_mean_vjp(g, x, w):
    total = w.sum(axis=0)
    y = (w * x).sum(axis=0) / total
    return g * w / total, g * (x - y) / total


# Products of matrices, and what is solved with them


def product(a, b):
    return a @ b


@vjp_of(product, "nm", "mk")
def product_vjp(g, a, b):
    return g @ b.T, a.T @ g


def square_product(a, b):
    return a @ b


@vjp_of(square_product, "mm", "mm")
def square_product_vjp(g, a, b):
    return g @ b.T, a.T @ g


def batched_product(a, b):
    return a @ b


@vjp_of(batched_product, "bnm", "mk")
def batched_product_vjp(g, a, b):
    return g @ b.T, (np.swapaxes(a, 1, 2) @ g).sum(axis=0)


def affine(x, w, b):
    return x @ w.T + b


@vjp_of(affine, "nm", "km", "k")
def affine_vjp(g, x, w, b):
    return g @ w, g.T @ x, g.sum(axis=0)


def bilinear(x, a, y):
    return x @ a @ y


@vjp_of(bilinear, "m", "mm", "m")
def bilinear_vjp(g, x, a, y):
    return g * (a @ y), g * np.outer(x, y), g * (a.T @ x)


def quadratic(x, a):
    return x @ a @ x


@vjp_of(quadratic, "m", "mm")
def quadratic_vjp(g, x, a):
    return g * ((a + a.T) @ x), g * np.outer(x, x)


def trace_of_product(a, b):
    return np.trace(a @ b)


@vjp_of(trace_of_product, "mm", "mm")
def trace_of_product_vjp(g, a, b):
    return g * b.T, g * a.T


def solution(a, b):
    return np.linalg.solve(a, b)


@vjp_of(solution, "nn", "nm", domain=_regular, ill=_of_condition(1e8), empty=False, large=False)
def solution_vjp(g, a, b):
    back = np.linalg.solve(a.T, g)
    return -back @ np.linalg.solve(a, b).T, back


def inverse(a):
    return np.linalg.inv(a)


@vjp_of(inverse, "nn", domain=_regular, ill=_of_condition(1e8), empty=False, large=False)
def inverse_vjp(g, a):
    y = np.linalg.inv(a)
    return -y.T @ g @ y.T


def determinant(a):
    return np.linalg.det(a)


@vjp_of(determinant, "mm", domain=_regular, ill=_of_condition(1e8), large=False)
def determinant_vjp(g, a):
    return g * np.linalg.det(a) * np.linalg.inv(a).T


def log_determinant(a):
    return np.linalg.slogdet(a)[1]


@vjp_of(log_determinant, "nn", domain=_regular, ill=_of_condition(1e8), empty=False)
def log_determinant_vjp(g, a):
    return g * np.linalg.inv(a).T


def cholesky(a):
    return np.linalg.cholesky(0.5 * (a + a.T))


@vjp_of(cholesky, "nn", domain=_definite, empty=False, large=False)
def cholesky_vjp(g, a):
    y = np.linalg.cholesky(0.5 * (a + a.T))
    inner = np.tril(y.T @ g)
    inner -= 0.5 * np.diag(np.diag(inner))
    back = np.linalg.inv(y)
    s = back.T @ inner @ back
    return 0.5 * (s + s.T)


# Where elements are

_ROWS = np.array([0, 2, 2, 1, 0, 2])
_LABELS = np.array([2, 0, 1, 1])


def looked_up(table):
    return table[_ROWS % len(table)]


@vjp_of(looked_up, "mk", empty=False)
def looked_up_vjp(g, table):
    grad = np.zeros_like(table)
    np.add.at(grad, _ROWS % len(table), g)
    return grad


def in_segments(x):
    y = np.zeros_like(x, shape=(3, *x.shape[1:]))
    np.add.at(y, np.arange(len(x)) % 3, x * x)
    return y


@vjp_of(in_segments, "nm")
def in_segments_vjp(g, x):
    return 2 * x * g[np.arange(len(x)) % 3]


def joined(a, b):
    return np.concatenate([a, 2 * b], axis=0)


@vjp_of(joined, "nm", "km")
def joined_vjp(g, a, b):
    return g[: len(a)], 2 * g[len(a) :]


def neighbours(x):
    return x[:, 1:] * x[:, :-1]


@vjp_of(neighbours, "nm")
def neighbours_vjp(g, x):
    grad = np.zeros_like(x)
    grad[:, 1:] += g * x[:, :-1]
    grad[:, :-1] += g * x[:, 1:]
    return grad


def curvature(x):
    return x[2:] - 2 * x[1:-1] + x[:-2]


@vjp_of(curvature, "nm", empty=False)
def curvature_vjp(g, x):
    grad = np.zeros_like(x)
    grad[2:] += g
    grad[1:-1] -= 2 * g
    grad[:-2] += g
    return grad


def running_total(x):
    return np.cumsum(x, axis=0)


@vjp_of(running_total, "nm")
def running_total_vjp(g, x):
    return np.cumsum(g[::-1], axis=0)[::-1]


def around(x):
    return x * np.roll(x, 1, axis=1)


@vjp_of(around, "nm")
def around_vjp(g, x):
    return g * np.roll(x, 1, axis=1) + np.roll(g * x, -1, axis=1)


def enlarged(x):
    return np.repeat(x, 2, axis=1)


@vjp_of(enlarged, "nm")
def enlarged_vjp(g, x):
    return g[:, 0::2] + g[:, 1::2]


def interpolated(x, heights):
    i = np.clip(np.floor(x), 0, len(heights) - 2).astype(int)
    return heights[i] + (x - i.astype(x.dtype)) * (heights[i + 1] - heights[i])


def _between_knots(x: Array, heights: Array) -> Args:
    return np.abs(x) + 0.3 * (np.abs(np.abs(x) - 1) < 0.05), heights


@vjp_of(interpolated, "n", "m", domain=_between_knots, kink=_meets(1.0), empty=False, large=False, scales=("1e-8",))
def interpolated_vjp(g, x, heights):
    i = np.clip(np.floor(x), 0, len(heights) - 2).astype(int)
    t = x - i.astype(x.dtype)
    grad = np.zeros_like(heights)
    np.add.at(grad, i, g * (1 - t))
    np.add.at(grad, i + 1, g * t)
    return g * (heights[i + 1] - heights[i]), grad


# Neural networks


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@vjp_of(softmax, "nm")
def softmax_vjp(g, x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)
    return y * (g - (g * y).sum(axis=-1, keepdims=True))


def cross_entropy(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    picked = shifted[np.arange(len(scores)), _LABELS[: len(scores)] % scores.shape[1]]
    return (np.log(np.exp(shifted).sum(axis=1)) - picked).mean()


@vjp_of(cross_entropy, "nm", empty=False, large=False)
def cross_entropy_vjp(g, scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(scores)), _LABELS[: len(scores)] % scores.shape[1]] -= 1
    return g * p / len(scores)


def layer_norm(x, w, b):
    centred = x - x.mean(axis=1, keepdims=True)
    return w * centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) + b


@vjp_of(layer_norm, "nm", "m", "m")
def layer_norm_vjp(g, x, w, b):
    centred = x - x.mean(axis=1, keepdims=True)
    size = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    y = centred / size
    h = g * w
    dx = (h - h.mean(axis=1, keepdims=True) - y * (h * y).mean(axis=1, keepdims=True)) / size
    return dx, (g * y).sum(axis=0), g.sum(axis=0)


def batch_norm(x, w):
    centred = x - x.mean(axis=0)
    return w * centred / np.sqrt((centred**2).mean(axis=0) + 1e-3)


@vjp_of(batch_norm, "nm", "m", empty=False)
def batch_norm_vjp(g, x, w):
    centred = x - x.mean(axis=0)
    size = np.sqrt((centred**2).mean(axis=0) + 1e-3)
    y = centred / size
    h = g * w
    return (h - h.mean(axis=0) - y * (h * y).mean(axis=0)) / size, (g * y).sum(axis=0)


def attention(q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) @ v


@vjp_of(attention, "nm", "nm", "nk", empty=False, large=False)
def attention_vjp(g, q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    dp = g @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True)) / math.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ g


def convolved(x, w):
    n = len(x) - len(w) + 1
    y = np.zeros_like(x, shape=(n, *x.shape[1:]))
    for i in range(len(w)):
        y += w[i] * x[i : i + n]
    return y


@vjp_of(convolved, "nm", "k", empty=False)
def convolved_vjp(g, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(len(w)):
        dx[i : i + len(g)] += w[i] * g
        dw[i] = (g * x[i : i + len(g)]).sum()
    return dx, dw


def recurrent(xs, w, u, h):
    for x in xs:
        h = np.tanh(w @ x + u @ h)
    return h


@vjp_of(recurrent, "nm", "km", "kk", "k", large=False)
def recurrent_vjp(g, xs, w, u, h):
    states = [h]
    for x in xs:
        states.append(np.tanh(w @ x + u @ states[-1]))
    dxs, dw, du = np.zeros_like(xs), np.zeros_like(w), np.zeros_like(u)
    for t in range(len(xs) - 1, -1, -1):
        inner = g * (1 - states[t + 1] ** 2)
        dw += np.outer(inner, xs[t])
        du += np.outer(inner, states[t])
        dxs[t] = w.T @ inner
        g = u.T @ inner
    return dxs, dw, du, g


def shared_layers(x, w):
    return np.tanh(np.tanh(x @ w) @ w)


@vjp_of(shared_layers, "nm", "mm", large=False)
def shared_layers_vjp(g, x, w):
    h = np.tanh(x @ w)
    y = np.tanh(h @ w)
    outer = g * (1 - y * y)
    inner = (outer @ w.T) * (1 - h * h)
    return inner @ w.T, h.T @ outer + x.T @ inner


def pooled(x):
    return x.reshape(len(x), 2, -1).max(axis=1)


def _two_halves(x: Array) -> Args:
    return (np.concatenate([x, x[:, ::-1] - 1], axis=1),)


@vjp_of(pooled, "nm", domain=_two_halves, empty=False)
def pooled_vjp(g, x):
    halves = x.reshape(len(x), 2, -1)
    return (g[:, None] * (halves == halves.max(axis=1, keepdims=True))).reshape(x.shape)


# Others


def distances(a, b):
    return ((a[:, None] - b) ** 2).sum(axis=2)


@vjp_of(distances, "nm", "km")
def distances_vjp(g, a, b):
    d = 2 * g[:, :, None] * (a[:, None] - b)
    return d.sum(axis=1), -d.sum(axis=0)


def grown(y, rate):
    for _ in range(5):
        y = y + 0.1 * rate * y * (1 - y)
    return y


@vjp_of(grown, "nm", "m", scales=("1e-8",))
def grown_vjp(g, y, rate):
    states = [y]
    for _ in range(5):
        states.append(states[-1] + 0.1 * rate * states[-1] * (1 - states[-1]))
    drate = np.zeros_like(rate)
    for y in states[-2::-1]:
        drate += (g * 0.1 * y * (1 - y)).sum(axis=0)
        g = g * (1 + 0.1 * rate * (1 - 2 * y))
    return g, drate


def power_spectrum(x):
    z = np.fft.rfft(x, axis=0)
    return z.real**2 + z.imag**2


@vjp_of(power_spectrum, "nm", empty=False)
def power_spectrum_vjp(g, x):
    z = np.fft.rfft(x, axis=0)
    t = np.arange(len(x), dtype=x.dtype)[:, None, None]
    phase = 2 * math.pi / len(x) * t * np.arange(len(z), dtype=x.dtype)[:, None]
    return 2 * (g * (z.real * np.cos(phase) - z.imag * np.sin(phase))).sum(axis=1)


def polynomial(x, coefficients):
    y = np.zeros_like(x)
    for c in coefficients:
        y = y * x + c
    return y


@vjp_of(polynomial, "n", "m", large=False)
def polynomial_vjp(g, x, coefficients):
    slope, y = np.zeros_like(x), np.zeros_like(x)
    for c in coefficients:
        slope, y = slope * x + y, y * x + c
    powers = x ** np.arange(len(coefficients) - 1, -1, -1, dtype=x.dtype)[:, None]
    return g * slope, (powers * g).sum(axis=1)
