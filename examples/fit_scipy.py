"""A network fitted by one of SciPy's optimisers, which knows nothing of networks.

`scipy.optimize.minimize` wants a function of one vector, and its gradient.  So all parameters become one vector theta
(`nn.utils.parameters_to_vector`), and each time SciPy asks, theta goes back into the network.  Its L-BFGS-B estimates
the curvature from the gradients and takes far better steps than gradient descent, if the cost is of all the data and
not of a mini-batch.  Needs SciPy: pip install 'autodiff-nn[scipy]'.  With 604 gradients it comes to a cost of 8e-12,
Adam with as many to 9e-6.
"""

import sys

import numpy as np
from scipy.optimize import minimize

import autodiff as ad
import nn
from nn.utils import parameters_to_vector, vector_to_parameters

quick = "--quick" in sys.argv
evaluations = 200 if quick else 800

# What is to be learned: Runge's function, at which polynomials through equally distant points fail.
x = np.linspace(-1, 1, 101)[:, None]
y = 1 / (1 + 25 * x**2)


def network():
    # float64, as everything is in SciPy: it looks for differences that float32 would round away
    return nn.Sequential(
        nn.Linear(1, 10, dtype=np.float64, rng=1),
        nn.Tanh(),
        nn.Linear(10, 10, dtype=np.float64, rng=2),
        nn.Tanh(),
        nn.Linear(10, 1, dtype=np.float64, rng=3),
    )


def cost(model):
    return ((model(x) - y) ** 2).mean()


model = network()


def cost_and_gradient(theta):
    vector_to_parameters(theta, model.parameters())
    model.zero_grad()
    value = cost(model)
    value.backward()
    return value.item(), parameters_to_vector([p.grad for p in model.parameters()]).numpy()


start = parameters_to_vector(model.parameters()).numpy()
print(f"{len(start)} parameters, {len(x)} points; cost {cost(model).item():.2e} at the start\n")
options = {"maxfun": evaluations, "maxiter": evaluations, "ftol": 0, "gtol": 1e-9, "maxcor": 50}
fit = minimize(cost_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
vector_to_parameters(fit.x, model.parameters())
print(f"L-BFGS-B: cost {fit.fun:.2e} after {fit.nfev} gradients; {fit.message}")

# The same network, the same number of gradients, by a usual optimizer of networks.
rival = network()
optimizer = nn.optim.Adam(rival.parameters(), lr=0.01)
for _ in range(fit.nfev):
    optimizer.zero_grad()
    cost(rival).backward()
    optimizer.step()
print(f"Adam:     cost {cost(rival).item():.2e} after {fit.nfev} gradients\n")

with ad.no_grad():
    for k in range(0, 101, 20):
        print(f"x = {x[k, 0]:+.1f}   y = {y[k, 0]:.6f}   network {model(x[k]).item():.6f}")
worst = np.abs(model(x).detach().numpy() - y).max()
print(f"greatest error {worst:.1e}")
assert fit.fun < 0.1 * cost(rival).item(), "L-BFGS-B makes more of each gradient"
assert worst < (1e-2 if quick else 1e-3)
