"""Every row of the table keeps every law: a new row is tested the moment it is entered."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff.op import table
from autodiff.testing.laws import DERIVATIVE_LAWS, LAWS, derivatives_are_right, differentiable
from autodiff.testing.strategies import op_calls

#: A check of all derivatives takes so long that it is done for fewer calls than the other laws are.
_COSTLY = 18

cases = [
    pytest.param(op, law, id=f"{name}-{law.__name__}")
    for name, op in sorted(table.items())
    for law in LAWS + (DERIVATIVE_LAWS if op.differentiable else ())
]


@pytest.mark.parametrize(("op", "law"), cases)
def test_law(op, law):
    reached = Counter()
    usual = settings.default.max_examples

    @settings(max_examples=min(usual, _COSTLY) if law is derivatives_are_right else usual)
    @given(st.data())
    def check(data):
        args, params = data.draw(op_calls(op))
        reached["conclusive"] += law(op, args, params)
        reached["calls"] += 1
        reached["due"] += len(differentiable(op, args))

    check()
    assert reached["calls"] >= 5, f"{op.name}: its domain gave {reached['calls']} calls"
    assert reached["conclusive"] >= 0.9 * reached["due"], f"{op.name}: {reached} - too much was inconclusive"
