"""Rules fed with symbols: the formulas are the rules, for every row of the table, with any numbers."""

import inspect
import math
import re
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from autodiff.explain.calls import Typical, typical_call
from autodiff.formulas.figures import figure
from autodiff.formulas.generic import generic
from autodiff.formulas.latex import assumed, latex, latex_with_names
from autodiff.formulas.likeness import Likeness
from autodiff.formulas.symbols import Derivative, Symbol, ValuesNeededError, assuming, evaluated, fed, holds
from autodiff.formulas.templates import template
from autodiff.op import Elementwise, Parts, table
from autodiff.testing.strategies import Choices, op_calls

DIFFERENTIABLE = sorted(name for name, op in table.items() if op.differentiable)


def incoming(y, draw):
    """A gradient for a result: none for one that is not of a continuous kind."""
    if isinstance(y, tuple):
        return Parts(incoming(part, draw) for part in y)
    y = np.asarray(y)
    if y.dtype.kind not in "fc":
        return None
    seed = draw(st.integers(0, 2**16))
    g = np.random.default_rng(seed).uniform(-2, 2, y.shape)
    return (g + 0.5j if y.dtype.kind == "c" else g)[()]


def by_the_rule(op, i, g, y, args, params):
    """What the row's rule gives, fed with arrays."""
    with np.errstate(all="ignore"):
        if isinstance(op, Elementwise):
            rule = op.rules[i]
            return rule(y, *args, **params) if callable(rule) else rule
        return op.pulls_of(len(args))[i](g, y, args, params)


def assert_same(ours, theirs, what):
    if isinstance(theirs, tuple):
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b, what) if b is not None else None
        return
    assert np.shape(ours) == np.shape(theirs), what
    size = np.max(np.abs(theirs), initial=0.0, where=np.isfinite(theirs)) if np.size(theirs) else 0.0
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12 * (1 + size), err_msg=what)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_formulas_are_the_rules_with_other_numbers(name):
    reached = Counter()

    @given(st.data())
    def check(data):
        compare(table[name], data, reached)

    check()
    assert reached["conclusive"] >= 0.8 * reached["due"], f"{name}: {reached} - too often another branch was taken"


def compare(op, data, reached):
    args, params = op.bind(*data.draw(op_calls(op)))
    example = fed(op, args, params)
    other = other_numbers(op, args, params, data)
    y = op.forward(*other, **params)
    y = Parts(y) if isinstance(y, tuple) else np.asarray(y)[()]
    g = incoming(y, data.draw)
    values = example.values(other, params, g)
    for i, derivative in enumerate(example.derivatives):
        if derivative is None:
            continue
        theirs = by_the_rule(op, i, g, y, other, params)
        reached["due"] += 1
        for found in (derivative, generic(derivative)):
            if holds(found.assumptions, values):
                reached["conclusive"] += found is derivative
                what = f"{op.name}, argument {i}: {latex(found.tree)}"
                assert_same(evaluated(found.tree, values), theirs, what)


def other_numbers(op, args, params, data):
    """Other numbers of the same shapes, near those of the call: so that they are in the domain of the same branches."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    near = [
        x if x is None or np.asarray(x).dtype.kind not in "fc" else x * rng.uniform(0.99, 1.0, np.shape(x))[()]
        for x in args
    ]
    with np.errstate(all="ignore"):
        clear = op.kinks is None or np.all(np.abs(op.kinks(*near, **params)) > 1e-3)
    return tuple(near) if clear else args


def typical(op):
    """A typical call, where what it needs is installed."""
    try:
        return typical_call(op)
    except ImportError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_formulas_hold_for_the_example_and_far_from_it(name):
    """The page's formulas, with numbers of two other typical calls of the same shapes."""
    op = table[name]
    args, params = typical(op)
    example = fed(op, args, params)
    for scale in (1.0, 0.7, 0.9):
        other = tuple(x if x is None or np.asarray(x).dtype.kind != "f" else x * scale for x in args)
        with np.errstate(all="ignore"):
            y = op.forward(*other, **params)
        y = Parts(y) if isinstance(y, tuple) else np.asarray(y)[()]
        g = example.g if isinstance(op, Elementwise) else evaluated(example.g, {})
        values = example.values(other, params, g)
        for i, derivative in enumerate(example.derivatives):
            if derivative is None:
                continue
            found = generic(derivative)
            holding = holds(found.assumptions, values)
            assert holding or scale != 1.0, f"{name}: assumes what its own example does not keep"
            if holding:
                theirs = by_the_rule(op, i, g, y, other, params)
                assert_same(evaluated(found.tree, values), theirs, f"{name}: {latex(found.tree)}")


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_formulas_are_written(name):
    """Balanced, without what Markdown or GitHub would trip over, the same twice."""
    op = table[name]
    call = typical(op)
    texts = []
    for _ in range(2):
        written = [latex_with_names(d.tree, d.assumptions) for d in fed(op, *call).derivatives if d is not None]
        texts.append(written)
        for formula, definitions, conditions in written:
            for text in (formula, *conditions, *(part for definition in definitions for part in definition)):
                assert balanced(text), text
                assert not set(text) & set("|`$#\n"), text
                assert "None" not in text
                assert "Symbol" not in text
    assert texts[0] == texts[1]


def balanced(text):
    depth = 0
    for token in re.findall(r"\\.|[{}]", text):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0 and text.count(r"\left") == text.count(r"\right") and text.count("(") == text.count(")")


# What is written: a table of trees

x, y = Symbol("x", 0.5), Symbol("y", 2.0)
x_1 = Symbol("x_1", 3.0)
v, w = Symbol("v", np.array([1.0, 2.0])), Symbol("w", np.array([3.0, 5.0]))
A, B = Symbol("A", np.array([[1.0, 2.0], [3.0, 4.0]])), Symbol("B", np.array([[2.0, 0.0], [1.0, 1.0]]))

WRITTEN = {
    r"x + y": x + y,
    r"x - (y - 1)": x - (y - 1),
    r"x - y + 1": x - y + 1,
    r"x (y + 1)": x * (y + 1),
    r"x^2 y": x * y * x,
    r"-x \, y": x * -y,
    r"x - 2 y": x + y * -2,
    r"3 \cdot 10^{-12} x": 3e-12 * x,
    r"\frac{x}{y}": x / y,
    r"\frac{x}{y (x + 1)}": x / y / (x + 1),
    r"-\frac{x}{y}": -x / y,
    r"\frac{1}{2 y}": 0.5 / y,
    r"(x + y)^2": np.square(x + y),
    r"(x^2)^2": np.square(np.square(x)),
    r"x_1^2": x_1 * x_1,
    r"x^{y + 1}": x ** (y + 1),
    r"\left( \frac{x}{y} \right)^2": np.square(x / y),
    r"e^{-x^2}": np.exp(-x * x),
    r"\sin x": np.sin(x),
    r"\sin (x + y)": np.sin(x + y),
    r"\sin (\cos x)": np.sin(np.cos(x)),
    r"y \, \sin x": np.sin(x) * y,
    r"(\sin x) \, \cos x": np.sin(x) * np.cos(x),
    r"(\sin x)^2": np.sin(x) * np.sin(x),
    r"\log(1 - x)": np.log1p(-x),
    r"[x > 0]": (x > 0).astype(float),
    r"y [x > 0]": y * (x > 0),
    r"[x > 0 \land y < 1]": ((x > 0) & (y < 1)).astype(float),
    r"[\lnot (x > 0 \lor y < 1)]": (~((x > 0) | (y < 1))).astype(float),
    r"\begin{cases} x & x > 0 \\ y & y = 1 \\ 0 & \text{otherwise} \end{cases}": np.where(
        x > 0, x, np.where(y == 1, y, 0)
    ),
    r"\left( \begin{cases} x & x > 0 \\ 1 & \text{otherwise} \end{cases} \right) \, y": np.where(x > 0, x, 1) * y,
    r"v \odot w": v * w,
    r"2 v \odot w": 2 * v * w,
    r"\sum v \odot w": np.sum(v * w),
    r"\sum (v + w)": np.sum(v + w),
    r"v - \sum v": v - np.sum(v, keepdims=True),
    r"A \, B": A @ B,
    r"A^{\top} \, B": A.mT @ B,
    r"(A \, B)^{\top}": (A @ B).mT,
    r"A \, B \, A": A @ (B @ A),
    r"(A + B) \, A": (A + B) @ A,
    r"(A \odot B) \, A": (A * B) @ A,
    r"A \odot (A \, B)": A * (A @ B),
    r"A^{-1} \, B": np.linalg.solve(A, B),
    r"A^{-\top}": np.linalg.inv(A.mT),
    r"A^{\mathsf H}": np.conj(Symbol("A", np.eye(2) * 1j).mT),
    r"v_{[1:]}": v[1:],
    r"\overline{z}": np.conj(Symbol("z", 1j)),
    r"\max(x, y)": np.maximum(x, y),
    r"\lvert x + y \rvert": np.abs(x + y),
    r"x \bmod y": x % y,
    r"\ln 2": math.log(2.0),
}


@pytest.mark.parametrize("expected", WRITTEN)
def test_written(expected):
    assert latex(WRITTEN[expected]).replace(r"\, ", "") == expected.replace(r"\, ", "")


def test_simplifying():
    same = [x * 1, x + 0, 0 + x, x - 0, x / 1, x**1, np.positive(x), np.real(x), np.sum(x), x.astype(float)]
    assert all(tree is x for tree in [*same, np.negative(-x)])
    assert np.all(v * 0 == 0)
    assert np.shape(v * 0) == (2,)
    assert np.where(True, x, y) is x
    assert A.mT.mT is A
    assert np.reshape(np.reshape(v, (2, 1)), (2,)) is v
    assert (v * np.ones((2, 2))).shape == (2, 2), "what changes the shape stays"
    assert (Symbol("i", 1) * 1.0).dtype == float, "and what changes the dtype"


def test_simpler_trees_are_equal():
    """Every two of these, by every operation of arithmetic; and what becomes of that with a minus or a divisor."""
    values = {x: np.float64(1.375), y: np.float64(-2.25)}
    a, b = values.values()
    given = {
        **dict(zip((a, -a, b, -b, 0.0, 1.0, -1.0, 2.0), (x, -x, y, -y, 0.0, 1.0, -1.0, 2.0), strict=True)),
        **dict(
            zip(
                (a / b, -a / b, a - b, b - a, a * b, -a * b),
                (x / y, -x / y, x - y, -(x - y), x * y, x * -y),
                strict=True,
            )
        ),
    }
    pairs = given.items()
    for operation in (np.add, np.subtract, np.multiply, np.divide):
        for (a, tree_a), (b, tree_b) in product(pairs, repeat=2):
            if not (isinstance(tree_a, Symbol) or isinstance(tree_b, Symbol)) or (operation is np.divide and not b):
                continue
            tree, number = operation(tree_a, tree_b), operation(a, b)
            assert evaluated(tree, values) == pytest.approx(number), repr(tree)
            assert evaluated(np.negative(tree), values) == pytest.approx(-number), repr(tree)
            assert evaluated(tree / y, values) == pytest.approx(number / -2.25), repr(tree)


def test_numbers():
    written = {2.0: "2", -0.5: r"-\frac{1}{2}", math.pi: r"\pi", 1e-12: "10^{-12}", 1.5e20: r"1.5 \cdot 10^{20}"}
    for number, text in written.items():
        assert figure(number)[0] == text
    assert figure(float("nan"))[0] == r"\mathrm{NaN}"
    assert figure(float("-inf"))[0] == r"-\infty"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_rounded_to_six_digits_at_worst(number):
    text = figure(number)[0]
    for name, value in ((r"\pi", math.pi), (r"\ln 2", math.log(2)), (r"\ln 10", math.log(10))):
        text = text.replace(name, repr(value))
    text = re.sub(r"(\d+) \\varepsilon|\\varepsilon", lambda m: repr(int(m[1] or 1) * 2.0**-52), text)
    text = re.sub(r"\\frac{([^{}]*)}{([^{}]*)}", r"(\1)/(\2)", text)
    text = re.sub(r"( \\cdot )?10\^{(-?\d+)}", lambda m: ("*" if m[1] else "") + f"1e{m[2]}", text)
    if "\\" not in text:
        assert eval(text) == pytest.approx(number, rel=1e-5)


# Read back: what is written means the tree, by a reader that knows nothing of the writer


class UnknownError(Exception):
    """A function that the reader has no numbers for."""


FUNCTIONS = {
    **{rf"\{name}": getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "exp")},
    **{rf"\arc{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan")},
    r"\ln": np.log,
    r"\max": lambda *xs: max(xs),
    r"\min": lambda *xs: min(xs),
    r"\sigma": lambda x: 1 / (1 + np.exp(-x)),
    **{name: getattr(np, name) for name in ("sign", "copysign", "trunc", "isnan", "isfinite")},
    "erf": math.erf,
    "erfc": math.erfc,
    "clip": lambda x, low, high: min(max(x, low), high),
}
RELATIONS = {
    "=": np.equal,
    r"\ne": np.not_equal,
    "<": np.less,
    ">": np.greater,
    r"\le": np.less_equal,
    r"\ge": np.greater_equal,
}
ENDS = {None, "+", "-", ")", "]", "}", ",", "&", r"\\", r"\rvert", r"\rfloor", r"\land", r"\lor", r"\end", *RELATIONS}


class Reader:
    """The number that a formula is, of numbers for its names."""

    def __init__(self, tex, names):
        tex = re.sub(r"\\left|\\right|\\,", " ", tex)
        self.tokens = re.findall(r"\\[a-zA-Z]+|\\.|\d+\.?\d*|[^\s]", tex)
        self.names = names
        self.at = 0

    def result(self):
        value = self.sum()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return value

    def next(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, *expected):
        token = self.next()
        assert not expected or token in expected, (expected, self.tokens[self.at :])
        self.at += 1
        return token

    def sum(self):
        total = -self.product() if self.next() == "-" and self.take() else self.product()
        while self.next() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            total = total + sign * self.product()
        return total

    def product(self):
        value = self.factor()
        while self.next() not in ENDS:
            if self.next() in (r"\odot", r"\cdot"):
                self.take()
                value = value * self.factor()
            elif self.next() == r"\bmod":
                self.take()
                value = value % self.factor()
            elif self.next() == "/":
                self.take()
                value = value / self.factor()
            else:
                value = value * self.factor()
        return value

    def factor(self):
        function = self.function()
        if function is None:
            return self.power()
        if self.next() == "(":
            return self.powered(function(*self.arguments()))
        return function(self.factor())

    def function(self):
        name = self.next()
        if name == r"\operatorname":
            self.take()
            name = self.word()
            if name not in FUNCTIONS:
                raise UnknownError(name)
        elif name not in FUNCTIONS:
            return None
        else:
            self.take()
        if self.next() == "_":
            self.take()
            base = self.braced() if self.next() == "{" else float(self.take())
            return lambda x: np.log(x) / np.log(base)
        return FUNCTIONS[name]

    def arguments(self):
        self.take("(")
        given = [self.sum()]
        while self.take(",", ")") == ",":
            given.append(self.sum())
        return given

    def power(self):
        return self.powered(self.atom())

    def powered(self, value):
        if self.next() == "^":
            self.take()
            value = np.float64(value) ** (self.braced() if self.next() == "{" else self.sum_of(self.take()))
            assert self.next() != "^", "a power of a power without parentheses"
        return value

    def sum_of(self, token):
        return Reader(token, self.names).result()

    def braced(self):
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def word(self):
        self.take("{")
        letters = []
        while self.next() != "}":
            letters.append(self.take())
        self.take("}")
        return "".join(letters)

    def atom(self):
        token = self.take()
        if token[0].isdigit():
            return float(token)
        if token == "(":
            value = self.sum()
            self.take(")")
            return value
        if token == "[":
            value = float(self.condition())
            self.take("]")
            return value
        if token == r"\frac":
            return self.braced() / self.braced()
        if token == r"\sqrt":
            root = 2.0
            if self.next() == "[":
                self.take()
                root = float(self.take())
                self.take("]")
            value = self.braced()
            return np.copysign(np.abs(value) ** (1 / root), value)
        if token in (r"\lvert", r"\lfloor"):
            value = self.sum()
            self.take(r"\rvert", r"\rfloor")
            return np.abs(value) if token == r"\lvert" else np.floor(value)
        if token == r"\begin":
            return self.cases()
        if token == r"\mathrm":
            return float(self.word())
        if token == r"\mathit":
            return self.names[rf"\mathit{{{self.word()}}}"]
        if token in ("e", r"\pi", r"\infty") and token not in self.names:
            return {"e": math.e, r"\pi": math.pi, r"\infty": math.inf}[token]
        if self.next() == "_" and f"{token}_{self.tokens[self.at + 1]}" in self.names:
            token += self.take() + self.take()
        if token not in self.names:
            raise UnknownError(token)
        return self.names[token]

    def cases(self):
        assert self.word() == "cases"
        chosen = None
        while True:
            value = self.sum()
            self.take("&")
            if self.next() == r"\text":
                self.take()
                assert self.word() == "otherwise"
                holds_here = True
            else:
                holds_here = self.condition()
            if chosen is None and holds_here:
                chosen = value
            if self.take(r"\\", r"\end") == r"\end":
                assert self.word() == "cases"
                return chosen

    def condition(self):
        value = self.both()
        while self.next() == r"\lor":
            self.take()
            other = self.both()
            value = value or other
        return value

    def both(self):
        value = self.relation()
        while self.next() == r"\land":
            self.take()
            other = self.relation()
            value = value and other
        return value

    def relation(self):
        if self.next() == r"\lnot":
            self.take()
            return not self.relation()
        start = self.at
        if self.next() == "(":  # a condition in parentheses, unless it is a number
            try:
                self.take()
                value = self.condition()
                self.take(")")
                if self.next() in (None, "]", ")", "&", r"\\", r"\end", r"\land", r"\lor"):
                    return value
            except AssertionError:
                pass
            self.at = start
        value = self.sum()
        if self.next() not in RELATIONS:
            assert isinstance(value, (bool, np.bool)), "a number where a condition belongs"
            return value
        return RELATIONS[self.take()](value, self.sum())


def greater(a, b):
    """a > b, where rounding does not decide."""
    if not isinstance(a, Symbol) and not isinstance(b, Symbol) and abs(a - b) < 1e-3 * (1 + abs(a)):
        raise FloatingPointError("too close")
    return a > b


ONE = st.sampled_from(
    [np.negative, np.negative, np.exp, np.expm1, np.sin, np.tanh, np.square, np.reciprocal, np.abs, np.sqrt]
)
MORE = st.sampled_from(
    [table[name].on for name in ("sigmoid", "softsign", "softplus", "log1p", "cbrt", "silu", "logit")]
)
TWO = st.sampled_from([np.add, np.subtract, np.multiply, np.divide, np.maximum, np.hypot, np.remainder, np.logaddexp])
LEAVES = st.sampled_from(["x", "y", "x", "y", 2.0, 0.5, -1.0, 1.0, -3.0])
PROGRAMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(ONE | MORE, inner),
        st.tuples(TWO, inner, inner),
        st.tuples(st.just(lambda a, b, c: np.where(greater(a, b), c, b)), inner, inner, inner),
        st.tuples(st.just(lambda a, b: greater(a, b) * b), inner, inner),
    ),
    max_leaves=8,
)


#: Away from 0, where expm1 and its like are more exact than what they are written as.
NUMBERS = st.integers(-32, 48).map(lambda n: n / 16 + 0.03)


def run_on_numbers(program, x, y):
    """A program's number, if nothing in it is infinite: a simpler tree may lose the sign of a zero."""
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        try:
            value = run(program, {"x": np.float64(x), "y": np.float64(y)})
        except FloatingPointError:
            value = np.nan
    assume(np.isfinite(value) and abs(value) < 1e6)
    return value


def run(program, names):
    """A program of numbers or of symbols."""
    if not isinstance(program, tuple):
        return names.get(program, program) if isinstance(program, str) else program
    function, *inner = program
    value = function(*(run(part, names) for part in inner))
    if not isinstance(value, Symbol) and isinstance(names["x"], float) and not np.isfinite(value):
        raise FloatingPointError("not finite")
    return value


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(PROGRAMS, NUMBERS, NUMBERS)
def test_programs_in_symbols_mean_the_same(program, a, b):
    names = {"x": Symbol("x", 0.75), "y": Symbol("y", 1.25)}
    expected = run_on_numbers(program, a, b)
    with np.errstate(all="ignore"):
        tree = run(program, names)
    found = evaluated(tree, {names["x"]: np.float64(a), names["y"]: np.float64(b)})
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert np.shape(found) == np.shape(expected)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(PROGRAMS, NUMBERS, NUMBERS)
def test_programs_are_written_so_that_they_are_read_the_same(program, a, b):
    expected = run_on_numbers(program, a, b)
    near = [run_on_numbers(program, a + s * 1e-5, b + t * 1e-5) for s, t in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    assume(np.allclose(near, expected, rtol=1e-2, atol=1e-2))  # numbers are rounded as they are written
    with np.errstate(all="ignore"):
        text = latex(run(program, {"x": Symbol("x", 0.75), "y": Symbol("y", 1.25)}))
        read = Reader(text, {"x": np.float64(a), "y": np.float64(b)}).result()
    np.testing.assert_allclose(read, expected, rtol=1e-2, atol=1e-2, err_msg=text)


def test_derivatives_are_written_so_that_they_are_read_the_same():
    """The partial derivatives of elementwise rows, and the rows themselves, but for functions without numbers here."""
    read = unknown = 0
    for name, op in table.items():
        if not isinstance(op, Elementwise) or not op.differentiable:
            continue
        try:
            example = fed(op, *typical_call(op))
        except ImportError:
            continue
        named = [*example.xs, example.y, *example.params.values()]
        names = {symbol.name: symbol.value for symbol in named if isinstance(symbol, Symbol)}
        for derivative in filter(None, example.derivatives):
            tree = generic(derivative).tree
            value = evaluated(tree, {})
            if np.iscomplexobj(value):
                continue
            try:
                number = Reader(latex(tree), names).result()
            except UnknownError:
                unknown += 1
                continue
            np.testing.assert_allclose(number, value, rtol=1e-4, atol=1e-9, err_msg=f"{name}: {latex(tree)}")
            read += 1
    assert read > 90
    assert unknown < 25


# Branches


def test_what_a_branch_assumes_is_noted():
    with assuming() as assumptions:
        answer = bool(np.all(v > 0))
    assert answer
    ((tree, value),) = assumptions
    assert assumed((tree, value)) == "v > 0"
    assert holds(tuple(assumptions), {v: np.array([1.0, 5.0])})
    assert not holds(tuple(assumptions), {v: np.array([1.0, -5.0])})


def test_values_are_given_only_where_that_is_noted():
    with pytest.raises(ValuesNeededError):
        bool(x > 0)
    with pytest.raises(ValuesNeededError):
        np.asarray(x)
    with assuming() as assumptions:
        assert np.asarray(v).tolist() == [1, 2]
    assert len(assumptions) == 1


def test_guards_become_conditions():
    guarded = Derivative(np.where(x == 0, 0, y / np.where(x == 0, 1, x)))
    found = generic(guarded)
    assert latex(found.tree) == r"\frac{y}{x}"
    assert [assumed(a) for a in found.assumptions] == [r"x \ne 0"]
    both = generic(Derivative(np.where((x != 0) & np.isfinite(x), y / np.where(x == 0, 1, x), 1)))
    assert latex(both.tree) == r"\frac{y}{x}"
    assert len(both.assumptions) == 1
    branches = Derivative(np.where(x > 0, x, y))
    assert latex(generic(branches).tree) == latex(branches.tree), "a branch that may be taken stays"


def test_likeness():
    alike = Likeness()
    assert alike(x * y + v[1:]) == alike(x * y + v[1:])
    different = [x * y, y * x, v[1:], v[:1], v + 1, v + 1.0, np.sum(A, 0), np.sum(A, 1), Symbol("x", 0.5)]
    assert len({alike(tree) for tree in different}) == len(different)


# Templates, typical calls


def test_templates_keep_their_text():
    for op in table.values():
        assert "".join(item.text for item in template(op.tex).items) == op.tex


def test_typical_choices_are_all_there_are():
    def public(kind):
        functions = {name: f for name, f in vars(kind).items() if not name.startswith("_") and callable(f)}
        return {name: list(inspect.signature(f).parameters) for name, f in functions.items()}

    assert public(Typical) == public(Choices)


@pytest.mark.parametrize("name", sorted(table))
def test_typical_calls_are_calls(name):
    args, params = typical(table[name])
    again, _ = typical(table[name])
    table[name].forward(*args, **params)
    assert all(np.array_equal(a, b) for a, b in zip(args, again, strict=True))
    assert all(np.size(a) for a in args)
