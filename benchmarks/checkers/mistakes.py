"""Mistakes made by machine: what the source of a function can be changed into, one place at a time.

No mistake is written by hand: each kind is a handful of rewritings of the syntax tree, applied wherever they fit.
"""

from __future__ import annotations

import ast
import itertools
import pathlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType
from typing import Any

Node = Any
Path = tuple[tuple[str, int | None], ...]
#: From the function itself down to one place in it.
Chain = tuple[Node, ...]
#: What could stand in that place instead.
Rewriting = Callable[[Chain], Iterator[Node]]


@dataclass(frozen=True, eq=False)
class Mistake:
    """One change of one function: what else stands in one place of it."""

    kind: str
    function: FunctionType
    root: Node
    #: The way from the root to the place: the fields, and where they are lists, the index.
    path: Path
    new: Node

    @property
    def tree(self) -> Node:
        """The whole function with the mistake in it."""
        return _replaced(self.root, self.path, self.new)

    @property
    def tripwire(self) -> Node:
        """The whole function, which raises where that place is computed."""
        return _replaced(self.root, self.path, _TRIPPED if isinstance(self.new, ast.expr) else ast.Expr(_TRIPPED))

    def __str__(self) -> str:
        file = pathlib.Path(self.function.__code__.co_filename)
        line = _nodes(self.root, self.path)[-1].lineno
        before, after = _shown(self.root, self.tree, self.path)
        name = self.function.__qualname__
        return f"{file.parent.name}/{file.name}:{line} {name}, {self.kind}: {before}  ->  {after}"


def mistakes_of(function: FunctionType, kinds: Sequence[str]) -> list[Mistake]:
    """Every mistake of these kinds that can be made in a function."""
    root = source_of(function)
    places = [(path, chain, {ast.dump(chain[-1])}) for path, chain in _places(root)]
    mistakes = []
    for kind in kinds:
        for path, chain, found in places:
            for new in itertools.chain.from_iterable(rewriting(chain) for rewriting in KINDS[kind]):
                if (dump := ast.dump(new)) not in found:
                    found.add(dump)
                    mistakes.append(Mistake(kind, function, root, path, new))
    return mistakes


def mistaken(function: FunctionType, mistake: Mistake) -> FunctionType:
    """The function with the mistake in it."""
    code = compiled(mistake.tree, function)
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


@contextmanager
def planted(tree: Node, functions: Sequence[FunctionType]) -> Iterator[None]:
    """Other code in the functions themselves, wherever they are called from, for a while."""
    right = [function.__code__ for function in functions]
    wrong = compiled(tree, functions[0])
    try:
        for function in functions:
            function.__code__ = wrong
        yield
    finally:
        for function, code in zip(functions, right, strict=True):
            function.__code__ = code


class Tripped(Exception):  # noqa: N818
    """A place was computed."""


def trip() -> None:
    """Say that this place was computed."""
    raise Tripped


# Between functions and their syntax trees


@cache
def _file(name: str) -> Node:
    return ast.parse(pathlib.Path(name).read_text(encoding="utf-8"))


def source_of(function: FunctionType) -> Node:
    """The syntax tree of a function: of its definition, or of its lambda."""
    code = function.__code__
    spots = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    nodes = [
        node
        for node in ast.walk(_file(code.co_filename))
        if isinstance(node, (ast.FunctionDef, ast.Lambda))
        and min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) == code.co_firstlineno
        and all((node.lineno, node.col_offset) <= spot < (node.end_lineno, node.end_col_offset) for spot in spots)
    ]
    return max(nodes, key=lambda node: (node.lineno, node.col_offset))  # of several, the innermost


def compiled(tree: Node, function: FunctionType) -> CodeType:
    """The code of a changed function, which closes over the same variables as the function itself."""
    free = function.__code__.co_freevars
    code = _inner(_inner(_compiled(tree, function, ())))
    return code if code.co_freevars == free else _inner(_inner(_compiled(tree, function, free)))


def _compiled(tree: Node, function: FunctionType, used: Sequence[str]) -> CodeType:
    """A function that defines the changed one, in the reach of the variables that it closes over."""
    names = ast.Tuple([ast.Name(name, ast.Load()) for name in used], ast.Load())
    args = _copy(tree.args, defaults=[], kw_defaults=[None] * len(tree.args.kwonlyargs))
    if isinstance(tree, ast.Lambda):
        body = _with("(it, lambda: used)[0]", it=tree.body, used=names) if used else tree.body
        inner: Node = ast.Return(_copy(tree, args=args, body=body))
    else:
        first = [ast.Expr(_with("lambda: used", used=names))] if used else []
        inner = _copy(tree, args=args, body=[*first, *tree.body], decorator_list=[])
    outer: Node = ast.parse(f"def outer({', '.join(function.__code__.co_freevars)}): pass").body[0]
    outer.body = [inner]
    module = ast.fix_missing_locations(ast.Module([outer], []))
    return compile(module, function.__code__.co_filename, "exec")


def _inner(code: CodeType) -> CodeType:
    return next(c for c in code.co_consts if isinstance(c, CodeType))


def _with(template: str, **parts: Node) -> Node:
    """An expression with parts put in the places of names."""

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: Node) -> Node:
            return parts.get(node.id, node)

    return Put().visit(ast.parse(template, mode="eval").body)


#: What raises wherever it is computed.
_TRIPPED = _with(f"__import__({__name__!r}, fromlist=['trip']).trip()")


def _places(root: Node) -> Iterator[tuple[Path, Chain]]:
    """Every place in the body of a function where a mistake could be made, with the way to it."""

    def below(node: Node, path: Path, chain: Chain) -> Iterator[tuple[Path, Chain]]:
        for field, value in ast.iter_fields(node):
            for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, _PARTS) and not _is_words(field, child):
                    here = (*path, (field, i)), (*chain, child)
                    if isinstance(child, (ast.expr, ast.stmt)):
                        yield here
                    yield from below(child, *here)

    return below(root, (), (root,))


_PARTS = (ast.expr, ast.stmt, ast.keyword, ast.comprehension)


def _is_words(field: str, node: Node) -> bool:
    """Docstrings, messages, annotations: what computes nothing."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or field in ("annotation", "decorator_list", "returns") or isinstance(node, (ast.Raise, ast.Assert))


def _replaced(node: Node, path: Path, new: Node) -> Node:
    """The tree with another node at the end of a path; all else is shared."""
    if not path:
        return new
    (field, i), *rest = path
    value = getattr(node, field)
    if i is None:
        changed = _replaced(value, tuple(rest), new)
    else:
        changed = [*value[:i], _replaced(value[i], tuple(rest), new), *value[i + 1 :]]
    return _copy(node, **{field: changed})


def _copy(node: Node, **fields: Any) -> Node:
    """The same node with some fields changed."""
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), **fields}), node)


def _nodes(root: Node, path: Path) -> Chain:
    """The nodes along a path."""
    nodes = [root]
    for field, i in path:
        nodes.append(getattr(nodes[-1], field) if i is None else getattr(nodes[-1], field)[i])
    return tuple(nodes)


_LONG = 110


def _shown(before: Node, after: Node, path: Path) -> tuple[str, str]:
    """What changed, in one line each: the statement, or a part of it that is short enough."""
    pairs = zip(_nodes(before, path)[1:], _nodes(after, path)[1:], strict=True)
    texts = [(_text(a), _text(b)) for a, b in pairs if isinstance(a, (ast.expr, ast.stmt))]
    return next((pair for pair in texts if max(map(len, pair)) <= _LONG and "\n" not in "".join(pair)), texts[-1])


def _text(node: Node) -> str:
    return ast.unparse(ast.fix_missing_locations(node))


# What is where


def _is_returned(chain: Chain) -> bool:
    """Whether a place holds a result: all of it, or one of several."""
    *outer, node = chain
    if isinstance(node, ast.Tuple):
        return False
    while isinstance(outer[-1], ast.Tuple):
        outer.pop()
    return isinstance(outer[-1], ast.Return) or (isinstance(outer[-1], ast.Lambda) and len(outer) == 1)


_TAKE_POSITIONS = {"roll", "range", "arange", "take", "moveaxis", "expand_dims", "squeeze", "swapaxes", "diff", "flip"}


def _is_position(chain: Chain) -> bool:
    """Whether a number counts elements or axes, and is not a value."""
    for outer, node in itertools.pairwise(chain):
        if isinstance(outer, ast.Subscript) and node is outer.slice:
            return True
        if isinstance(outer, ast.keyword) and outer.arg in ("axis", "axes", "k", "offset", "shift", "n", "shape"):
            return True
        if _called(outer) in _TAKE_POSITIONS and node in outer.args and node is not _array_of(outer):
            return True
    return False


def _called(node: Node) -> str:
    """The name of the function or method that is called."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_function(call: Node) -> bool:
    """Whether what is called takes its array as the first argument: ``np.sum(x)``, not ``x.sum()``."""
    return not isinstance(call.func, ast.Attribute) or getattr(call.func.value, "id", "") == "np"


def _array_of(call: Node) -> Node:
    """The array that a call is made on."""
    return call.args[0] if _is_function(call) else call.func.value


def _renamed(call: Node, name: str) -> Node:
    """The same call of another function."""
    func = (
        ast.Attribute(call.func.value, name, ast.Load())
        if isinstance(call.func, ast.Attribute)
        else ast.Name(name, ast.Load())
    )
    return ast.Call(func, call.args, call.keywords)


def _is(node: Node, operator: type) -> bool:
    return isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, operator)


# The kinds


def _returned(*templates: str) -> Rewriting:
    """Other results."""

    def rewriting(chain: Chain) -> Iterator[Node]:
        if _is_returned(chain) and not isinstance(chain[-1], ast.Constant):
            yield from (_with(template, it=chain[-1]) for template in templates)

    return rewriting


def _other_sign(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if _is_position(chain):
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    for one, other in ((ast.Add, ast.Sub), (ast.Sub, ast.Add)):
        if _is(node, one):
            yield _copy(node, op=other())


def _no_factor(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if isinstance(node, ast.BinOp) and not _is_position(chain):
        if _is(node, ast.Mult):
            yield from (node.left, node.right)
        if _is(node, ast.Div):
            yield node.left


def _no_transpose(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield node.value
    if _called(node) in ("swapaxes", "transpose", "moveaxis", "permute_dims", "adjoint"):
        yield _array_of(node)


def _transposed(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if _is(node, ast.MatMult):
        yield ast.BinOp(node.right, node.op, node.left)
        yield from (_with("a.T @ b", a=node.left, b=node.right), _with("a @ b.T", a=node.left, b=node.right))
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "->" in node.value:
        inputs, output = node.value.split("->")
        yield ast.Constant(f"{inputs}->{output[::-1]}")


def _no_sum(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if _called(node) == "sum":
        yield _array_of(node)
        if _is_function(node) and not isinstance(node.func, ast.Attribute):
            return
        yield _renamed(node, "mean")
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if isinstance(axis := given.get("axis"), (ast.Constant, ast.UnaryOp)):
            yield _with("np.take(x, first, axis)", x=_array_of(node), axis=axis, first=_first("keepdims" in given))


def _first(keepdims: bool) -> Node:
    return ast.List([ast.Constant(0)], ast.Load()) if keepdims else ast.Constant(0)


def _no_accumulation(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if _is_position(chain):
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield from (node.left, node.right)
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
    if isinstance(node, ast.Expr) and _called(node.value) == "at":
        y, key, value = node.value.args
        yield ast.Assign([ast.Subscript(y, key, ast.Store())], value)
    if _called(node) == "cumsum":
        yield _array_of(node)


#: Calls whose arguments are not alike.
_UNLIKE = {"where", "chosen", "reshape", "broadcast_to", "transpose", "astype", "full", "cast", "at"} | _TAKE_POSITIONS


def _swapped(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if isinstance(node, ast.Tuple) and isinstance(chain[-2], ast.Return):
        for i in range(len(node.elts) - 1):
            elements = [*node.elts[:i], node.elts[i + 1], node.elts[i], *node.elts[i + 2 :]]
            yield ast.Tuple(elements, ast.Load())
    if isinstance(node, ast.Call) and _called(node) not in _UNLIKE and len(node.args) > 1:
        a, b, *rest = node.args
        if not any(isinstance(x, (ast.Constant, ast.Tuple, ast.Starred)) for x in (a, b)):
            yield ast.Call(node.func, [b, a, *rest], node.keywords)
    if _is(node, ast.Div) and not isinstance(node.right, ast.Constant) and not _is_position(chain):
        yield ast.BinOp(node.right, node.op, node.left)


_COMPARISONS = {
    ast.Lt: (ast.Gt, ast.LtE),
    ast.Gt: (ast.Lt, ast.GtE),
    ast.LtE: (ast.GtE, ast.Lt),
    ast.GtE: (ast.LtE, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
_EXTREMES = {"maximum": "minimum", "max": "min", "argmax": "argmin", "fmax": "fmin", "floor": "ceil"}
_EXTREMES |= {b: a for a, b in _EXTREMES.items()}


def _other_branch(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [other()], node.comparators)
    if _called(node) in ("where", "chosen") and len(node.args) == 3:
        condition, a, b = node.args
        yield ast.Call(node.func, [condition, b, a], node.keywords)
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    if isinstance(node, ast.If):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    if _called(node) in _EXTREMES:
        yield _renamed(node, _EXTREMES[_called(node)])
    if _called(node) in ("abs", "sign", "clip"):
        yield _array_of(node)
    for one, other in ((ast.BitAnd, ast.BitOr), (ast.BitOr, ast.BitAnd)):
        if _is(node, one):
            yield ast.BinOp(node.left, other(), node.right)


def _off_by_one(chain: Chain) -> Iterator[Node]:
    node, outer = chain[-1], chain[-2]
    if isinstance(node, ast.Slice) and node.step is None:
        if node.lower is None:
            yield ast.Slice(ast.Constant(1), node.upper)
        if node.upper is None:
            yield ast.Slice(node.lower, ast.Constant(-1))
    if _called(node) == "range":
        *start, stop = node.args[:2]
        yield ast.Call(node.func, [*start, _with("n - 1", n=stop), *node.args[2:]], [])
        yield ast.Call(node.func, [_with("n + 1", n=start[0] if start else ast.Constant(0)), stop, *node.args[2:]], [])
    if not _is_position(chain) or isinstance(outer, ast.UnaryOp):
        return
    if isinstance(node, ast.Name) and isinstance(outer, ast.Slice):
        yield from (_with("i + 1", i=node), _with("i - 1", i=node))
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
        yield node.left
    try:
        number = ast.literal_eval(node)
    except (ValueError, TypeError):
        return
    if type(number) is int:
        yield from (ast.Constant(number + 1), ast.Constant(number - 1))


#: What rules call their parameters, and lists of arrays.
_NO_ARRAYS = {"axis", "axes", "dxs", "eps", "i", "index", "k", "keepdims", "key", "n", "shape", "weights"}


def _second_order(chain: Chain) -> Iterator[Node]:
    """An argument that the derivative of the derivative does not see."""
    root, node, outer = chain[0], chain[-1], chain[-2]
    arrays = {arg.arg for arg in root.args.args if getattr(arg.annotation, "id", "Array") == "Array"} - _NO_ARRAYS
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in arrays:
        shape_alone = isinstance(outer, ast.Attribute) and outer.attr not in ("T", "mT")
        if not shape_alone and not (isinstance(outer, ast.Call) and outer.func is node):
            yield _with('getattr(x, "detach", lambda: x)()', x=node)


_NEIGHBOURS = {
    "sin": "cos",
    "cos": "sin",
    "sinh": "cosh",
    "cosh": "sinh",
    "tan": "sin",
    "tanh": "arctan",
    "exp": "expm1",
    "expm1": "exp",
    "log": "log1p",
    "log1p": "log",
    "sqrt": "cbrt",
    "square": "abs",
    "mean": "sum",
    "ones_like": "zeros_like",
    "zeros_like": "ones_like",
}


def _other_function(chain: Chain) -> Iterator[Node]:
    node = chain[-1]
    if _called(node) in _NEIGHBOURS and isinstance(node.func, ast.Attribute):
        yield _renamed(node, _NEIGHBOURS[_called(node)])
        if len(node.args) == 1 and _is_function(node) and not node.keywords:
            yield node.args[0]


def _other_number(chain: Chain) -> Iterator[Node]:
    node, outer = chain[-1], chain[-2]
    if _is_position(chain):
        return
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
        if _is(outer, ast.Pow) and node is outer.right:
            yield ast.Constant(node.value - 1)
    if _is(node, ast.Mult):
        yield ast.BinOp(node.left, ast.Div(), node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Pow)):
        yield ast.BinOp(node.left, ast.Mult(), node.right)


_THROUGH = ('(lambda v: v.astype("f4").astype(v.dtype))(it)', '(lambda v: v.astype("f2").astype(v.dtype))(it)')

#: The kinds of mistake, and how each is made.
KINDS: dict[str, tuple[Rewriting, ...]] = {
    "sign": (_returned("-it"), _other_sign),
    "factor": (_returned("2 * it", "0.5 * it", "1.001 * it"), _no_factor),
    "transposition": (_returned("it.T"), _no_transpose, _transposed),
    "dropped un-broadcast": (_no_sum,),
    "dropped accumulation": (_no_accumulation,),
    "swapped arguments": (_swapped,),
    "wrong branch": (_other_branch,),
    "off by one": (_off_by_one,),
    "lost dtype": (_returned(*_THROUGH),),
    "wrong dtype": (_returned('it.astype("f4")', 'it.astype("f8")'),),
    "wrong second order": (_second_order,),
    "another function or number": (_other_function, _other_number),
}
