// The picture: cards, frames and edges, and what they show after so many steps.

const DIGIT = 6.65; // widths of characters in the fonts of the style sheet: sizes are known before anything is drawn,
const LETTER = 7.5; // and are the same on every machine
const SMALL_LETTER = 6.1;
const LABEL = 36;
const NARROWEST = 66;
const WIDEST = 254; // of a title; it is cut where it is longer
const ROW = 14;
const CHIP = 17;
const FEW_CHIPS = 4; // more of them would cover other cards

function cardSize(model, key) {
  const number = Number(key.slice(1));
  return key.startsWith("g") ? groupSize(model, number) : vertexSize(model, number);
}

function groupSize(model, number) {
  const title = model.groups[number].label.length * LETTER + 20;
  const width = Math.max(title, contents(model, number).length * SMALL_LETTER, NARROWEST);
  return { width: Math.min(width, WIDEST) + 32, height: 54 };
}

/** How much is in a group, in words. */
function contents(model, number) {
  const [operations, leaves] = [model.operations[number], model.leaves[number]];
  const [many, what] = operations ? [operations, "operation"] : [leaves, "value"];
  const counted = `${many} ${what}${many === 1 ? "" : "s"}`;
  const { count } = model.groups[number];
  return count > 1 ? `${count} alike · ${counted}` : counted;
}

function vertexSize(model, id) {
  const vertex = model.vertices[id];
  if (isNumber(model, vertex)) return { width: Math.max(nameOf(model, id).length * DIGIT + 20, 34), height: 24 };
  const blocks = [vertex.value, vertex.gradient].filter((place) => place !== null).map((place) => rowsOf(model, place));
  const heading = headingOf(vertex).length * LETTER + 12 + vertex.letter.length * SMALL_LETTER;
  const text = Math.min(Math.max(heading, about(model, id).length * SMALL_LETTER), WIDEST);
  const digits = LABEL + Math.max(0, ...blocks.flat().map((row) => row.length)) * DIGIT;
  const width = Math.max(text, digits, NARROWEST) + 26;
  return { width, height: 46 + blocks.reduce((sum, rows) => sum + 8 + rows.length * ROW, 0) };
}

const clamp = (number, low, high) => Math.min(Math.max(number, low), high);

const headingOf = ({ name, sign, title }) => (name || !sign ? title : `${sign} ${title}`);

/** The second line of a card. */
function about(model, id) {
  const { kind, name, op, output, params, value } = model.vertices[id];
  const what = op === null ? [name ? kind : ""] : [name ? op : ""];
  return [...what, output ? "output" : "", shapeOf(model, value), params].filter(Boolean).join(" · ");
}

/** Draws what is seen, and keeps what is there already. */
class Picture {
  constructor(model, root, direction) {
    this.model = model;
    this.direction = direction;
    this.layout = layouts(model, direction);
    this.open = new Set([...model.groups.keys()].filter((number) => !model.groups[number].closed));
    [this.frames, this.cards, this.chips] = ["frames", "cards", "chips"].map((name) => root.querySelector(`.${name}`));
    this.edges = root.querySelector(".edges");
    this.shown = new Map(); // elements by their keys
    this.lines = new Map(); // paths by the keys of their edges
    this.step = 0;
    this.resting = true; // nothing acts before the reader moves
    this.chosen = null;
    this.marked = new Set();
  }

  /** Lay out anew, after groups were opened or closed. */
  arrange() {
    this.scene = this.layout(this.open, (key) => cardSize(this.model, key));
    this.follow = links(this.scene.edges);
    this.renew(
      this.shown,
      [...this.scene.boxes.keys()].filter((key) => key !== groupKey(ROOT)),
      (key) => this.made(key),
    );
    this.renew(
      this.lines,
      this.scene.edges.map(({ key }) => key),
      () => this.line(),
    );
    for (const [key, shown] of this.shown) place(shown, this.scene.boxes.get(key));
    for (const edge of this.scene.edges) this.lines.get(edge.key).setAttribute("d", curve(edge.points, this.direction));
    const { width, height } = this.scene.boxes.get(groupKey(ROOT));
    this.edges.setAttribute("width", width);
    this.edges.setAttribute("height", height);
    this.show(this.step);
  }

  renew(known, keys, make) {
    const wanted = new Set(keys);
    for (const [key, old] of known) {
      if (wanted.has(key) && !this.hasTurned(key, old)) continue;
      old.remove();
      known.delete(key);
    }
    for (const key of keys) if (!known.has(key)) known.set(key, make(key));
  }

  /** Whether a group is drawn closed and is open now, or the other way round. */
  hasTurned(key, { dataset }) {
    return dataset.key?.startsWith("g") && (dataset.open === "true") !== this.open.has(Number(key.slice(1)));
  }

  made(key) {
    const number = Number(key.slice(1));
    if (key.startsWith("v")) return this.card(number);
    return this.open.has(number) ? this.frame(number) : this.closedGroup(number);
  }

  card(id) {
    const vertex = this.model.vertices[id];
    const bare = isNumber(this.model, vertex);
    const card = element("div", { className: `card ${vertex.kind}`, role: "button", tabIndex: -1 });
    card.classList.toggle("output", vertex.output);
    card.classList.toggle("number", bare);
    card.dataset.key = vertexKey(id);
    if (bare) card.append(nameOf(this.model, id));
    else card.append(...this.content(id));
    this.cards.append(card);
    return card;
  }

  content(id) {
    const vertex = this.model.vertices[id];
    const title = element("div", { className: "title" }, element("b", {}, headingOf(vertex)));
    if (vertex.letter !== vertex.name) title.append(element("span", { className: "letter" }, vertex.letter));
    const parts = [title, element("div", { className: "about" }, about(this.model, id))];
    for (const [what, label] of [
      ["value", "value"],
      ["gradient", "grad"],
    ]) {
      if (vertex[what] === null) continue;
      const rows = element("pre", { className: "rows" });
      rows.style.height = `${rowsOf(this.model, vertex[what]).length * ROW}px`;
      parts.push(element("div", { className: `block ${what}` }, element("span", { className: "label" }, label), rows));
    }
    return parts;
  }

  closedGroup(number) {
    const { label } = this.model.groups[number];
    const inside = contents(this.model, number);
    const card = element(
      "div",
      { className: "card group", role: "button", tabIndex: -1, ariaExpanded: "false" },
      element("div", { className: "title" }, element("b", {}, label)),
      element("div", { className: "about" }, inside),
    );
    card.ariaLabel = `Group ${label}, ${inside}, closed`;
    card.dataset.key = groupKey(number);
    card.dataset.open = false;
    this.cards.append(card);
    return card;
  }

  frame(number) {
    const { label } = this.model.groups[number];
    const header = element("div", { className: "header", role: "button", tabIndex: -1, ariaExpanded: "true" }, label);
    header.ariaLabel = `Group ${label}, open`;
    header.dataset.key = groupKey(number);
    const frame = element("div", { className: "frame" }, header);
    frame.dataset.key = groupKey(number);
    frame.dataset.open = true;
    frame.dataset.depth = Math.min(ancestors(this.model, number).length, 4);
    this.frames.append(frame);
    return frame;
  }

  line() {
    const line = drawn("path", { class: "edge", "marker-end": "url(#arrow)" });
    this.edges.append(line);
    return line;
  }

  /** Show what is known after so many steps. */
  show(step) {
    this.step = step;
    const current = step === 0 || this.resting ? null : this.model.steps[step - 1];
    for (const [key, shown] of this.shown) if (key.startsWith("v")) this.showCard(Number(key.slice(1)), shown, step);
    const acting = current?.vertex == null ? null : standIn(this.model, this.open, current.vertex);
    for (const [key, shown] of this.shown) mark(shown, "acting", key === acting ? current.phase : null);
    this.write(this.scene.edges.flatMap((edge) => this.showEdge(edge, current, step)));
  }

  showCard(id, card, step) {
    const { model } = this;
    const [value, gradient] = [valueAt(model, id, step), gradientAt(model, id, step)];
    const state = `${value} ${gradient}`;
    if (card.dataset.state === state) return;
    card.dataset.state = state;
    card.classList.toggle("ahead", value === null);
    setRows(card.querySelector(".value .rows"), value === null ? "" : rowsOf(model, value).join("\n"));
    setRows(card.querySelector(".gradient .rows"), gradient === null ? "" : rowsOf(model, gradient).join("\n"));
    card.ariaLabel = spoken(model, id, value, gradient);
  }

  /** Show whether an edge is used already, or now; return what is to be written on it. */
  showEdge(edge, current, step) {
    const line = this.lines.get(edge.key);
    const ahead = edge.uses.every(({ end }) => step < this.model.computedAt[end]);
    const active = current !== null && edge.uses.some(({ end }) => end === current.vertex);
    const added = edge.uses.map((use) => contributionAt(this.model, use, step)).filter((found) => found !== null);
    const near = this.chosen !== null && (edge.from === this.chosen || edge.to === this.chosen);
    mark(line, "acting", active && (current.phase === "forward" || added.length) ? current.phase : null);
    line.classList.toggle("ahead", ahead);
    line.classList.toggle("back", added.length > 0);
    line.classList.toggle("near", near);
    const written = added.length && (near || active || this.scene.edges.length <= FEW_EDGES);
    return written ? [this.chip(edge, added, active)] : [];
  }

  /** What an edge adds to the gradient at its start. */
  chip(edge, added, active) {
    const text = added.length === 1 ? brief(this.model, added[0].value) : `${added.length} uses`;
    const chip = element("div", { className: "chip", ariaHidden: "true" }, text);
    chip.classList.toggle("acting", active && this.model.steps[this.step - 1].phase === "backward");
    return { chip, from: edge.from, start: edge.points[0], next: edge.points[2] };
  }

  /** Write chips beside the cards that they belong to, in the order in which the edges leave. */
  write(chips) {
    const order = this.direction === "LR" ? (a, b) => a.next.y - b.next.y : (a, b) => a.next.x - b.next.x;
    const groups = [...Map.groupBy(chips, ({ from }) => from).values()].map((group) =>
      group.length > FEW_CHIPS ? group.filter(({ chip }) => chip.classList.contains("acting")) : group,
    );
    for (const group of groups) {
      group.sort(order).forEach(({ chip, start: { x, y } }, i) => {
        const beside = this.direction === "LR" ? i - (group.length - 1) / 2 : i + 0.7;
        chip.style.left = `${x + 5}px`;
        chip.style.top = `${y + beside * CHIP}px`;
      });
    }
    this.chips.replaceChildren(...groups.flat().map(({ chip }) => chip));
  }

  /** Show which card the reader looks at. */
  choose(key) {
    this.chosen = key;
    for (const [each, shown] of this.shown) shown.classList.toggle("chosen", each === key);
    this.show(this.step);
  }

  /** Make some values stand out. */
  highlight(ids) {
    this.marked = new Set([...ids].map((id) => standIn(this.model, this.open, id)));
    for (const [key, shown] of this.shown) shown.classList.toggle("marked", this.marked.has(key));
  }

  /** The element that takes the focus for a card or a group. */
  target(key) {
    const shown = this.shown.get(key);
    return shown?.querySelector(".header") ?? shown;
  }
}

const FEW_EDGES = 60; // so many can all have their numbers written on them

function place({ style }, { x, y, width, height }) {
  Object.assign(style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}

function setRows(rows, text) {
  if (rows !== null) rows.textContent = text;
}

function mark({ dataset }, name, value) {
  if (value === null) delete dataset[name];
  else dataset[name] = value;
}

/** For each card, the cards at the other ends of its edges. */
function links(edges) {
  const inputs = new Map();
  const uses = new Map();
  const add = (map, key, other) => map.set(key, (map.get(key) ?? new Set()).add(other));
  for (const { from, to } of edges) {
    add(inputs, to, from);
    add(uses, from, to);
  }
  return { inputs, uses };
}

/** A card, read aloud. */
function spoken(model, id, value, gradient) {
  const vertex = model.vertices[id];
  const numbers = (place) => rowsOf(model, place).join("; ").replace(/\s+/g, " ");
  return [
    nameOf(model, id),
    vertex.op ?? vertex.kind,
    shapeOf(model, vertex.value),
    value === null ? "not computed yet" : `value ${numbers(value)}`,
    gradient === null ? "" : `gradient ${numbers(gradient)}`,
  ]
    .filter(Boolean)
    .join(", ");
}
