"""Bad input gets an error that says what was given and what was expected."""

import re

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor


def leaf(data=(1.0, 2.0)):
    return Tensor(data, requires_grad=True)


CASES = {
    # shapes: both named, and the operation
    "add": (lambda: leaf() + np.ones(3), ValueError, r"add.*\(2,\).*\(3,\)"),
    "add, reflected": (lambda: np.ones(3) + leaf(), ValueError, r"add.*\(3,\).*\(2,\)"),
    "matmul": (lambda: leaf() @ np.ones((3, 2)), ValueError, r"matmul.*\(2,\).*\(3, 2\)"),
    "affine": (lambda: ad.affine(leaf(), np.ones((4, 3)), np.ones(4)), ValueError, r"affine.*\(2,\).*\(4, 3\).*\(4,\)"),
    "affine of a number": (lambda: ad.affine(1.0, np.ones((4, 3)), np.ones(4)), ValueError, r"affine.*\(\)"),
    "maximum": (lambda: ad.maximum(leaf(), np.ones(3)), ValueError, r"maximum.*\(2,\).*\(3,\)"),
    "reshape": (lambda: leaf().reshape(3), ValueError, r"reshape.*\(2,\)"),
    "concat": (lambda: ad.concat([leaf(), np.ones((1, 2))]), ValueError, r"concat.*\(2,\).*\(1, 2\)"),
    "stack": (lambda: ad.stack([leaf(), np.ones(3)]), ValueError, r"stack.*\(2,\).*\(3,\)"),
    "tensordot": (lambda: ad.tensordot(leaf(), np.ones((3, 2)), 1), ValueError, r"\(2,\).*\(3, 2\)"),
    "einsum": (lambda: ad.einsum("ij,j", leaf(), leaf()), ValueError, r"'ij'.*\(2,\)"),
    "einsum, terms": (lambda: ad.einsum("i,j", leaf()), ValueError, "2 terms for 1"),
    "broadcast_to": (lambda: ad.broadcast_to(leaf(), (3,)), ValueError, r"broadcast_to.*\(2,\)"),
    "squeeze": (lambda: ad.squeeze(leaf(), 0), ValueError, r"squeeze.*\(2,\)"),
    "split": (lambda: ad.split(leaf(), 3), ValueError, "length 2.*3 equal"),
    "matrix_transpose": (lambda: leaf().mT, ValueError, r"two axes.*\(2,\)"),
    "index": (lambda: leaf()[5], IndexError, r"getitem.*\(2,\).*5"),
    "axis": (lambda: ad.sum(leaf(), axis=3), np.exceptions.AxisError, "3"),
    # gradients that cannot be
    "backward, not a number": (lambda: (leaf() * 2).backward(), RuntimeError, r"single number.*\(2,\)"),
    "backward, nothing recorded": (lambda: Tensor(1.0).backward(), RuntimeError, "requires_grad"),
    "backward, detached": (lambda: leaf(1.0).detach().backward(), RuntimeError, "requires_grad"),
    "backward, gradient's shape": (lambda: (leaf() * 2).backward(np.ones(3)), ValueError, r"\(2,\).*\(3,\)"),
    "integers": (lambda: Tensor([1, 2], requires_grad=True), TypeError, "int64"),
    "booleans": (lambda: Tensor(True).requires_grad_(), TypeError, "bool"),
    "a result": (lambda: (leaf() * 2).requires_grad_(False), RuntimeError, "detach"),
    "retain_grad": (lambda: Tensor(1.0).retain_grad(), RuntimeError, "does not require"),
    "hook": (lambda: Tensor(1.0).register_hook(print), RuntimeError, "does not require"),
    # what is no number
    "text": (lambda: Tensor("abc"), TypeError, "numbers"),
    "None": (lambda: Tensor(None), TypeError, "numbers"),
    "ragged": (lambda: Tensor([[1.0], [1.0, 2.0]]), ValueError, "list"),
    "objects": (lambda: Tensor([object()]), TypeError, "object"),
    "text as operand": (lambda: leaf() * {}, TypeError, "unsupported operand"),
    "text as argument": (lambda: ad.exp("2"), TypeError, "str"),
    "array of text": (lambda: leaf() + np.array(["a", "b"]), TypeError, "<U1"),
    "item": (lambda: leaf().item(), ValueError, r"\(2,\)"),
    "float": (lambda: float(leaf()), ValueError, r"\(2,\)"),
    "bool": (lambda: bool(leaf()), ValueError, r"\(2,\)"),
    "len": (lambda: len(leaf(1.0)), TypeError, "0-d"),
    "iteration": (lambda: list(leaf(1.0)), TypeError, "0-d"),
    "an attribute that is not there": (lambda: leaf().grda, AttributeError, "grda"),
    "an attribute that cannot be set": (lambda: setattr(leaf(), "gard", 1), AttributeError, "gard"),
    "a parameter that is not there": (lambda: ad.sum(leaf(), axes=0), TypeError, r"sum\(x, axis.*axes"),
    "too many arguments": (lambda: ad.exp(leaf(), leaf()), TypeError, r"exp\(x1\) got 2"),
    "too many parameters": (lambda: ad.sum(leaf(), 0, None, True, 5), TypeError, r"sum\(x, axis.* got 5"),
    "a parameter left out": (lambda: ad.reshape(leaf()), TypeError, r"reshape\(x, shape, order, copy\) needs shape"),
    "too few arguments": (lambda: ad.where(True, leaf()), TypeError, "where"),
    "gelu": (lambda: ad.gelu(leaf(), "sigmoid"), ValueError, "'sigmoid'"),
    # transforms
    "grad of a vector": (lambda: ad.grad(lambda x: x * 2)(np.ones(2)), ValueError, r"one real number.*\(2,\)"),
    "grad of integers": (lambda: ad.grad(lambda x: x * 2)(2), TypeError, "int64"),
    "argnums": (lambda: ad.grad(lambda x: x, argnums=1)(2.0), TypeError, "argnums=1.*1 arguments"),
    "vjp": (lambda: ad.vjp(lambda x: x * 2, np.ones(2))[1](np.ones(3)), ValueError, r"\(2,\).*\(3,\)"),
    "jvp": (lambda: ad.jvp(lambda x: x * 2, (np.ones(2),), (np.ones(3),)), ValueError, r"\(3,\).*\(2,\)"),
    "jacobian": (lambda: ad.jacobian(lambda x: x, mode="sideways"), ValueError, "sideways"),
    "graph": (lambda: ad.graph(2.0), TypeError, "float"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "text"), CASES.values(), ids=CASES.keys())
def test_bad_input(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert re.search(text, str(caught.value), re.DOTALL), str(caught.value)
