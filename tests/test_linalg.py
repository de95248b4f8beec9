"""Linear algebra: what NumPy gives, identities between functions, PyTorch's complex gradients, the awkward places."""

import math
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.linalg import LinAlgError

import autodiff as ad
from autodiff import Tensor
from autodiff.op import numpy_functions

la = ad.linalg


def dense(shape, seed, dtype=float):
    """Numbers that no mistake is orthogonal to."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x


def unit(n, seed, dtype=float):
    """A unitary matrix."""
    return np.linalg.qr(dense((n, n), seed, dtype))[0]


def hermitian(x):
    return (x + np.conj(x.mT)) / 2


# NumPy's values, for every function and option


def test_all_of_numpy_linalg_is_there():
    names = set(np.linalg.__all__) - {"LinAlgError"}
    assert {name for name in names if getattr(np.linalg, name) not in numpy_functions} == set()
    assert set(np.linalg.__all__) == set(la.__all__)
    assert {np.cross, np.kron} <= numpy_functions.keys()


MATRICES = {
    "square": dense((3, 3), 1),
    "tall": dense((4, 2), 2),
    "wide": dense((2, 4), 3),
    "batch": dense((2, 1, 3, 3), 4),
    "complex": dense((3, 3), 5, complex),
    "complex batch": dense((2, 4, 3), 6, complex),
    "single": dense((3, 3), 7).astype(np.float32),
    "rank 1": np.outer(np.arange(1.0, 4.0), np.arange(1.0, 4.0)),
}
SQUARE = {name: a for name, a in MATRICES.items() if a.shape[-1] == a.shape[-2]}
REGULAR = {name: a for name, a in SQUARE.items() if name != "rank 1"}
HERMITIAN = {name: hermitian(a) for name, a in SQUARE.items()}
POSITIVE = {name: a @ np.conj(a.mT) + np.eye(3, dtype=a.dtype) for name, a in SQUARE.items()}
ORDERS = [None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf]


def calls():
    """(function of a namespace like numpy.linalg, arguments), each as an option and a matrix make them."""
    for name, a in MATRICES.items():
        yield name, lambda xp, x: xp.svd(x), a
        yield name, lambda xp, x: xp.svd(x, full_matrices=False), a
        yield name, lambda xp, x: xp.svd(x, compute_uv=False), a
        yield name, lambda xp, x: xp.svdvals(x), a
        for mode in ("reduced", "complete", "r"):
            yield name, lambda xp, x, mode=mode: xp.qr(x, mode), a
        yield name, lambda xp, x: xp.pinv(x), a
        yield name, lambda xp, x: xp.pinv(x, 0.5), a
        yield name, lambda xp, x: xp.pinv(x, rtol=None), a
        yield name, lambda xp, x: xp.pinv(x, rtol=0.5), a
        yield name, lambda xp, x: xp.matrix_rank(x), a
        yield name, lambda xp, x: xp.matrix_rank(x, rtol=0.5), a
        yield name, lambda xp, x: xp.matrix_rank(x, 1.0), a
        for p in ORDERS:
            yield name, lambda xp, x, p=p: xp.norm(x, p, axis=(-2, -1)), a
            yield name, lambda xp, x, p=p: xp.norm(x, p, axis=(-1, 0), keepdims=True), a
            yield name, lambda xp, x, p=p: xp.matrix_norm(x, ord=p or "fro", keepdims=p == 1), a
        for p in (None, 0, 1, 2, 3, -1, 0.5, math.inf, -math.inf):
            yield name, lambda xp, x, p=p: xp.norm(x, p, axis=0), a
            yield name, lambda xp, x, p=p: xp.norm(x, p, axis=-1, keepdims=True), a
            yield name, lambda xp, x, p=p: xp.vector_norm(x, ord=2 if p is None else p), a
        yield name, lambda xp, x: xp.norm(x), a
        yield name, lambda xp, x: xp.norm(x, keepdims=True), a
        yield name, lambda xp, x: xp.trace(x, offset=1), a
        yield name, lambda xp, x: xp.diagonal(x, offset=-1), a
        yield name, lambda xp, x: xp.matrix_transpose(x), a
        yield name, lambda xp, x: xp.vecdot(x, 2 * x), a
        yield name, lambda xp, x: xp.vecdot(x, 2 * x, axis=-2), a
        yield name, lambda xp, x: xp.tensordot(x, x, axes=((-1,), (-1,))), a
        yield name, lambda xp, x: xp.cond(x), a
        yield name, lambda xp, x: xp.cond(x, -2), a
    for name, a in SQUARE.items():
        yield name, lambda xp, x: xp.det(x), a
        yield name, lambda xp, x: xp.slogdet(x), a
        yield name, lambda xp, x: xp.eig(x), a
        yield name, lambda xp, x: xp.eigvals(x), a
        for n in (0, 1, 2, 5):
            yield name, lambda xp, x, n=n: xp.matrix_power(x, n), a
        yield name, lambda xp, x: xp.matmul(x, x), a
        yield name, lambda xp, x: xp.cross(x, x[..., ::-1]), a
        yield name, lambda xp, x: xp.cross(x, x.mT, axis=-2), a
        yield name, lambda xp, x: xp.eigh(x), a  # reads one triangle
        yield name, lambda xp, x: xp.eigh(x, "U"), a
        yield name, lambda xp, x: xp.eigvalsh(x, "U"), a
    for name, a in REGULAR.items():
        yield name, lambda xp, x: xp.inv(x), a
        yield name, lambda xp, x: xp.matrix_power(x, -3), a
        yield name, lambda xp, x: xp.solve(x, x[..., :1] + 1), a
        yield name, lambda xp, x: xp.solve(x, np.arange(3.0)), a
        for p in ORDERS:
            yield name, lambda xp, x, p=p: xp.cond(x, p), a
    for name, a in HERMITIAN.items():
        yield name, lambda xp, x: xp.eigh(x), a
        yield name, lambda xp, x: xp.svd(x, hermitian=True), a
        yield name, lambda xp, x: xp.svd(x, hermitian=True, compute_uv=False), a
        yield name, lambda xp, x: xp.pinv(x, hermitian=True), a
        yield name, lambda xp, x: xp.matrix_rank(x, hermitian=True), a
    for name, a in POSITIVE.items():
        skew = np.triu(a) + 0.01 * np.tril(a, -1)
        for x in (a, skew, skew.mT.copy()):
            yield name, lambda xp, x: xp.cholesky(x), x
            yield name, lambda xp, x: xp.cholesky(x, upper=True), x
    a = dense((6, 2, 3), 8)
    yield "tensor", lambda xp, x: xp.tensorinv(x, ind=1), a
    yield "tensor", lambda xp, x: xp.tensorsolve(x, np.arange(6.0)), a
    yield "tensor", lambda xp, x: xp.tensorsolve(x, np.arange(6.0).reshape(2, 3), axes=(0,)), a
    yield "chain", lambda xp, x: xp.multi_dot([x[:, 0], x[0].T, x[0], x[1].T, np.ones(2)]), a
    yield "chain", lambda xp, x: xp.multi_dot([np.ones(6), x[:, 0]]), a
    yield "vectors", lambda xp, x: xp.outer(x[0, 0], x[0, 1]), a
    yield "vectors", lambda xp, x: xp.norm(x[0, 0], 2.5), a
    for b in (dense((4,), 9), dense((4, 3), 9), dense((4, 0), 9)):
        for a in (MATRICES["tall"], MATRICES["tall"][:, :1] @ dense((1, 3), 9), dense((4, 4), 9), dense((4, 6), 9)):
            yield "least squares", lambda xp, x, b=b: xp.lstsq(x, b), a
    yield "least squares", lambda xp, x: xp.lstsq(x, np.arange(4.0), rcond=0.5), MATRICES["tall"]
    yield "least squares", lambda xp, x: xp.lstsq(x, np.arange(2.0)), np.diag([1.0, 3.5e-16])
    yield "least squares", lambda xp, x: xp.lstsq(x, np.ones(2), rcond=-1), np.diag([1.0, 3.5e-16])


@pytest.mark.parametrize(
    ("call", "x"), [pytest.param(call, x, id=f"{i}-{name}") for i, (name, call, x) in enumerate(calls())]
)
def test_values_are_numpys(call, x):
    expected = call(np.linalg, x)
    for xp in (np.linalg, la):
        found = call(xp, Tensor(x))
        both = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
        for ours, theirs in both:
            assert isinstance(ours, Tensor)
            assert ours.shape == np.shape(theirs)
            theirs = np.real_if_close(theirs) if ours.dtype.kind == "f" else theirs  # of eig, from NumPy 2.5 on
            assert ours.dtype == np.asarray(theirs).dtype or np.asarray(theirs).dtype.kind == "i"
            tolerance = 2e-5 if ours.dtype in (np.float32, np.complex64) else 1e-10
            np.testing.assert_allclose(ours.data, theirs, rtol=tolerance, atol=tolerance)
    if isinstance(expected, tuple) and hasattr(expected, "_fields"):
        assert found._fields == expected._fields


@given(st.data())
def test_products(data):
    a = data.draw(hnp.arrays(float, hnp.array_shapes(max_dims=3, max_side=3), elements=st.floats(-3, 3)))
    b = data.draw(hnp.arrays(float, hnp.array_shapes(max_dims=3, max_side=3), elements=st.floats(-3, 3)))
    np.testing.assert_array_equal(np.kron(Tensor(a), b).data, np.kron(a, b))
    np.testing.assert_array_equal(ad.kron(a, Tensor(b)).data, np.kron(a, b))


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors")
@pytest.mark.parametrize(
    "shapes", [((3,), (3,)), ((2, 3), (3,)), ((4, 1, 3), (2, 3)), ((2,), (3,)), ((5, 3), (2,)), ((2,), (2,))]
)
def test_vector_product(shapes):
    a, b = dense(shapes[0], 1), dense(shapes[1], 2)
    try:
        expected = np.cross(a, b)
    except ValueError:  # NumPy 2.5 takes vectors of three elements only
        expected = np.cross(*(np.append(x, np.zeros((*x.shape[:-1], 3 - x.shape[-1])), axis=-1) for x in (a, b)))
        expected = expected[..., 2] if shapes[0][-1] == shapes[1][-1] == 2 else expected
    np.testing.assert_allclose(np.cross(Tensor(a), b).data, expected, atol=1e-15)
    if shapes[0][-1] == shapes[1][-1] == 3:
        turned = np.moveaxis(a, -1, 0)
        np.testing.assert_allclose(
            np.cross(turned, Tensor(b), axisa=0, axisc=0).data, np.cross(turned, b, axisa=0, axisc=0)
        )


# Identities: two functions that are the same, in value and in derivatives of every kind


def everything(f, x):
    """Value, pull, push, and the push of the pull."""
    y, pull = ad.vjp(f, x)
    g, v = dense(np.shape(y), 11, y.dtype), dense(x.shape, 12, x.dtype)

    def gradient(x):
        return ad.vjp(f, x)[1](g)[0]

    return {
        "value": y,
        "reverse": pull(g)[0],
        "forward": ad.jvp(f, (x,), (v,))[1],
        "second order": ad.jvp(gradient, (x,), (v,))[1],
    }


def adjoint(x):
    return ad.conj(ad.matrix_transpose(x))


def symmetric(x):
    return (x + adjoint(x)) / 2


def positive(x):
    return x @ adjoint(x) + np.eye(x.shape[-1])


def spread(x):
    """A Hermitian matrix with eigenvalues apart."""
    return symmetric(x) + np.diag(4.0 * np.arange(x.shape[-1]))


def apart(x):
    """A matrix with singular values apart."""
    m, n = x.shape[-2:]
    return x + 4.0 * np.arange(1, m + 1)[:, None] * np.eye(m, n)


def rebuilt_from_eigh(x, f=lambda w: w):
    w, v = la.eigh(x)
    return (v * f(w)[..., None, :]) @ adjoint(v)


def rebuilt_from_svd(x, full=False):
    u, s, vh = la.svd(x, full_matrices=full)
    return (u[..., : s.shape[-1]] * s[..., None, :]) @ vh[..., : s.shape[-1], :]


def rebuilt_from_eig(x):
    w, v = la.eig(x)
    return la.solve(ad.matrix_transpose(v), ad.matrix_transpose(v * w[..., None, :]))


def rebuilt_from_qr(x, mode="reduced"):
    q, r = la.qr(x, mode)
    return q @ r


def ends(x):
    """The greatest magnitude along the last axis, and the least."""
    return la.norm(x, math.inf, axis=-1), la.norm(x, -math.inf, axis=-1)


LEVI_CIVITA = np.zeros((3, 3, 3))
for order in permutations(range(3)):
    LEVI_CIVITA[order] = np.linalg.det(np.eye(3)[list(order)])

SQUARES = {
    "solve is the inverse times": (lambda x: la.solve(apart(x), x), lambda x: la.inv(apart(x)) @ x),
    "solve for a vector": (lambda x: la.solve(apart(x), np.arange(3.0)), lambda x: la.inv(apart(x)) @ np.arange(3.0)),
    "solve with its own row": (
        lambda x: la.solve(apart(x), x[..., :1]),
        lambda x: la.inv(apart(x)) @ x[..., :1],
    ),
    "inverse by the adjugate": (
        lambda x: la.inv(apart(x)),
        lambda x: by_minors(apart(x)) / la.det(apart(x))[..., None, None],
    ),
    "determinant by logarithm": (
        lambda x: la.det(apart(x)),
        lambda x: (lambda s: s.sign * ad.exp(s.logabsdet))(la.slogdet(apart(x))),
    ),
    "determinant by Leibniz": (lambda x: la.det(x), lambda x: by_leibniz(x)),
    "determinant of eigenvalues": (
        lambda x: ad.prod(la.eigvalsh(spread(x)), axis=-1),
        lambda x: ad.real(la.det(spread(x))),
    ),
    "determinant of singular values": (
        lambda x: ad.prod(la.svdvals(apart(x)), axis=-1),
        lambda x: ad.abs(la.det(apart(x))),
    ),
    "logarithm by Cholesky": (
        lambda x: la.slogdet(positive(x)).logabsdet,
        lambda x: 2 * ad.sum(ad.log(ad.real(la.diagonal(la.cholesky(positive(x))))), axis=-1),
    ),
    "Cholesky": (lambda x: (lambda c: c @ adjoint(c))(la.cholesky(positive(x))), positive),
    "Cholesky, upper": (lambda x: la.cholesky(positive(x), upper=True), lambda x: adjoint(la.cholesky(positive(x)))),
    "Cholesky by QR": (
        lambda x: ad.abs(la.cholesky(adjoint(apart(x)) @ apart(x), upper=True)),
        lambda x: ad.abs(la.qr(apart(x), "r")),
    ),
    "eigh": (lambda x: rebuilt_from_eigh(spread(x)), spread),
    "eigh, other triangle": (
        lambda x: la.eigh(spread(x), "U").eigenvalues,
        lambda x: la.eigvalsh(spread(x)),
    ),
    "square root by eigh": (
        lambda x: (lambda r: r @ r)(rebuilt_from_eigh(positive(apart(x)), ad.sqrt)),
        lambda x: positive(apart(x)),
    ),
    "eigenvectors are of length 1": (
        lambda x: ad.sum(ad.abs(la.eigh(spread(x)).eigenvectors) ** 2, axis=-2),
        lambda x: 0 * ad.abs(x[..., 0]) + 1,
    ),
    "eigenvectors": (
        lambda x: (lambda w, v: spread(x) @ v * ad.conj(v[..., :1, :]))(*la.eigh(spread(x))),
        lambda x: (lambda w, v: v * w[..., None, :] * ad.conj(v[..., :1, :]))(*la.eigh(spread(x))),
    ),
    "eigenvectors of any matrix are of length 1": (
        lambda x: ad.sum(ad.abs(la.eig(apart(x)).eigenvectors) ** 2, axis=-2),
        lambda x: 0 * ad.abs(x[..., 0]) + 1,
    ),
    "eig of a Hermitian matrix": (
        lambda x: ad.sum(ad.real(la.eigvals(spread(x))) ** 3, axis=-1),
        lambda x: ad.sum(la.eigvalsh(spread(x)) ** 3, axis=-1),
    ),
    "eig": (lambda x: rebuilt_from_eig(apart(x)), lambda x: ad.matrix_transpose(apart(x)) + 0j * x),
    "trace": (lambda x: ad.sum(la.eigvals(apart(x)), axis=-1), lambda x: la.trace(apart(x)) + 0j * x[..., 0, 0]),
    "svd": (lambda x: rebuilt_from_svd(apart(x)), apart),
    "svd of a Hermitian matrix": (
        lambda x: ad.abs(la.svd(spread(x), hermitian=True).U),
        lambda x: ad.abs(la.svd(spread(x)).U),
    ),
    "singular values are roots of eigenvalues": (
        lambda x: la.svdvals(apart(x)) ** 2,
        lambda x: la.eigvalsh(apart(x) @ adjoint(apart(x)))[..., ::-1],
    ),
    "singular vectors": (
        lambda x: ad.abs(la.svd(apart(x)).U) ** 2,
        lambda x: ad.abs(la.eigh(apart(x) @ adjoint(apart(x))).eigenvectors[..., ::-1]) ** 2,
    ),
    "qr": (lambda x: rebuilt_from_qr(apart(x)), apart),
    "orthonormal": (lambda x: (lambda q: adjoint(q) @ q)(la.qr(apart(x)).Q), lambda x: 0 * x + np.eye(3)),
    "pseudoinverse": (lambda x: la.pinv(apart(x)), lambda x: la.inv(apart(x))),
    "Hermitian pseudoinverse": (
        lambda x: la.pinv(symmetric(apart(x)), hermitian=True),
        lambda x: la.inv(symmetric(apart(x))),
    ),
    "power": (lambda x: la.matrix_power(x, 3), lambda x: x @ x @ x),
    "first power": (lambda x: la.matrix_power(x, 1), lambda x: x),
    "zeroth power": (lambda x: la.matrix_power(x, 0), lambda x: 0 * x + np.eye(3)),
    "negative power": (lambda x: la.matrix_power(apart(x), -2), lambda x: la.inv(apart(x) @ apart(x))),
    "Frobenius norm": (
        lambda x: la.norm(x, "fro", axis=(-2, -1)),
        lambda x: ad.sqrt(ad.sum(ad.abs(x) ** 2, axis=(-2, -1))),
    ),
    "Frobenius norm of singular values": (
        lambda x: la.matrix_norm(apart(x)),
        lambda x: la.vector_norm(la.svdvals(apart(x)), axis=-1),
    ),
    "nuclear norm": (lambda x: la.matrix_norm(apart(x), ord="nuc"), lambda x: ad.sum(la.svdvals(apart(x)), axis=-1)),
    "spectral norm": (lambda x: la.matrix_norm(apart(x), ord=2), lambda x: la.svdvals(apart(x))[..., 0]),
    "least singular value": (lambda x: la.matrix_norm(apart(x), ord=-2), lambda x: la.svdvals(apart(x))[..., -1]),
    "norm of columns": (lambda x: la.matrix_norm(x, ord=1), lambda x: ends(ad.sum(ad.abs(x), axis=-2))[0]),
    "least norm of columns": (lambda x: la.matrix_norm(x, ord=-1), lambda x: ends(ad.sum(ad.abs(x), axis=-2))[1]),
    "norm of rows": (
        lambda x: la.matrix_norm(x, ord=math.inf),
        lambda x: la.matrix_norm(ad.matrix_transpose(x), ord=1),
    ),
    "least norm of rows": (
        lambda x: la.norm(x, -math.inf, axis=(-2, -1)),
        lambda x: la.norm(x, -1, axis=(-1, -2)),
    ),
    "condition": (
        lambda x: la.cond(apart(x)),
        lambda x: la.norm(apart(x), 2, (-2, -1)) * la.norm(la.inv(apart(x)), 2, (-2, -1)),
    ),
    "condition, inverted": (lambda x: la.cond(apart(x), -2), lambda x: 1 / la.cond(apart(x))),
    "condition, another norm": (
        lambda x: la.cond(apart(x), 1),
        lambda x: la.matrix_norm(apart(x), ord=1) * la.matrix_norm(la.inv(apart(x)), ord=1),
    ),
    "chain": (
        lambda x: ad.stack([la.multi_dot([m, m[:, :1], m[:1], m, m[0]]) for m in ad.reshape(x, (-1, 3, 3))]),
        lambda x: ad.stack([m @ m[:, :1] @ m[:1] @ m @ m[0] for m in ad.reshape(x, (-1, 3, 3))]),
    ),
    "Kronecker": (
        lambda x: ad.kron(x, x),
        lambda x: (
            ad.reshape(ad.einsum("...ij,...kl->...ikjl", x, x), (*x.shape[:-2], 9, 9)) if x.ndim == 2 else ad.kron(x, x)
        ),
    ),
    "vector product": (
        lambda x: la.cross(x, x[..., ::-1, :]),
        lambda x: ad.einsum("ijk,...j,...k->...i", LEVI_CIVITA, x, x[..., ::-1, :]),
    ),
    "triple product": (
        lambda x: la.vecdot(ad.conj(x[..., 0]), ad.cross(x[..., 1], x[..., 2])),
        lambda x: la.det(x),
    ),
    "volume": (lambda x: ad.abs(la.det(apart(x))) ** 2, lambda x: ad.real(la.det(adjoint(apart(x)) @ apart(x)))),
}

RECTANGLES = {
    "svd": (lambda x: rebuilt_from_svd(apart(x)), apart),
    "svd, full": (lambda x: rebuilt_from_svd(apart(x), full=True), apart),
    "qr": (lambda x: rebuilt_from_qr(apart(x)), apart),
    "qr, r": (lambda x: la.qr(apart(x), "r"), lambda x: la.qr(apart(x)).R),
    "projection": (
        lambda x: (lambda q: q @ adjoint(q))(la.qr(apart(x)).Q),
        lambda x: (lambda u: u @ adjoint(u))(la.svd(apart(x), full_matrices=False).U),
    ),
    "pseudoinverse is its own inverse": (lambda x: la.pinv(la.pinv(apart(x))), apart),
    "pseudoinverse by svd": (
        lambda x: la.pinv(apart(x)),
        lambda x: (lambda u, s, vh: adjoint(vh) @ (adjoint(u) / s[..., None]))(*la.svd(apart(x), full_matrices=False)),
    ),
    "singular values": (
        lambda x: la.svdvals(apart(x)),
        lambda x: la.svdvals(ad.matrix_transpose(apart(x))),
    ),
    "norms": (lambda x: la.norm(x, "nuc", (-2, -1)), lambda x: la.norm(x, "nuc", (-1, -2))),
}


def by_leibniz(x):
    """The determinant as a sum over permutations."""
    total = 0
    for order in permutations(range(x.shape[-1])):
        term = np.linalg.det(np.eye(len(order))[list(order)])
        for i, j in enumerate(order):
            term = term * x[..., i, j]
        total = total + term
    return total


def by_minors(x):
    """The adjugate, of 3 by 3 matrices."""
    rows = [[(i + 1) % 3, (i + 2) % 3] for i in range(3)]
    cofactor = [
        [x[..., r[0], c[0]] * x[..., r[1], c[1]] - x[..., r[0], c[1]] * x[..., r[1], c[0]] for r in rows] for c in rows
    ]
    return ad.stack([ad.stack(line, axis=-1) for line in cofactor], axis=-2)


def small(shape):
    """Matrices of numbers below 1, any at all."""
    return hnp.arrays(float, shape, elements=st.floats(-1, 1, width=16))


def agree(pair, x, skip=()):
    ours, theirs = (everything(f, x) for f in pair)
    for kind in ours:
        if kind not in skip:
            scale = max(1.0, float(np.max(np.abs(theirs[kind]), initial=0)))
            np.testing.assert_allclose(ours[kind], theirs[kind], rtol=0, atol=2e-9 * scale, err_msg=kind)


@pytest.mark.parametrize("name", SQUARES)
@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_identities_of_square_matrices(name, dtype, batch):
    agree(SQUARES[name], 0.4 * dense((*batch, 3, 3), 21, dtype))


@pytest.mark.parametrize("name", RECTANGLES)
@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (3, 3), (1, 1), (3, 1)])
def test_identities_of_rectangular_matrices(name, dtype, shape):
    agree(RECTANGLES[name], 0.3 * dense(shape, 22, dtype))


@given(small((3, 3)))
@pytest.mark.parametrize("name", ["determinant by Leibniz", "triple product", "power", "chain", "vector product"])
def test_polynomial_identities_hold_everywhere(name, x):
    agree(SQUARES[name], x)


@given(small((3, 3)))
@pytest.mark.parametrize(
    "name", ["solve is the inverse times", "inverse by the adjugate", "Cholesky", "eigh", "svd", "qr", "eig"]
)
def test_identities_hold_away_from_singular_places(name, x):
    agree(SQUARES[name], x / 4)


def test_the_gradient_of_the_logarithm_is_the_inverse():
    a = dense((2, 3, 3), 1)
    gradient = ad.grad(lambda a: la.slogdet(a).logabsdet.sum())(a)
    np.testing.assert_allclose(gradient, np.linalg.inv(a).mT, rtol=1e-12)


def test_least_squares():
    a, b = dense((5, 3), 1), dense((5, 2), 2)

    def ours(a, b):
        x, residuals, _, s = la.lstsq(a, b)
        return ad.sum(x**2) + ad.sum(residuals * np.arange(1, 3)) + ad.sum(ad.log(s))

    def normal(a, b):
        x = la.solve(a.T @ a, a.T @ b)
        return ad.sum(x**2) + ad.sum(ad.sum((b - a @ x) ** 2, axis=0) * np.arange(1, 3)) + ad.log(la.det(a.T @ a)) / 2

    for found, expected in zip(ad.grad(ours, (0, 1))(a, b), ad.grad(normal, (0, 1))(a, b), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("sides", [(10, 100, 5, 50), (2, 30, 30, 1, 9), (5, 4, 3, 2, 1), (1, 2, 3, 4, 5)])
def test_a_chain_takes_the_fewest_multiplications(sides):
    def least(i, j):
        return min((least(i, k) + least(k, j) + sides[i] * sides[k] * sides[j] for k in range(i + 1, j)), default=0)

    arrays = [Tensor(np.ones(shape), requires_grad=True) for shape in pairwise(sides)]
    graph = ad.graph(la.multi_dot(arrays))
    products = [node for node in graph.nodes if node.op is not None]
    costs = [np.size(node.value) * np.shape(graph.nodes[node.inputs[0]].value)[-1] for node in products]
    assert sum(costs) == least(0, len(sides) - 1)


def test_tensor_equations():
    a, b = dense((2, 3, 6), 1), dense((2, 3), 2)
    matrix = lambda f: lambda a: f(ad.reshape(a, (6, 6)))  # noqa: E731
    agree((lambda a: la.tensorsolve(a, b), matrix(lambda m: la.inv(m) @ b.ravel())), a)
    agree((lambda b: la.tensorsolve(a, b), lambda b: la.inv(a.reshape(6, 6)) @ ad.ravel(b)), b)
    agree((lambda a: ad.reshape(la.tensorinv(a), (6, 6)), matrix(la.inv)), a)
    moved = lambda a: ad.reshape(la.inv(a[0]) @ b[0], (3, 1))  # noqa: E731
    agree((lambda a: la.tensorsolve(a, b[0], axes=(0,)), moved), dense((1, 3, 3), 3) + 2 * np.eye(3))


# PyTorch's gradients, of complex matrices


def gauge_free(u):
    return abs(u) ** 2


TORCH = {
    "inv": (lambda la, x: la.inv(x), "square"),
    "det": (lambda la, x: la.det(x), "square"),
    "slogdet": (lambda la, x: la.slogdet(x)[1], "square"),
    "sign": (lambda la, x: la.slogdet(x * (1 + 1j))[0], "square"),
    "solve": (lambda la, x: la.solve(x, x[..., :2] ** 2), "square"),
    "cholesky": (lambda la, x: la.cholesky(x), "positive"),
    "cholesky, upper": (lambda la, x: la.cholesky(x, upper=True), "positive"),
    "eigvalsh": (lambda la, x: la.eigvalsh(x), "positive"),
    "eigh": (lambda la, x: gauge_free(la.eigh(x)[1]), "positive"),
    "eigvals": (lambda la, x: la.eigvals(x) ** 2, "square"),
    "eig": (lambda la, x: gauge_free(la.eig(x)[1]), "square"),
    "svdvals": (lambda la, x: la.svdvals(x), "any"),
    "svd, left": (lambda la, x: gauge_free(la.svd(x, full_matrices=False)[0]), "any"),
    "svd, right": (lambda la, x: gauge_free(la.svd(x, full_matrices=False)[2]), "any"),
    "svd, polar": (lambda la, x: (lambda u, s, v: u @ v)(*la.svd(x, full_matrices=False)), "any"),
    "qr, q": (lambda la, x: la.qr(x)[0], "any"),
    "qr, r": (lambda la, x: la.qr(x)[1], "any"),
    "pinv": (lambda la, x: la.pinv(x), "any"),
    "matrix_power": (lambda la, x: la.matrix_power(x, -3), "square"),
    "norm": (lambda la, x: la.matrix_norm(x), "any"),
    "norm, nuclear": (lambda la, x: la.matrix_norm(x, ord="nuc"), "any"),
    "norm, spectral": (lambda la, x: la.matrix_norm(x, ord=2), "any"),
    "norm of columns": (lambda la, x: la.matrix_norm(x, ord=1), "any"),
    "cond": (lambda la, x: la.cond(x), "any"),
    "cross": (lambda la, x: la.cross(x[..., :3, 0], x[..., :3, 1]), "tall"),
    "tensorinv": (lambda la, x: la.tensorinv(x, ind=1), "one"),
}
KINDS = {
    "one": [(3, 3)],
    "square": [(3, 3), (2, 3, 3)],
    "positive": [(3, 3)],
    "any": [(3, 3), (4, 2), (2, 4), (2, 3, 2)],
    "tall": [(2, 3, 2)],
}


@pytest.mark.parametrize(
    ("function", "kind", "shape"),
    [pytest.param(f, kind, shape, id=f"{name} {shape}") for name, (f, kind) in TORCH.items() for shape in KINDS[kind]],
)
@pytest.mark.parametrize("dtype", [float, complex])
def test_gradients_are_pytorchs(function, kind, shape, dtype):
    torch = pytest.importorskip("torch")
    a = dense(shape, 31, dtype)
    a = a @ np.conj(a.mT) + np.eye(shape[-1]) if kind == "positive" else a
    ours, theirs = Tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    y, z = function(la, ours), function(torch.linalg, theirs)
    np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=1e-9, atol=1e-9)
    weights = dense(y.shape, 32, y.dtype)
    y.backward(weights)
    z.backward(torch.tensor(weights).to(z.dtype))
    expected = theirs.grad.numpy()
    if kind == "positive":  # PyTorch adds a skew part where a gradient flows into imaginary parts that are always 0
        expected = hermitian(expected)
    np.testing.assert_allclose(ours.grad.data, expected, rtol=1e-8, atol=1e-8 * np.max(np.abs(expected), initial=1))


# The awkward places: singular matrices


def cofactors(a):
    """By minors, in whole numbers."""
    n = len(a)
    c = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(a, i, 0), j, 1)
            c[i, j] = (-1) ** (i + j) * (np.linalg.det(minor) if n > 1 else 1)
    return c


@given(st.data())
def test_the_determinant_of_a_singular_matrix(data):
    n = data.draw(st.integers(1, 5))
    rank = data.draw(st.integers(0, n))
    entries = st.integers(-3, 3).map(float)
    a = data.draw(hnp.arrays(float, (n, rank), elements=entries)) @ data.draw(
        hnp.arrays(float, (rank, n), elements=entries)
    )
    expected = cofactors(a)
    scale = 1e-13 * max(1.0, np.abs(a).max(initial=0)) ** (n - 1) * math.factorial(n)
    np.testing.assert_allclose(ad.grad(la.det)(a), expected, atol=scale)
    v = dense((n, n), n)
    np.testing.assert_allclose(ad.jvp(la.det, (a,), (v,))[1], np.sum(expected * v), atol=10 * scale)
    h = 1e-4
    slope = (cofactors(a + h * v) - cofactors(a - h * v)) / (2 * h)
    np.testing.assert_allclose(ad.hvp(la.det, (a,), (v,)), slope, atol=1e7 * scale)


def test_third_derivative_of_a_determinant_at_zero():
    third = ad.jacobian(ad.hessian(la.det))(np.zeros((3, 3)))
    rows = np.einsum("abc,ijk->aibjck", LEVI_CIVITA, LEVI_CIVITA)
    np.testing.assert_allclose(third, rows, atol=1e-12)


@pytest.mark.parametrize("diagonal", [[1.0, 2, 3], [1.0, 2, 0], [1.0, 0, 0]])
def test_third_derivative_of_a_determinant(diagonal):
    a = unit(3, 1) @ np.diag(diagonal) @ unit(3, 2)
    third, expected = (ad.jacobian(ad.hessian(f))(a) for f in (la.det, by_leibniz))
    np.testing.assert_allclose(third, expected, atol=1e-12)


def test_determinants_of_a_stack_of_any_ranks():
    a = np.stack([np.diag(d) for d in ([1.0, 2, 3], [1.0, 2, 0], [1.0, 0, 0], [0.0, 0, 0])])
    gradient = ad.grad(lambda a: la.det(a).sum())(a)
    np.testing.assert_allclose(gradient, [cofactors(x) for x in a], atol=1e-14)
    z = a * np.array([1, 1j, 1 + 1j])
    np.testing.assert_allclose(
        ad.grad(lambda z: ad.real(la.det(z)).sum())(z),
        [np.conj(np.diag([x[1, 1] * x[2, 2], x[0, 0] * x[2, 2], x[0, 0] * x[1, 1]])) for x in z],
        atol=1e-14,
    )


def test_a_determinant_that_is_small_but_not_zero():
    a = np.diag([1e-200, 1.0, 1e100])
    np.testing.assert_allclose(ad.grad(la.det)(a), np.diag([1e100, 1e-100, 1e-200]), rtol=1e-12)


def test_the_logarithm_of_a_singular_determinant():
    a = np.stack([np.zeros((2, 2)), 2 * np.eye(2)])
    t = Tensor(a, requires_grad=True)
    sign, logarithm = la.slogdet(t)
    assert sign.tolist() == [0, 1]
    assert logarithm.tolist() == [-math.inf, math.log(4)]
    ad.where(sign != 0, logarithm, 0.0).sum().backward()
    np.testing.assert_array_equal(t.grad.data, [np.zeros((2, 2)), np.eye(2) / 2])
    t.zero_grad()
    logarithm.sum().backward()
    assert np.isnan(t.grad.data[0]).all()
    assert np.array_equal(t.grad.data[1], np.eye(2) / 2)


def test_condition_of_a_singular_matrix():
    a = np.diag([1.0, 0.0])
    for p in ORDERS:
        assert la.cond(a, p).item() == (0 if p == -2 else math.inf)
        assert la.cond(np.stack([a, np.eye(2)]), p).data.tolist()[1] == pytest.approx(la.cond(np.eye(2), p).item())
    assert la.cond(np.zeros((2, 2))).item() == math.inf
    with np.errstate(invalid="ignore"):
        assert math.isnan(la.cond(np.full((2, 2), math.nan), 1).item())


#: norms whose gradient is a choice: function, argument, gradient
NORMS = [
    ("nuclear norm at 0", lambda x: la.norm(x, "nuc"), np.zeros((2, 2)), np.zeros((2, 2))),
    ("nuclear norm, rank 1", lambda x: la.norm(x, "nuc"), np.diag([2.0, 0.0]), np.diag([1.0, 0.0])),
    ("nuclear norm, equal values", lambda x: la.norm(x, "nuc"), 2 * np.eye(2), np.eye(2)),
    ("Frobenius norm at 0", la.norm, np.zeros((2, 2)), np.zeros((2, 2))),
    ("spectral norm at 0", lambda x: la.norm(x, 2), np.zeros((2, 3)), np.zeros((2, 3))),
    ("spectral norm, equal values", lambda x: la.norm(x, 2), 3 * np.eye(2), np.eye(2) / 2),
    ("greatest column, ties", lambda x: la.norm(x, 1), np.array([[1.0, -1.0]]), np.array([[0.5, -0.5]])),
    ("vector norm at 0", lambda x: la.vector_norm(x, ord=3), np.zeros(3), np.zeros(3)),
    ("number of nonzeros", lambda x: la.vector_norm(x, ord=0) + 0 * x[0], np.ones(3), np.zeros(3)),
    ("sum of equal eigenvalues", lambda x: la.eigvalsh(x).sum(), np.eye(3), np.eye(3)),
    ("sum of equal squares", lambda x: (la.eigvalsh(x) ** 2).sum(), 3 * np.eye(3), 6 * np.eye(3)),
    ("sum of equal singular values", lambda x: (la.svdvals(x) ** 2).sum(), 3 * np.eye(3), 6 * np.eye(3)),
    ("zeroth power", lambda x: la.matrix_power(x, 0).sum(), np.full((2, 2), math.nan), np.zeros((2, 2))),
]


@pytest.mark.parametrize(("f", "x", "expected"), [c[1:] for c in NORMS], ids=[c[0] for c in NORMS])
def test_choices_of_gradients(f, x, expected):
    np.testing.assert_allclose(ad.grad(f)(x), expected, atol=1e-15)
    _, forward = ad.jvp(f, (x,), (np.ones(x.shape),))
    np.testing.assert_allclose(forward, expected.sum(), atol=1e-15)


# What a matrix does not determine


def twice(n, seed, dtype=float):
    """A Hermitian matrix, of which one eigenvalue is repeated but for rounding."""
    v = unit(n, seed, dtype)
    return hermitian((v * np.array([2.0, 2.0, *range(5, 3 + n)])) @ np.conj(v.T))


@pytest.mark.parametrize("dtype", [float, complex])
def test_repeated_eigenvalues(dtype):
    a, c = twice(4, 3, dtype), hermitian(dense((4, 4), 4, dtype))
    np.testing.assert_allclose(ad.grad(lambda a: (la.eigvalsh(a) ** 3).sum())(a), 3 * a @ a, atol=1e-12)
    for f in (lambda a: rebuilt_from_eigh(a, ad.sqrt), lambda a: la.eigh(a).eigenvectors[..., 0]):
        with pytest.raises(LinAlgError, match="eigenvalues that coincide"):
            ad.grad(lambda a, f=f: ad.sum(ad.abs(f(a) * dense(f(a).shape, 5)) ** 2))(a)
    last = lambda a: (lambda v: ad.real(ad.sum(ad.conj(v) * (c @ v))))(la.eigh(a).eigenvectors[..., 3])  # noqa: E731
    h, v = 1e-5, hermitian(dense((4, 4), 6, dtype))
    slope = (last(a + h * v).item() - last(a - h * v).item()) / (2 * h)
    assert np.sum(np.real(np.conj(ad.grad(last)(a)) * v)) == pytest.approx(slope, rel=1e-6)
    assert ad.jvp(last, (a,), (v,))[1] == pytest.approx(slope, rel=1e-6)
    _, (dw, dv) = ad.jvp(la.eigh, (a,), (v,))
    assert np.isfinite(dw).all()
    assert np.isnan(dv).any(axis=0).tolist() == [True, True, False, False]


def test_repeated_singular_values():
    u, v = unit(4, 1), unit(3, 2)
    a = (u[:, :3] * [2.0, 1.0, 1.0]) @ v
    np.testing.assert_allclose(ad.grad(lambda a: (la.svdvals(a) ** 2).sum())(a), 2 * a, atol=1e-12)
    with pytest.raises(LinAlgError, match="singular values that coincide"):
        ad.grad(lambda a: ad.sum(rebuilt_from_svd(a) * dense((4, 3), 1)))(a)
    first = lambda a: ad.sum(la.svd(a, full_matrices=False).U[:, 0] ** 2 * np.arange(4.0))  # noqa: E731
    assert ad.jvp(first, (a,), (a,))[1] == pytest.approx(0, abs=1e-12)
    assert np.sum(ad.grad(first)(a) * dense((4, 3), 2)) == pytest.approx(ad.jvp(first, (a,), (dense((4, 3), 2),))[1])


def test_null_vectors_and_vectors_beyond():
    a = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(LinAlgError, match="singular value 0"):
        ad.grad(lambda a: ad.sum(la.svd(a, full_matrices=False).U[:, 1] * dense((3,), 1)))(a)
    b = dense((4, 2), 3)
    with pytest.raises(LinAlgError, match="beyond the singular values"):
        ad.grad(lambda b: ad.sum(la.svd(b).U))(b)
    with pytest.raises(LinAlgError, match="columns of Q beyond"):
        ad.grad(lambda b: ad.sum(la.qr(b, "complete").Q))(b)
    used = ad.grad(lambda b: ad.sum(la.qr(b, "complete").Q[:, :2] ** 3) + ad.sum(la.qr(b, "complete").R))(b)
    np.testing.assert_allclose(used, ad.grad(lambda b: ad.sum(la.qr(b).Q ** 3) + ad.sum(la.qr(b).R))(b))
    assert np.isnan(ad.jvp(lambda b: la.svd(b).U, (b,), (b,))[1]).all(axis=0).tolist() == [False, False, True, True]
    assert np.isnan(ad.jvp(lambda b: la.qr(b, "complete").Q, (b,), (b,))[1]).all(axis=0).tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_phases():
    a, b = hermitian(dense((3, 3), 1, complex)), dense((3, 2), 2, complex)
    for f, x in (
        (lambda a: ad.sum(ad.real(la.eigh(a).eigenvectors)), a),
        (lambda a: ad.sum(ad.imag(la.eig(a).eigenvectors)), a),
        (lambda a: ad.sum(ad.real(la.eig(a).eigenvectors)), dense((3, 3), 7)),
        (lambda b: ad.sum(ad.real(la.svd(b, full_matrices=False).U)), b),
        (lambda b: ad.sum(ad.real(la.svd(b, full_matrices=False).Vh)), b),
    ):
        with pytest.raises(LinAlgError, match="phases"):
            ad.grad(f)(x)


def test_real_eigenvectors_have_no_phase():
    a = hermitian(dense((3, 3), 1))
    v = hermitian(dense((3, 3), 2))
    f = lambda a: ad.sum(la.eigh(a).eigenvectors * np.arange(9.0).reshape(3, 3))  # noqa: E731
    h = 1e-5
    assert np.sum(ad.grad(f)(a) * v) == pytest.approx((f(a + h * v).item() - f(a - h * v).item()) / (2 * h), rel=1e-6)


def test_defective_and_dependent():
    with pytest.raises(LinAlgError, match="defective"):
        ad.grad(lambda a: la.eigvals(a).sum())(np.array([[1.0, 1.0], [0.0, 1.0]]))
    with pytest.raises(LinAlgError, match="depend on each other"):
        ad.grad(lambda a: la.qr(a).R.sum())(np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]]))


# One triangle is read


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("name", ["cholesky", "eigh"])
def test_the_gradient_is_hermitian_or_that_of_what_was_read(name, upper):
    symmetric = hermitian(dense((3, 3), 1)) + 8 * np.eye(3)

    def f(a):
        if name == "cholesky":
            return ad.sum(la.cholesky(a, upper=upper) ** 2 * np.arange(9.0).reshape(3, 3))
        return ad.sum(la.eigh(a, "U" if upper else "L").eigenvalues * np.arange(3.0))

    whole = ad.grad(f)(symmetric)
    np.testing.assert_allclose(whole, whole.T, atol=1e-12)
    read = (np.triu if upper else np.tril)(symmetric)
    half = ad.grad(f)(read + 0.5 * (symmetric - read))
    np.testing.assert_allclose(half, (np.triu if upper else np.tril)(2 * whole) - np.diag(np.diag(whole)), atol=1e-12)
    nearly = symmetric * (1 + 1e-15 * dense((3, 3), 2))
    np.testing.assert_allclose(ad.grad(f)(nearly), whole, atol=1e-12)


# Types, sizes, bad input


def test_single_precision_is_kept():
    a = (dense((3, 3), 1) + 4 * np.diag([1.0, 2, 3])).astype(np.float32)
    spd = (a @ a.T + np.eye(3)).astype(np.float32)
    cases = [
        *((f, a) for f in (la.inv, la.det, la.pinv, la.svdvals, la.norm, la.cond, la.eigvals)),
        *((f, spd) for f in (la.cholesky, la.eigvalsh)),
        (lambda a: la.slogdet(a).logabsdet, a),
        (lambda a: la.solve(a, a), a),
        (lambda a: la.qr(a).Q, a),
        (lambda a: la.svd(a).U, a),
        (lambda a: la.eigh(a).eigenvectors, spd),
        (lambda a: la.lstsq(a, a[0])[0], a),
        (lambda a: la.det(a - a), a),
        *((lambda a, p=p: la.cond(a, p), a) for p in ORDERS),
        *((lambda a, p=p: la.norm(a, p), a) for p in ORDERS),
        (lambda a: la.matrix_power(a, -2), a),
        (lambda a: ad.kron(a, a), a),
        (lambda a: ad.cross(a, a.T), a),
    ]
    for f, x in cases:
        t = Tensor(x, requires_grad=True)
        y = f(t)
        assert y.dtype == np.float32
        y.sum().backward()
        assert t.grad.dtype == np.float32
        assert ad.jvp(f, (x,), (x,))[1].dtype == np.float32


EMPTY = {
    **{
        f.__name__: (f, (0, 0))
        for f in (la.inv, la.det, la.cholesky, la.eigvalsh, la.eigvals, la.svdvals, la.pinv, la.norm)
    },
    "slogdet": (lambda x: la.slogdet(x).logabsdet, (2, 0, 0)),
    "eigh": (lambda x: la.eigh(x).eigenvectors, (2, 0, 0)),
    "eig": (lambda x: la.eig(x).eigenvectors, (2, 0, 0)),
    "no matrices": (la.det, (0, 3, 3)),
    "no matrices to invert": (la.inv, (0, 3, 3)),
    "svd": (lambda x: la.svd(x, full_matrices=False).U, (3, 0)),
    "svd, wide": (lambda x: la.svd(x, full_matrices=False).Vh, (0, 3)),
    "qr": (lambda x: la.qr(x).Q, (3, 0)),
    "qr, wide": (lambda x: la.qr(x).R, (0, 3)),
    "pinv": (la.pinv, (3, 0)),
    "solve": (lambda x: la.solve(x, x[:, 0:0]), (0, 0)),
    "no right-hand sides": (lambda x: la.solve(np.eye(3), x), (3, 0)),
    "lstsq": (lambda x: la.lstsq(x, np.ones(3))[0], (3, 0)),
    **{f"norm {p}": (lambda x, p=p: la.norm(x, p), (0, 0)) for p in (None, "fro", "nuc", 1, 2, math.inf)},
    "vector_norm": (lambda x: la.vector_norm(x, ord=math.inf), (0,)),
    "matrix_power": (lambda x: la.matrix_power(x, 3), (0, 0)),
    "multi_dot": (lambda x: la.multi_dot([x, x.T, x]), (0, 3)),
    "kron": (lambda x: ad.kron(x, np.ones(2)), (0, 3)),
    "cross": (lambda x: ad.cross(x, x), (0, 3)),
    "trace": (la.trace, (0, 3)),
}


@pytest.mark.parametrize(("f", "shape"), EMPTY.values(), ids=EMPTY.keys())
def test_matrices_without_elements(f, shape):
    x = np.zeros(shape)
    gradient = ad.grad(lambda x: ad.sum(f(x)))(x)
    assert gradient.shape == shape
    assert np.shape(ad.jvp(f, (x,), (x,))[1]) == np.shape(f(Tensor(x)).data)


ones, eye = np.ones((2, 3)), np.eye(2)
BAD = {
    **{
        f.__name__: (lambda f=f: f(ones), LinAlgError, rf"{f.__name__}.*square.*\(2, 3\)")
        for f in (la.inv, la.det, la.slogdet, la.cholesky, la.eigh, la.eig)
    },
    **{
        f"{f.__name__} of a vector": (lambda f=f: f(ones[0]), LinAlgError, r"matrices.*\(3,\)")
        for f in (la.svd, la.qr, la.pinv)
    },
    "power": (lambda: la.matrix_power(ones, 2), LinAlgError, r"matrix_power.*\(2, 3\)"),
    "power, not an integer": (lambda: la.matrix_power(eye, 0.5), TypeError, "integer"),
    "singular": (lambda: la.inv(np.ones((2, 2))), LinAlgError, r"inv.*\(2, 2\).*Singular"),
    "singular system": (lambda: la.solve(np.ones((2, 2)), ones), LinAlgError, r"solve.*Singular"),
    "system": (lambda: la.solve(eye, np.ones(3)), ValueError, r"solve.*\(2, 2\), \(3,\)"),
    "not square": (lambda: la.solve(ones, ones), LinAlgError, r"solve.*\(2, 3\)"),
    "not positive": (lambda: la.cholesky(-eye), LinAlgError, "positive definite"),
    "triangle": (lambda: la.eigh(eye, "X"), ValueError, "'X'"),
    "mode": (lambda: la.qr(eye, "raw"), TypeError, "raw"),
    "norm": (lambda: la.norm(eye, 3), ValueError, "ord=3"),
    "norm of a vector": (lambda: la.norm(eye[0], "nuc"), ValueError, "nuc"),
    "three axes": (lambda: la.norm(np.ones((2, 2, 2)), 2), ValueError, "3 axes"),
    "one axis twice": (lambda: la.norm(eye, 2, axis=(0, -2)), ValueError, "two different axes"),
    "tolerances": (lambda: la.pinv(eye, 1e-3, rtol=1e-3), ValueError, "not both"),
    "rows": (lambda: la.lstsq(ones, np.ones(3)), LinAlgError, r"\(2, 3\) and \(3,\)"),
    "stack": (lambda: la.lstsq(np.ones((2, 2, 2)), eye), LinAlgError, r"\(2, 2, 2\)"),
    "condition": (lambda: la.cond(np.ones((0, 0))), LinAlgError, "without elements"),
    "condition, not square": (lambda: la.cond(ones, 1), LinAlgError, r"\(2, 3\)"),
    "chain": (lambda: la.multi_dot([ones, ones]), ValueError, r"match.*\(2, 3\)"),
    "chain of one": (lambda: la.multi_dot([ones]), ValueError, "two"),
    "chain, vector inside": (lambda: la.multi_dot([ones, ones[0], ones]), ValueError, "vectors"),
    "tensor": (lambda: la.tensorinv(np.ones((2, 3, 4))), LinAlgError, r"\(2, 3\) and \(4,\)"),
    "tensor, axes": (lambda: la.tensorinv(eye, 0), ValueError, "ind"),
    "tensor system": (lambda: la.tensorsolve(np.ones((2, 3)), np.ones(2)), LinAlgError, "square system"),
    "cross": (lambda: ad.cross(np.ones(4), np.ones(4)), ValueError, r"\(4,\)"),
    "cross of the standard": (lambda: la.cross(np.ones(2), np.ones(2)), ValueError, r"\(2,\)"),
    "outer": (lambda: la.outer(eye, eye), ValueError, "vectors"),
    "trace": (lambda: la.trace(np.ones(2)), LinAlgError, r"\(2,\)"),
}


@pytest.mark.parametrize(("call", "error", "says"), BAD.values(), ids=BAD.keys())
def test_bad_input(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_lists_and_integers_will_do():
    assert la.det([[1, 2], [3, 4]]).item() == pytest.approx(-2)
    assert la.norm([3, 4]).item() == 5
    assert la.norm([[3, 0], [0, 4]], 2).item() == 4
    assert la.inv(Tensor([[2, 0], [0, 4]])).tolist() == [[0.5, 0], [0, 0.25]]
    assert la.cholesky([[4, 0], [0, 9]]).tolist() == [[2, 0], [0, 3]]
    assert la.qr([[1, 2, 3]], "r").shape == (1, 3)
    assert la.matrix_power([[1, 1], [0, 1]], 0).tolist() == [[1, 0], [0, 1]]
    assert ad.cross([1, 0, 0], [0, 1, 0]).tolist() == [0, 0, 1]
    assert la.matrix_rank([[1, 2], [2, 4]]).item() == 1
    assert la.vector_norm([1, 0, 2], ord=0).item() == 2
