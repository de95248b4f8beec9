"""How a graph is divided into nested groups, and what is seen of it when some of them are closed.

Groups are the scopes that operations were recorded in, blocks of operations that repeat each other (the steps of an
unrolled loop, alike modules in a row), parts of what is still too long, and leaves where they are many.  Apart from
leaves, which nothing leads to, a group holds operations that were recorded one right after another: closed groups can
therefore never wait for each other, and what is seen is a graph without cycles again.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from autodiff.drawing.cards import kind
from autodiff.graph import Graph, Vertex

#: A group shows at most so many operations and groups of operations when it is opened.
WIDTH = 20
#: More leaves of a kind, in the same place, become a group.
_LEAVES = 8
#: Blocks are folded if there are so many of them, with so many operations in all.
_TIMES, _WORTH = 3, 8
#: Of more blocks than these, the first, the last and what is between are seen when the fold is opened.
_ALL = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Some neighbouring vertices of a graph, drawn as one box as long as the group is closed."""

    #: Its place among all groups: in the order of their first vertices, those around others before them.
    number: int
    kind: Literal["scope", "repeat", "step", "part", "leaves"]
    label: str
    #: The number of the group around it; None at the top.
    parent: int | None
    #: How many alike blocks it holds, one right after another.
    count: int
    #: How many vertices are in it and in the groups inside of it, the first and the last of them.
    size: int
    first: int
    last: int
    #: The scope that it is, or else lies in.
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The groups of a graph, and the innermost one around each vertex (None at the top)."""

    groups: tuple[Group, ...]
    home: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """Uses between two boxes; all of them, if the end is a closed group."""

    #: The places of the two boxes among those that are seen.
    start: int
    end: int
    #: Which argument of an operation; None if the end is a closed group.
    argument: int | None
    #: How many uses.
    count: int


@dataclass(frozen=True, slots=True)
class View:
    """What is seen of a graph: boxes, each after all that lead to it, and edges by their ends, in argument order."""

    #: The id of a vertex, or a closed group.
    boxes: tuple[int | Group, ...]
    edges: tuple[Edge, ...]
    #: In which box each vertex is, by its place.
    place: tuple[int, ...]


def outline(graph: Graph) -> Outline:
    """Divide a graph into nested groups.

    Parameters
    ----------
    graph : Graph

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> with ad.name_scope("loop"):
    ...     for _ in range(200):
    ...         x = ad.tanh(x * 0.5)
    >>> for group in outline(ad.graph(x)).groups[:4]:
    ...     print(group.number, group.parent, group.kind, group.label, group.count, group.size)
    0 None scope loop 1 601
    1 0 repeat multiply, tanh 200 601
    2 1 step step 1 1 4
    3 1 part 2–199 198 594
    """
    blocks = _Divider(graph).blocks()
    depth: dict[int | None, int] = {None: 0}
    for i, block in enumerate(blocks):
        depth[i] = depth[block.parent] + 1
    home: list[int | None] = [None] * len(graph.nodes)
    for i, block in enumerate(blocks):
        for item in block.items:
            if isinstance(item, int):
                home[item] = i
    _place_leaves(graph, home, blocks, depth)
    _gather_leaves(graph, home, blocks)
    return _numbered(graph, home, blocks)


def closed(outline: Outline, budget: int) -> frozenset[int]:
    """The numbers of the groups that are closed at first: as few as a number of visible boxes allows.

    Groups are opened from the outside to the inside; of the blocks of a repetition only the first, as an example; with
    a group all parts that it was cut into; leaves, where they are many, never.

    Parameters
    ----------
    outline : Outline
    budget : int
        How many boxes are to be seen at most, if so few can be.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> for _ in range(200):
    ...     x = ad.tanh(x * 0.5)
    >>> recorded = ad.graph(x)
    >>> divided = outline(recorded)
    >>> [box if isinstance(box, int) else box.label for box in seen(recorded, divided, closed(divided, 60)).boxes]
    [0, 1, 2, 3, '2–199', 'step 200']
    """
    if len(outline.home) <= budget:
        return frozenset()
    inside: dict[int | None, list[int]] = defaultdict(list)
    for group in outline.groups:
        inside[group.parent].append(group.number)
    boxes: dict[int | None, int] = defaultdict(int, {number: len(groups) for number, groups in inside.items()})
    for home in outline.home:
        boxes[home] += 1
    shown = boxes[None]
    opened: set[int] = set()
    waiting = _units(outline, inside, inside[None])
    for unit in waiting:  # grows as it is walked
        more = sum(boxes[number] - 1 for number in unit)
        if shown + more > budget:
            continue
        opened.update(unit)
        shown += more
        for number in unit:
            within = [part for part in inside[number] if part not in opened]
            waiting += _units(outline, inside, within[:1] if outline.groups[number].count > 1 else within)
    return frozenset(group.number for group in outline.groups if group.number not in opened)


def _units(outline: Outline, inside: dict[int | None, list[int]], numbers: Sequence[int]) -> list[list[int]]:
    """Groups that are opened together: each with the parts that it was cut into, which say nothing by themselves."""
    groups = outline.groups
    parts = [number for number in numbers if groups[number].kind == "part"]
    units = [parts] if parts else []
    units += [[number] for number in numbers if groups[number].kind not in ("part", "leaves")]
    for unit in units:
        for number in unit:  # grows as it is walked
            if groups[number].count == 1:
                unit += [part for part in inside[number] if groups[part].kind == "part"]
    return units


def seen(graph: Graph, outline: Outline, closed: Iterable[int]) -> View:
    """What is seen of a graph when some of its groups are closed.

    Parameters
    ----------
    graph : Graph
    outline : Outline
        Its division into groups.
    closed : iterable of int
        The numbers of the closed ones; what lies inside of a closed group is not seen, closed or not.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> with ad.name_scope("square"):
    ...     y = x * x
    >>> recorded = ad.graph(x + y)
    >>> for shut in [(), (0,)]:
    ...     view = seen(recorded, outline(recorded), shut)
    ...     print([(edge.start, edge.end, edge.argument, edge.count) for edge in view.edges])
    [(0, 1, 0, 1), (0, 1, 1, 1), (0, 2, 0, 1), (1, 2, 1, 1)]
    [(0, 1, None, 2), (0, 2, 0, 1), (1, 2, 1, 1)]
    """
    shut = frozenset(closed)
    outermost: list[int | None] = []  # of the closed groups around each group, itself included
    for group in outline.groups:
        around = None if group.parent is None else outermost[group.parent]
        outermost.append(group.number if around is None and group.number in shut else around)
    cover = [None if home is None else outermost[home] for home in outline.home]
    boxes: list[int | Group] = [i for i, number in enumerate(cover) if number is None]
    boxes += [outline.groups[number] for number in {number for number in cover if number is not None}]
    boxes.sort(key=_latest)
    places = {box if isinstance(box, int) else (box.number,): place for place, box in enumerate(boxes)}
    place = [places[i if number is None else (number,)] for i, number in enumerate(cover)]
    uses: dict[tuple[int, int, int | None], int] = defaultdict(int)
    for vertex in graph.nodes:
        end, opened = place[vertex.id], cover[vertex.id] is None
        for argument, i in enumerate(vertex.inputs):
            if (start := place[i]) != end:
                uses[start, end, argument if opened else None] += 1
    edges = [Edge(*ends, count) for ends, count in uses.items()]
    return View(tuple(boxes), tuple(sorted(edges, key=lambda edge: edge.end)), tuple(place))


def _latest(box: int | Group) -> int:
    """A number that is larger for what comes later: all that leads to a group was made before its last operation."""
    if isinstance(box, int):
        return box
    return box.first if box.kind == "leaves" else box.last


# How groups are found


@dataclass(slots=True, eq=False)
class _Block:
    """A group that is being put together: of vertices and other blocks, in their order."""

    kind: Literal["scope", "repeat", "step", "part", "leaves"]
    label: str
    path: tuple[str, ...]
    items: list[int | _Block] = field(default_factory=list)
    count: int = 1
    #: Equal for blocks that are alike.
    symbol: int = 0
    #: How many operations are in it.
    weight: int = 0
    parent: int | None = None


class _Divider:
    """Divides the operations of a graph into blocks, from the inside to the outside."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._symbols: dict[Any, int] = {}
        self._symbol = [self._interned(_likeness(vertex)) for vertex in graph.nodes]
        self._known: dict[tuple[int, ...], list[_Run]] = {}

    def blocks(self) -> list[_Block]:
        """Every block, those around others before them."""
        found: list[_Block] = []
        top = self._divided()
        waiting: list[tuple[int | None, int | _Block]] = [(None, item) for item in reversed(top.items)]
        while waiting:
            parent, item = waiting.pop()
            if isinstance(item, _Block):
                item.parent = parent
                waiting += [(len(found), part) for part in reversed(item.items)]
                found.append(item)
        return found

    def _divided(self) -> _Block:
        """The blocks of a graph, in one that stands for all of it."""
        open_ = [_Block("scope", "", ())]
        here: tuple[str, ...] = ()
        for vertex in self._graph.nodes:
            if vertex.op is None:
                continue
            if vertex.scope != here:
                shared = _common(here, vertex.scope)
                while len(open_) > shared + 1:
                    self._finish(open_.pop())
                for end in range(shared + 1, len(vertex.scope) + 1):
                    block = _Block("scope", vertex.scope[end - 1], vertex.scope[:end])
                    open_[-1].items.append(block)
                    open_.append(block)
                here = vertex.scope
            open_[-1].items.append(vertex.id)
        while open_:
            self._finish(last := open_.pop())
        return last

    def _finish(self, block: _Block) -> None:
        """Fold what repeats itself in a block that is complete, and cut what is still long."""
        while runs := self._runs(block.items):
            block.items = list(self._folded(block, runs))
        block.symbol = self._interned((_kind(block.label), *map(self._symbol_of, block.items)))
        block.weight = sum(map(_weight, block.items))
        block.items = _cut(block, block.items)

    def _runs(self, items: list[int | _Block]) -> list[_Run]:
        symbols = tuple(map(self._symbol_of, items))
        if symbols not in self._known:
            self._known[symbols] = _repetitions(symbols, list(map(_weight, items)))
        return self._known[symbols]

    def _folded(self, around: _Block, runs: list[_Run]) -> Iterator[int | _Block]:
        """The items of a block, with one block for each repetition."""
        at = 0
        for run in runs:
            yield from around.items[at : run.start]
            at = run.start + run.period * run.count
            yield self._repeat(around, around.items[run.start : at], run)
        yield from around.items[at:]

    def _repeat(self, around: _Block, items: list[int | _Block], run: _Run) -> _Block:
        """One block for a repetition; what is repeated becomes a block, too, if it is more than one item."""
        body = items[: run.period]
        names = [self._title(item) for item in body]
        block = _Block("repeat", ", ".join(names[:3]) + (", …" if len(names) > 3 else ""), around.path)
        block.count = run.count
        block.symbol = self._interned(("repeat", run.count, *map(self._symbol_of, body)))
        block.weight = sum(map(_weight, items))
        if run.period > 1:
            steps = (items[i : i + run.period] for i in range(0, len(items), run.period))
            items = [self._step(around, f"step {i}", step) for i, step in enumerate(steps, 1)]
        if run.count > _ALL:
            middle = _Block("part", f"2–{run.count - 1}", around.path, count=run.count - 2)
            middle.items = _cut(middle, items[1:-1], first=2)
            items = [items[0], middle, items[-1]]
        block.items = items
        return block

    def _step(self, around: _Block, label: str, items: list[int | _Block]) -> _Block:
        step = _Block("step", label, around.path)
        step.items = _cut(step, items)
        return step

    def _title(self, item: int | _Block) -> str:
        """What an item is called where it is one of many."""
        if isinstance(item, _Block):
            return _kind(item.label)
        op = self._graph.nodes[item].op
        return op.name if op is not None else ""

    def _symbol_of(self, item: int | _Block) -> int:
        return item.symbol if isinstance(item, _Block) else self._symbol[item]

    def _interned(self, key: Any) -> int:
        return self._symbols.setdefault(key, len(self._symbols))


def _weight(item: int | _Block) -> int:
    return item.weight if isinstance(item, _Block) else 1


def _likeness(vertex: Vertex) -> Any:
    """What is equal for operations that are alike: the operation, and the shape of its result."""
    value = vertex.value
    return vertex.op, tuple(map(np.shape, value)) if isinstance(value, tuple) else np.shape(value)


def _kind(label: str) -> str:
    """What kind of module, or of anything else that is numbered, a scope is."""
    return re.sub(r"[\s._-]*\d+$", "", label.rpartition(": ")[2])


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many names two scopes begin with alike."""
    shared = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        shared += 1
    return shared


def _cut(around: _Block, items: list[int | _Block], first: int = 1) -> list[int | _Block]:
    """At most `WIDTH` items: more of them are cut into parts, and those again; they are counted from `first` on."""
    levels = max(1, math.ceil(math.log(len(items), WIDTH) - 1e-9)) if items else 1
    width = math.ceil(len(items) ** (1 / levels))
    spans = [(i, i) for i in range(first, first + len(items))]
    for _ in range(levels - 1):
        bounds = np.linspace(0, len(items), -(-len(items) // width) + 1).astype(int).tolist()
        pieces = list(pairwise(bounds))
        spans = [(spans[a][0], spans[b - 1][1]) for a, b in pieces]
        items = [
            _Block("part", f"{start}–{end}", around.path, items[a:b], count=end - start + 1 if around.count > 1 else 1)
            for (a, b), (start, end) in zip(pieces, spans, strict=True)
        ]
    return items


@dataclass(frozen=True, slots=True)
class _Run:
    """A sequence repeats itself: from where on, after how many items, how often."""

    start: int
    period: int
    count: int


def _repetitions(symbols: Sequence[int], weights: Sequence[int]) -> list[_Run]:
    """Where a sequence repeats itself, without overlaps: those first that the shortest context shows.

    In a repetition every word, if it is long enough to be found once in a period, was last seen one period before.
    Words are doubled in length until that happens; each is written as one number, its rank among all.
    """
    if len(set(symbols)) == len(symbols):
        return []
    total = np.concatenate([[0], np.cumsum(weights)])
    words, length = np.unique(np.array(symbols), return_inverse=True)[1], 1
    while length < len(symbols):
        runs = list(_disjoint(_recurrences(words, length), total))
        if runs:
            return runs
        pairs = words[:-length].astype(np.int64) * len(symbols) + words[length:]
        distinct, words = np.unique(pairs, return_inverse=True)
        if len(distinct) == len(pairs):
            break
        length *= 2
    return []


def _recurrences(words: np.ndarray[Any, Any], length: int) -> Iterator[tuple[int, int, int]]:
    """Stretches whose words were all last seen equally long ago: where it starts, how long ago, where it ends."""
    order = np.argsort(words, kind="stable")
    again = words[order[1:]] == words[order[:-1]]
    ago = np.zeros(len(words), int)
    ago[order[1:][again]] = (order[1:] - order[:-1])[again]
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(ago)) + 1, [len(ago)]])
    for start, end in pairwise(bounds.tolist()):
        if period := int(ago[start]):
            yield start - period, period, end + length - 1


def _disjoint(stretches: Iterable[tuple[int, int, int]], total: np.ndarray[Any, Any]) -> Iterator[_Run]:
    """Those that are worth a fold; where two overlap, the later one gives way."""
    free = 0
    for begin, period, end in stretches:
        start = max(begin, free)
        count = (end - start) // period
        if count >= _TIMES and total[start + count * period] - total[start] >= _WORTH:
            free = start + count * period
            yield _Run(start, period, count)


# Where leaves belong


def _place_leaves(graph: Graph, home: list[int | None], blocks: list[_Block], depth: dict[int | None, int]) -> None:
    """Give each leaf the innermost block around all its uses.

    Data that have a name come from outside of all blocks: a network does not own its input.
    """
    placed = {v.id for v in graph.nodes if v.op is None and v.name and kind(v) == "data"}
    outside = frozenset(placed)
    for vertex in graph.nodes:
        for i in vertex.inputs:
            if graph.nodes[i].op is not None or i in outside:
                continue
            here = home[vertex.id]
            if i in placed:
                here = _around(home[i], here, blocks, depth)
            placed.add(i)
            home[i] = here


def _around(a: int | None, b: int | None, blocks: list[_Block], depth: dict[int | None, int]) -> int | None:
    """The innermost block around both."""
    while a != b:
        if depth[a] >= depth[b]:
            a = None if a is None else blocks[a].parent
        else:
            b = None if b is None else blocks[b].parent
    return a


def _gather_leaves(graph: Graph, home: list[int | None], blocks: list[_Block]) -> None:
    """Make blocks of leaves that are many in one place; they are added to the list."""
    many: dict[tuple[int | None, str], list[int]] = defaultdict(list)
    for vertex in graph.nodes:
        if vertex.op is None:
            many[home[vertex.id], kind(vertex)].append(vertex.id)
    for (parent, what), leaves in many.items():
        if len(leaves) <= _LEAVES:
            continue
        path = () if parent is None else blocks[parent].path
        waiting = [_Block("leaves", f"{len(leaves):,} {_PLURALS[what]}", path, list(leaves), parent=parent)]
        waiting[0].items = _cut(waiting[0], waiting[0].items)
        for block in waiting:  # grows as it is walked
            number = len(blocks)
            blocks.append(block)
            for item in block.items:
                if isinstance(item, _Block):
                    item.kind, item.parent, item.label = "leaves", number, f"{_PLURALS[what]} {item.label}"
                    waiting.append(item)
                else:
                    home[item] = number


_PLURALS = {"parameter": "parameters", "data": "data", "constant": "constants"}


def _numbered(graph: Graph, home: list[int | None], blocks: list[_Block]) -> Outline:
    """The groups in their order, with what is in them counted."""
    first, last, size = [len(home)] * len(blocks), [-1] * len(blocks), [0] * len(blocks)
    for i, inner in enumerate(home):
        if inner is not None:
            first[inner], last[inner], size[inner] = min(first[inner], i), max(last[inner], i), size[inner] + 1
    for i in reversed(range(len(blocks))):
        if (parent := blocks[i].parent) is not None:
            first[parent], last[parent] = min(first[parent], first[i]), max(last[parent], last[i])
            size[parent] += size[i]
    order = sorted(range(len(blocks)), key=first.__getitem__)  # stable: those around others come before them
    number: dict[int | None, int | None] = {i: place for place, i in enumerate(order)} | {None: None}
    groups = [
        Group(
            place,
            blocks[i].kind,
            blocks[i].label,
            number[blocks[i].parent],
            blocks[i].count,
            size[i],
            first[i],
            last[i],
            blocks[i].path,
        )
        for place, i in enumerate(order)
    ]
    return Outline(tuple(groups), tuple(number[inner] for inner in home))
