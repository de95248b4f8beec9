"""Whatever a user does with Tensors, in any order: values, gradients and errors are those of a naive model.

The model has plain arrays.  For every tensor it keeps the value, lying in memory as NumPy has it, so that writes reach
views as they should, and the dense Jacobian with respect to every leaf, by textbook derivatives in forward mode.
"""

import gc
import weakref
from dataclasses import dataclass, field

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

import autodiff as ad
from autodiff import Tensor

SHAPES = [(), (2,), (3,), (2, 3), (1, 3), (2, 1)]
UNARY = {
    "negative": lambda x: (-x, -np.ones_like(x)),
    "sin": lambda x: (np.sin(x), np.cos(x)),
    "tanh": lambda x: (np.tanh(x), 1 - np.tanh(x) ** 2),
    "square": lambda x: (x * x, 2 * x),
    "relu": lambda x: (np.maximum(x, 0), np.where(x > 0, 1.0, 0.0)),
}
BINARY = {
    "add": lambda a, b: (a + b, np.ones_like(a), np.ones_like(b)),
    "subtract": lambda a, b: (a - b, np.ones_like(a), -np.ones_like(b)),
    "multiply": lambda a, b: (a * b, b, a),
}
KEYS = [0, -1, slice(None, None, -1), slice(1, None), [0, 0], [-1, 0, -1], (slice(None), 0), (0, [1, 1])]
LARGE = 1e3


@dataclass
class Known:
    """A tensor, and what the model knows of it."""

    tensor: Tensor
    value: np.ndarray
    #: For each leaf, by its number, the derivative: an array of the shape of the value, and an axis for the leaf.
    jacobian: dict[int, np.ndarray] = field(default_factory=dict)
    #: The numbers of the recorded results that it was computed from.
    history: frozenset[int] = frozenset()
    is_leaf: bool = True
    grad: np.ndarray | None = None


def unit(shape):
    n = int(np.prod(shape))
    return np.eye(n).reshape(*shape, n)


def spread(jacobian, shape, out):
    """A Jacobian of a value that was broadcast."""
    n = jacobian.shape[-1]
    return np.broadcast_to(jacobian.reshape((1,) * (len(out) - len(shape)) + (*shape, n)), (*out, n))


def combined(out, *terms):
    """The Jacobian of a result: of each argument its value, its Jacobians, and the partial derivative."""
    total = {}
    for value, jacobian, partial in terms:
        for leaf, j in jacobian.items():
            total[leaf] = total.get(leaf, 0) + spread(j, value.shape, out) * np.broadcast_to(partial, out)[..., None]
    return total


class Actions(RuleBasedStateMachine):
    """A user."""

    tensors = Bundle("tensors")
    leaves = st.sampled_from(SHAPES).flatmap(
        lambda shape: st.lists(
            st.integers(-8, 8).map(lambda k: k / 4), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))
        ).map(lambda numbers: np.array(numbers, float).reshape(shape))
    )

    def __init__(self):
        super().__init__()
        gc.disable()
        self.known = {}
        self.shapes = {}
        self.freed = set()
        self.perhaps_freed = set()
        self.used = set()
        self.seen = []
        self.written = False
        self.number = 0

    def teardown(self):
        try:
            self.known.clear()
            assert not [ref() for ref in self.seen if ref() is not None], "something is left without the collector"
        finally:
            gc.enable()

    def keep(self, tensor, value, jacobian=None, of=()):
        """Note a tensor and its model; what grew too large is dropped at once."""
        self.used.update(of)
        if value.size and np.max(np.abs(value)) > LARGE:
            return multiple()
        self.number += 1
        self.seen.append(weakref.ref(tensor))
        history = frozenset().union(*(self.known[i].history for i in of if self.known[i].jacobian))
        recorded = bool(jacobian)
        self.known[self.number] = Known(
            tensor,
            value,
            jacobian or {},
            history | {self.number} if recorded else frozenset(),
            is_leaf=not recorded,
        )
        return self.number

    # Making

    @rule(target=tensors, value=leaves, requires_grad=st.sampled_from([True, True, True, False]))
    def create(self, value, requires_grad):
        i = self.keep(Tensor(value, requires_grad=requires_grad), value[()] if value.ndim == 0 else value.copy())
        if requires_grad:
            self.follow(i)
        return i

    def follow(self, i):
        """Make it a leaf that has a gradient."""
        known = self.known[i]
        known.jacobian = {i: unit(np.shape(known.value))}
        self.shapes[i] = np.shape(known.value)

    @rule(target=tensors, i=tensors, name=st.sampled_from(sorted(UNARY)))
    def unary(self, i, name):
        x = self.known[i]
        y, d = UNARY[name](x.value)
        return self.keep(getattr(ad, name)(x.tensor), y, combined(np.shape(y), (x.value, x.jacobian, d)), [i])

    @rule(target=tensors, i=tensors, j=tensors, name=st.sampled_from(sorted(BINARY)), recording=st.integers(0, 4))
    def binary(self, i, j, name, recording):
        a, b = self.known[i], self.known[j]
        try:
            y, da, db = BINARY[name](a.value, b.value)
        except ValueError:  # shapes that do not broadcast
            return multiple()
        if recording:
            made = getattr(ad, name)(a.tensor, b.tensor)
            jacobian = combined(np.shape(y), (a.value, a.jacobian, da), (b.value, b.jacobian, db))
        else:
            with ad.no_grad():
                made, jacobian = getattr(ad, name)(a.tensor, b.tensor), {}
        return self.keep(made, y, jacobian, [i, j])

    @rule(target=tensors, i=tensors, key=st.sampled_from(KEYS))
    def index(self, i, key):
        x = self.known[i]
        try:
            y = x.value[key]
        except IndexError:
            return multiple()
        return self.keep(x.tensor[key], y, {leaf: j[key] for leaf, j in x.jacobian.items()}, [i])

    @rule(target=tensors, i=tensors, axis=st.sampled_from([None, 0, 1]), keepdims=st.booleans())
    def reduce(self, i, axis, keepdims):
        x = self.known[i]
        if axis is not None and axis >= x.value.ndim:
            return multiple()
        axes = tuple(range(x.value.ndim)) if axis is None else (axis,)
        jacobian = {leaf: j.sum(axes, keepdims=keepdims) for leaf, j in x.jacobian.items()}
        value = x.value.sum(axis, keepdims=keepdims)
        return self.keep(ad.sum(x.tensor, axis=axis, keepdims=keepdims), value, jacobian, [i])

    @rule(target=tensors, i=tensors)
    def transpose(self, i):
        x = self.known[i]
        axes = tuple(range(x.value.ndim))[::-1]
        jacobian = {leaf: j.transpose(*axes, x.value.ndim) for leaf, j in x.jacobian.items()}
        return self.keep(x.tensor.T, x.value.T, jacobian, [i])

    @rule(target=tensors, i=tensors)
    def detach(self, i):
        x = self.known[i]
        return self.keep(x.tensor.detach(), x.value)

    @rule(i=tensors)
    def require_a_gradient(self, i):
        x = self.known[i]
        if i in self.used and not x.jacobian:  # then what was recorded before gives it a gradient, too
            return
        assert x.tensor.requires_grad_() is x.tensor
        if not x.jacobian:
            self.follow(i)

    # Writing

    @rule(i=tensors, j=tensors, key=st.sampled_from(KEYS))
    def assign(self, i, j, key):
        t, v = self.known[i], self.known[j]
        if i in v.history:  # of which a cycle is left: t[0] = f(t) is known to need the collector
            return
        try:
            np.broadcast_to(v.value, np.shape(t.value[key]))
        except (IndexError, ValueError):
            return
        if not (t.jacobian or v.jacobian):
            t.tensor[key] = v.tensor
            t.value[key] = v.value
            self.written = True
            return
        try:
            t.tensor[key] = v.tensor
        except TypeError:  # it cannot be recorded
            assert (t.jacobian and t.is_leaf) or t.value.base is not None
            return
        assert not (t.jacobian and t.is_leaf)
        assert t.value.base is None
        self.used.update((i, j))
        leaves = t.jacobian.keys() | v.jacobian.keys()
        places, old = np.shape(t.value[key]), t.value
        t.value = old.copy()
        t.value[key] = v.value
        jacobian = {}
        for leaf in leaves:
            n = int(np.prod(self.shapes[leaf]))
            jacobian[leaf] = t.jacobian.get(leaf, np.zeros((*old.shape, n))).copy()
            jacobian[leaf][key] = spread(v.jacobian[leaf], v.value.shape, places) if leaf in v.jacobian else 0
        self.number += 1
        t.jacobian, t.is_leaf, t.history = jacobian, False, t.history | v.history | {i, self.number}

    def overwrite(self, t, key, number):
        """Write elements where they are, if there are such, outside of any recording."""
        if not np.ndim(t.value) or not t.value.flags.writeable:
            return
        try:
            t.value[key] = number
        except IndexError:
            return
        with ad.no_grad():
            t.tensor[key] = number
        self.written = True

    @rule(i=tensors, key=st.sampled_from(KEYS), number=st.sampled_from([0.5, -1.0]))
    def write_in_place(self, i, key, number):
        self.overwrite(self.known[i], key, number)

    @rule(i=tensors, name=st.sampled_from(sorted(UNARY)), of_result=st.booleans(), number=st.sampled_from([0.5, -1.0]))
    def write_between_forward_and_backward(self, i, name, of_result, number):
        j = self.unary(i, name)
        if isinstance(j, int):
            self.overwrite(self.known[j if of_result else i], 0, number)
            self.backward(j, 1.0, True)
            del self.known[j]

    # Gradients

    def differentiated(self, y, g, jacobian, history, retain):
        """Call backward; what the model says of it."""
        freed = bool(history & self.freed)
        try:
            y.backward(g, retain_graph=retain)
        except RuntimeError as error:
            perhaps = freed or history & self.perhaps_freed
            if not ((perhaps and "was freed" in str(error)) or (self.written and "was written" in str(error))):
                raise
            if not retain:  # what was walked before it came to that is freed, and the rest is not
                self.perhaps_freed |= history
            return
        assert not freed
        if not retain:
            self.freed |= history
        g = np.broadcast_to(g, y.shape)
        for leaf, j in jacobian.items():
            if leaf in self.known:
                grad = np.tensordot(g, j, y.ndim).reshape(self.shapes[leaf])
                self.known[leaf].grad = grad if self.known[leaf].grad is None else self.known[leaf].grad + grad

    @rule(i=tensors, scale=st.sampled_from([1.0, -0.5]), retain=st.booleans())
    def backward(self, i, scale, retain):
        y = self.known[i]
        if not y.jacobian:
            return
        g = scale * (1 + np.arange(y.value.size).reshape(y.value.shape))
        self.differentiated(y.tensor, g, y.jacobian, y.history, retain)

    @rule(i=tensors, j=tensors, retain=st.booleans())
    def backward_from_both(self, i, j, retain):
        a, b = self.known[i], self.known[j]
        jacobian = {}
        for part in (a, b):
            for leaf, d in part.jacobian.items():
                jacobian[leaf] = jacobian.get(leaf, 0) + d.sum(tuple(range(d.ndim - 1)))
        if jacobian:
            history = a.history | b.history
            self.differentiated(ad.sum(a.tensor) + ad.sum(b.tensor), np.ones(()), jacobian, history, retain)

    @rule(i=tensors)
    def zero_grad(self, i):
        self.known[i].tensor.zero_grad()
        self.known[i].grad = None

    @rule(i=consumes(tensors))
    def delete(self, i):
        del self.known[i]

    # What always holds

    @invariant()
    def agrees(self):
        for known in self.known.values():
            t = known.tensor
            np.testing.assert_allclose(t.data, known.value, rtol=1e-12, atol=1e-12)
            assert t.requires_grad == bool(known.jacobian)
            assert t.is_leaf == known.is_leaf
            if known.grad is None:
                assert t.grad is None
            else:
                scale = 1 + np.max(np.abs(known.grad), initial=0)
                np.testing.assert_allclose(t.grad.data, known.grad, rtol=1e-9, atol=1e-11 * scale)


TestActions = Actions.TestCase
TestActions.settings = settings(max_examples=100, stateful_step_count=25)
