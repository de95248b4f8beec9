"""Who checks: how each checker is given a NumPy function, its hand-written derivative and a point.

Each as its users have it, with its own tolerances, in reverse mode and first order; JAX with 64 bits switched on.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.testing import check_vjp
from benchmarks.checkers.functions import Args
from benchmarks.checkers.trials import Checker

#: PyTorch builds the whole Jacobian, twice: more numbers than this take minutes.
_LARGEST_JACOBIAN = 10**4


def _several(found: Any) -> Args:
    """The gradients as a tuple, also of one argument."""
    return found if isinstance(found, tuple) else (found,)


def autodiff() -> Checker:
    """Ours: `autodiff.testing.check_vjp`."""
    return lambda f, vjp, args: check_vjp(f, vjp, *args, raises=False).verdict


def torch() -> Checker:
    """`torch.autograd.gradcheck` of a `torch.autograd.Function` that computes in NumPy."""
    import torch

    torch.set_num_threads(1)

    def check(f: Any, vjp: Any, args: Args) -> str:
        if math.prod(np.shape(f(*args))) * sum(np.size(x) for x in args) > _LARGEST_JACOBIAN:
            return "too large"

        class Function(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *xs: Any) -> Any:
                ctx.save_for_backward(*xs)
                return torch.from_numpy(np.array(f(*(x.detach().numpy() for x in xs))))

            @staticmethod
            def backward(ctx: Any, *gs: Any) -> Any:
                found = vjp(gs[0].numpy(), *(x.detach().numpy() for x in ctx.saved_tensors))
                return tuple(torch.from_numpy(np.array(d)) for d in _several(found))

        inputs = [torch.tensor(x, requires_grad=True) for x in args]
        return "right" if torch.autograd.gradcheck(Function.apply, inputs) else "wrong"

    return check


def jax() -> Checker:
    """`jax.test_util.check_grads` of a `jax.custom_vjp` that computes in NumPy, which it can as nothing is compiled."""
    import jax
    import jax.test_util

    jax.config.update("jax_enable_x64", True)

    def check(f: Any, vjp: Any, args: Args) -> str:
        @jax.custom_vjp
        def function(*xs: Any) -> Any:
            return jax.numpy.asarray(f(*map(np.asarray, xs)))

        def backward(xs: Any, g: Any) -> Any:
            return tuple(map(jax.numpy.asarray, _several(vjp(*map(np.asarray, (g, *xs))))))

        function.defvjp(lambda *xs: (function(*xs), xs), backward)
        jax.test_util.check_grads(function, args, order=1, modes=("rev",))
        return "right"

    return check


def autograd() -> Checker:
    """`autograd.test_util.check_grads` of a primitive with its `defvjp`."""
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def check(f: Any, vjp: Any, args: Args) -> str:
        function = primitive(lambda *xs: f(*xs))
        makers = [lambda y, *xs, i=i: lambda g: _several(vjp(g, *xs))[i] for i in range(len(args))]
        defvjp(function, *makers)
        np.random.seed(0)  # it draws its directions from there
        check_grads(function, tuple(range(len(args))), modes=["rev"], order=1)(*args)
        return "right"

    return check


#: Every checker, by the package that it comes from; ours first.
CHECKERS: dict[str, Callable[[], Checker]] = {f.__name__: f for f in (autodiff, torch, jax, autograd)}


def installed() -> list[str]:
    """Those whose package is installed, ours first."""
    return [name for name in CHECKERS if importlib.util.find_spec(name) is not None]
