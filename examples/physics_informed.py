"""A differential equation solved by a network whose loss holds its own second derivative: the damped oscillator.

    u'' + 2 g u' + w^2 u = 0,   u(0) = 1,   u'(0) = 0

A network N makes u(t) = 1 + tanh(t)^2 N(t), which fulfils both conditions whatever N is.  The loss is the mean square
of the equation's left-hand side, the residual; no solution is ever shown to the network.  u' and u'' are derivatives by
t, and the optimizer's gradient, by the weights, goes through them: three derivatives inside each other.  Against the
closed form it is wrong by less than 0.0001 everywhere in the six seconds, after 500 steps of LBFGS.
"""

import sys

import numpy as np

import autodiff as ad
import nn

quick = "--quick" in sys.argv
g, w = 0.3, 2.0
end = 3.0 if quick else 6.0  # seconds

layers = [nn.Linear(1, 24, dtype=np.float64, rng=0), nn.Linear(24, 24, dtype=np.float64, rng=1)]
last = nn.Linear(24, 1, dtype=np.float64, rng=2)
# tanh is smooth; the second derivative of ReLU would be 0 everywhere
model = nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), last)


def u(t):
    return 1 + ad.tanh(t) ** 2 * model(2 * t / end - 1)


def derivative(f):
    """df/dt at many times at once, by pushing dt = 1 through f: each u(t) depends on its own t only."""
    return lambda t: ad.jvp(f, (t,), (np.ones(t.shape),))[1]


def residual(t):
    du, ddu = derivative(u), derivative(derivative(u))
    return ddu(t) + 2 * g * du(t) + w**2 * u(t)


def exact(t):
    v = np.sqrt(w**2 - g**2)
    return np.exp(-g * t) * (np.cos(v * t) + g / v * np.sin(v * t))


times = np.linspace(0, end, 32 if quick else 80)[:, None]
optimizer = nn.optim.LBFGS(
    model.parameters(), max_iter=25, history_size=50, tolerance_change=1e-14, line_search_fn="strong_wolfe"
)


def closure():
    """What LBFGS calls as often as it wants, in search of a good step."""
    optimizer.zero_grad()
    loss = (residual(times) ** 2).mean()
    loss.backward()
    return loss


for step in range(4 if quick else 24):
    loss = optimizer.step(closure)
    if quick or step % 4 == 0:
        print(f"after {25 * step:>4} steps: mean square of the residual {loss.item():.2e}", flush=True)

print("\n  t      network    exact")
between = np.linspace(0, end, 301)[:, None]  # times that it was not trained on, too
with ad.no_grad():
    found = u(between).numpy()
for k in range(0, 301, 50):
    print(f"{between[k, 0]:5.2f}{found[k, 0]:11.5f}{exact(between)[k, 0]:11.5f}")
worst = np.abs(found - exact(between)).max()
print(f"\ngreatest error {worst:.1e}")
assert worst < (1e-2 if quick else 1e-3)
