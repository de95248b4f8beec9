// Where everything stands. Each open group is laid out by dagre on its own, inside out, and is then one box in the
// group around it; so opening a group lays out that group and those around it, and nothing else.

const ROOT = -1;
const MARGIN = 16; // between a group's border and what is in it
const GAP = 30; // the same, where edges come in and leave
const HEADER = 30; // a group's title
const BETWEEN_RANKS = 72; // the numbers that travel along edges stand here
const BETWEEN_CARDS = 18;
const STEP = 2; // dagre keeps every second rank free, for labels

/** A function of the open groups and of the cards' sizes that places cards, frames and edges. */
function layouts(model, direction) {
  const known = new Map(); // levels laid out before; blocks of a network that are alike are laid out once

  function levelOf({ items, edges }, sizeOf, framed) {
    const names = [...items];
    const places = new Map(names.map((name, place) => [name, place]));
    const nodes = names.map((name) =>
      isPort(name) ? [name.split(":")[0], 1, 1] : ["card", ...dimensions(sizeOf(name))],
    );
    const pairs = [...edges.values()].map(([from, to]) => [places.get(from), places.get(to)]);
    const signature = JSON.stringify([nodes, pairs]);
    if (!known.has(signature)) known.set(signature, laidOut(nodes, pairs, direction, framed));
    const { corners, bends, width, height } = known.get(signature);
    return {
      places: new Map(names.map((name, place) => [name, corners[place]])),
      bends: new Map([...edges].map(([name, [from, to]], i) => [name, { from, to, points: bends[i] }])),
      width,
      height,
    };
  }

  return function layout(open, size) {
    const scene = sceneOf(model, open);
    const levels = new Map();
    const sizeOf = (item) => levels.get(item) ?? size(item);
    for (const container of scene.insideOut) {
      levels.set(groupKey(container), levelOf(scene.levels.get(container), sizeOf, container !== ROOT));
    }
    const boxes = placed(scene, levels, sizeOf);
    return { boxes, edges: scene.edges.map((edge) => routed(model, edge, boxes, levels, direction)) };
  };
}

const groupKey = (number) => `g${number}`;
const vertexKey = (id) => `v${id}`;
const isPort = (item) => item.startsWith("in:") || item.startsWith("out:");
const dimensions = ({ width, height }) => [width, height];

/** What is seen while some groups are open: the content of each of them, and the edges between what is seen. */
function sceneOf(model, open) {
  const containers = [ROOT, ...model.groups.keys()].filter(
    (number) => number === ROOT || isSeenOpen(model, open, number),
  );
  const levels = new Map(containers.map((number) => [number, { items: new Set(), edges: new Map() }]));
  for (const number of model.groups.keys()) {
    levels.get(model.groups[number].parent ?? ROOT)?.items.add(groupKey(number));
  }
  model.vertices.forEach((vertex, id) => levels.get(vertex.group ?? ROOT)?.items.add(vertexKey(id)));
  const edges = seenEdges(model, open);
  for (const edge of edges) edge.path = threaded(model, levels, edge);
  const insideOut = containers.sort((a, b) => ancestors(model, b).length - ancestors(model, a).length || a - b);
  return { levels, edges, insideOut };
}

/** The groups around a group, the nearest first, the whole picture last. */
function ancestors(model, number) {
  const around = [];
  for (let at = number; at !== ROOT;) {
    at = model.groups[at].parent ?? ROOT;
    around.push(at);
  }
  return around;
}

const isSeenOpen = (model, open, number) =>
  open.has(number) && ancestors(model, number).every((around) => around === ROOT || open.has(around));

/** What stands for a value: its card, or the outermost closed group around it. */
function standIn(model, open, id) {
  const home = model.vertices[id].group ?? ROOT;
  if (home === ROOT) return vertexKey(id);
  const closed = [home, ...ancestors(model, home)].filter((number) => number !== ROOT && !open.has(number));
  return closed.length ? groupKey(closed.at(-1)) : vertexKey(id);
}

/** One edge for each argument of an operation; one for all uses that end in a closed group. */
function seenEdges(model, open) {
  const shown = model.vertices.map((_, id) => standIn(model, open, id));
  const edges = new Map();
  model.vertices.forEach((vertex, end) =>
    vertex.inputs.forEach((start, argument) => {
      const [from, to] = [shown[start], shown[end]];
      if (from === to) return;
      const port = to.startsWith("v") ? argument : null;
      const key = `${from}>${to}:${port}`;
      if (!edges.has(key)) edges.set(key, { key, from, to, argument: port, uses: [] });
      edges.get(key).uses.push({ start, end, argument });
    }),
  );
  return [...edges.values()];
}

const containerOf = (model, item) => {
  const number = Number(item.slice(1));
  return (item.startsWith("v") ? model.vertices[number].group : model.groups[number].parent) ?? ROOT;
};

/** Lead an edge out of the groups around its start and into those around its end; return its parts, level by level. */
function threaded(model, levels, edge) {
  const chain = (item) => {
    const inner = containerOf(model, item);
    return inner === ROOT ? [ROOT] : [inner, ...ancestors(model, inner)];
  };
  const [outward, inward] = [chain(edge.from), chain(edge.to)];
  const meeting = outward.find((container) => inward.includes(container));
  const path = [];
  const add = (container, from, to, name) => {
    const level = levels.get(container);
    for (const port of [from, to].filter(isPort)) level.items.add(port);
    level.edges.set(name, [from, to]);
    path.push([container, name]);
  };
  let from = edge.from;
  for (const container of outward.slice(0, outward.indexOf(meeting))) {
    const port = `out:${edge.from}`;
    add(container, from, port, `${from}>${port}`);
    from = groupKey(container);
  }
  const down = inward.slice(0, inward.indexOf(meeting)).reverse();
  for (const [container, inside] of [meeting, ...down].map((container, i) => [container, down[i]])) {
    const to = inside === undefined ? edge.to : groupKey(inside);
    add(container, from, to, `${edge.from}>${to}${inside === undefined ? `:${edge.argument}` : ""}`);
    from = `in:${edge.from}`;
  }
  return path;
}

/** One level, laid out by dagre: its size, the corner of each item, and the bends of each edge. */
function laidOut(nodes, edges, direction, framed) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, ranksep: BETWEEN_RANKS, nodesep: BETWEEN_CARDS, edgesep: 10, ranker: ranked });
  graph.setDefaultEdgeLabel(() => ({}));
  const names = nodes.map(([what], place) => `${what}:${place}`);
  nodes.forEach(([, width, height], place) => graph.setNode(names[place], { width, height }));
  edges.forEach(([from, to], i) => graph.setEdge(names[from], names[to], {}, String(i)));
  dagre.layout(graph);
  const columns = ranksOf(graph, direction);
  const { left, top, width, height } = framing(graph, direction, framed);
  const shifted = ({ x, y }) => ({ x: x + left, y: y + top });
  return {
    corners: names.map((name) => {
      const node = graph.node(name);
      const [entrance, exit] = passed(node, columns, direction).map(shifted);
      return { ...shifted(corner(node)), entrance, exit };
    }),
    bends: edges.map(([from, to], i) => {
      const inner = graph.edge(names[from], names[to], String(i)).points.slice(1, -1);
      return inner.flatMap((point) => passed(point, columns, direction)).map(shifted);
    }),
    width,
    height,
  };
}

const corner = ({ x, y, width, height }) => ({ x: x - width / 2, y: y - height / 2 });

/** How far a level is moved, and how large it is: with the frame around it close to its cards where edges come in and
 *  leave, and around all edges beside them. */
function framing(graph, direction, framed) {
  const names = graph.nodes();
  const boxes = names
    .filter((name) => !isPort(name))
    .map((name) => ({ ...graph.node(name), ...corner(graph.node(name)) }));
  const bends = graph
    .edges()
    .flatMap((edge) => graph.edge(edge).points.map((point) => ({ ...point, width: 0, height: 0 })));
  const span = (items, start, length) => {
    const first = Math.min(...items.map((item) => item[start]));
    return [first, Math.max(...items.map((item) => item[start] + item[length])) - first];
  };
  const along = direction === "LR" ? ["x", "width"] : ["y", "height"];
  const [[x, width], [y, height]] = [
    ["x", "width"],
    ["y", "height"],
  ].map((axis) => span(axis[0] === along[0] ? boxes : [...boxes, ...bends], ...axis));
  if (!framed) return { left: -x, top: -y, width, height };
  const [gapX, gapY] = direction === "LR" ? [GAP, 0] : [MARGIN, GAP];
  return {
    left: gapX - x,
    top: HEADER + gapY - y,
    width: width + 2 * gapX,
    height: height + HEADER + gapY + (gapY || MARGIN),
  };
}

/** Half of what each rank takes, by its middle. */
function ranksOf(graph, direction) {
  const [middle, length] = direction === "LR" ? ["x", "width"] : ["y", "height"];
  const reach = new Map();
  for (const node of graph.nodes().map((name) => graph.node(name))) {
    const at = Math.round(node[middle]);
    reach.set(at, Math.max(reach.get(at) ?? 0, node[length] / 2));
  }
  return reach;
}

/** Where an edge that goes straight through a point of a rank comes into the rank and leaves it; nothing for points
 *  between ranks, where dagre would put a label. */
function passed({ x, y }, reach, direction) {
  const half = reach.get(Math.round(direction === "LR" ? x : y));
  if (half === undefined) return [];
  return direction === "LR"
    ? [
        { x: x - half, y },
        { x: x + half, y },
      ]
    : [
        { x, y: y - half },
        { x, y: y + half },
      ];
}

/** Ranks for dagre: what comes from outside first, then each value after its inputs, what leaves last. Values that are
 *  used late stand late, unless that makes more edges longer than shorter. */
function ranked(graph) {
  const { inputs, uses } = neighbours(graph);
  const order = topological(inputs, uses);
  const rank = new Map();
  for (const item of order) {
    const first = isEntrance(item) || isDummy(graph, item) ? 0 : STEP;
    rank.set(item, Math.max(first, ...[...inputs.get(item)].map((input) => rank.get(input) + STEP)));
  }
  const last = Math.max(...rank.values());
  const held = holding(inputs, uses, order);
  for (const item of order.reverse()) {
    if (item.startsWith("out:")) rank.set(item, last);
    const latest = Math.min(...[...uses.get(item)].map((use) => rank.get(use) - STEP));
    if (!isEntrance(item) && uses.get(item).size && held.get(item) <= uses.get(item).size) rank.set(item, latest);
  }
  for (const [item, r] of rank) graph.node(item).rank = r;
}

const isEntrance = (item) => item.startsWith("in:");
const isDummy = (graph, item) => graph.node(item).dummy !== undefined; // dagre's own root

function neighbours(graph) {
  const inputs = new Map(graph.nodes().map((item) => [item, new Set()]));
  const uses = new Map(graph.nodes().map((item) => [item, new Set()]));
  for (const { v, w } of graph.edges()) {
    if (isDummy(graph, v)) continue;
    inputs.get(w).add(v);
    uses.get(v).add(w);
  }
  return { inputs, uses };
}

/** For each item, how many edges become longer if it moves: those from inputs that cannot move along with it. */
function holding(inputs, uses, order) {
  const held = new Map();
  const follows = (item) => !isEntrance(item) && held.get(item) === 0 && uses.get(item).size === 1;
  for (const item of order) held.set(item, [...inputs.get(item)].filter((input) => !follows(input)).length);
  return held;
}

function topological(inputs, uses) {
  const missing = new Map([...inputs].map(([item, all]) => [item, all.size]));
  const order = [...missing].filter(([, count]) => count === 0).map(([item]) => item);
  for (const item of order) {
    for (const use of uses.get(item)) {
      missing.set(use, missing.get(use) - 1);
      if (missing.get(use) === 0) order.push(use);
    }
  }
  return order;
}

/** Boxes in the whole picture, from places in levels: outside in. */
function placed(scene, levels, sizeOf) {
  const boxes = new Map([[groupKey(ROOT), { x: 0, y: 0, ...sizeOf(groupKey(ROOT)) }]]);
  for (const container of [...scene.insideOut].reverse()) {
    const corner = boxes.get(groupKey(container));
    for (const [item, place] of levels.get(groupKey(container)).places) {
      if (isPort(item)) continue;
      const { width, height } = sizeOf(item);
      boxes.set(item, { x: corner.x + place.x, y: corner.y + place.y, width, height });
    }
  }
  return boxes;
}

/** The points that an edge goes through, from card to card, and through the borders of the groups between them. It
 *  leaves the ranks of the two cards straight, so as not to touch wider cards there. */
function routed(model, edge, boxes, levels, direction) {
  const horizontal = direction === "LR";
  const [start, end] = [exit(boxes.get(edge.from), horizontal), entry(model, edge, boxes.get(edge.to), horizontal)];
  const straight = (point, { x, y }) => (horizontal ? { x, y: point.y } : { x: point.x, y });
  const points = [start];
  for (const [container, name] of edge.path) {
    const corner = boxes.get(groupKey(container));
    const { places, bends } = levels.get(groupKey(container));
    const { from, to, points: inside } = bends.get(name);
    const at = ({ x, y }) => ({ x: corner.x + x, y: corner.y + y });
    if (from.startsWith("in:")) points.push(onBorder(corner, at(places.get(from)), horizontal, false));
    if (from === edge.from) points.push(straight(start, at(places.get(from).exit)));
    points.push(...inside.map(at));
    if (to === edge.to) points.push(straight(end, at(places.get(to).entrance)));
    if (to.startsWith("out:")) points.push(onBorder(corner, at(places.get(to)), horizontal, true));
  }
  points.push(end);
  return { ...edge, points };
}

const exit = ({ x, y, width, height }, horizontal) =>
  horizontal ? { x: x + width, y: y + height / 2 } : { x: x + width / 2, y: y + height };

/** Where an edge ends: arguments stand in their order along the side of a card. */
function entry(model, edge, { x, y, width, height }, horizontal) {
  const count = edge.argument === null ? 1 : model.vertices[Number(edge.to.slice(1))].inputs.length;
  const share = ((edge.argument ?? 0) + 1) / (count + 1);
  return horizontal ? { x, y: y + height * share } : { x: x + width * share, y };
}

function onBorder(box, { x, y }, horizontal, leaving) {
  if (horizontal) return { x: leaving ? box.x + box.width : box.x, y };
  return { x, y: leaving ? box.y + box.height : box.y };
}

/** The points as the data of an SVG path that is smooth, and level where it passes cards. */
function curve(points, direction) {
  const horizontal = direction === "LR";
  const [first, ...rest] = points;
  let path = `M${first.x.toFixed(1)} ${first.y.toFixed(1)}`;
  let before = first;
  for (const point of rest) {
    const half = Math.max(Math.abs(horizontal ? point.x - before.x : point.y - before.y) / 2, 1);
    const [dx, dy] = horizontal ? [half, 0] : [0, half];
    const numbers = [before.x + dx, before.y + dy, point.x - dx, point.y - dy, point.x, point.y];
    path += `C${numbers.map((number) => number.toFixed(1)).join(" ")}`;
    before = point;
  }
  return path;
}
