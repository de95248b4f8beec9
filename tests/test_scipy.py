"""SciPy's optimisers take gradients, Hessians and their products as they come."""

import numpy as np
import pytest

import autodiff as ad

optimize = pytest.importorskip("scipy.optimize")
x0 = np.array([1.3, 0.7, 0.8, 1.9])


def rosenbrock(x):
    return ad.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("BFGS", {}),
        ("L-BFGS-B", {}),
        ("Newton-CG", {"hessp": ad.hvp(rosenbrock)}),
        ("trust-ncg", {"hessp": ad.hvp(rosenbrock)}),
        ("trust-exact", {"hess": ad.hessian(rosenbrock)}),
        ("trust-constr", {"hess": ad.hessian(rosenbrock)}),
    ],
)
def test_minimize(method, given):
    fit = optimize.minimize(ad.value_and_grad(rosenbrock), x0, jac=True, method=method, **given)
    np.testing.assert_allclose(fit.x, 1, atol=1e-4)


def test_arguments_of_ones_own_are_handed_on():
    def cost(x, target, power):
        return ad.sum((x - target) ** power)

    fit = optimize.minimize(
        ad.value_and_grad(cost), np.zeros(3), args=(np.arange(3.0), 2), jac=True, hessp=ad.hvp(cost), method="Newton-CG"
    )
    np.testing.assert_allclose(fit.x, np.arange(3), atol=1e-8)


def test_least_squares_and_root_take_a_jacobian():
    t = np.linspace(0, 1, 20)

    def residuals(p):
        return p[0] * ad.exp(-p[1] * t) - 3 * np.exp(-2 * t)

    fit = optimize.least_squares(lambda p: residuals(p).numpy(), [1.0, 1.0], jac=ad.jacobian(residuals))
    np.testing.assert_allclose(fit.x, [3, 2], rtol=1e-8)

    def equations(x):
        return ad.stack([x[0] ** 2 + x[1] ** 2 - 2, x[0] - x[1]])

    found = optimize.root(lambda x: equations(x).numpy(), [2.0, 0.5], jac=ad.jacobian(equations))
    np.testing.assert_allclose(found.x, [1, 1], rtol=1e-8)
