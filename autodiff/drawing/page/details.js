// The panel beside the picture: all that is known of one value, or of one group, after so many steps.

class Details {
  constructor(model, panel, go) {
    Object.assign(this, { model, panel, go });
  }

  show(key, step) {
    if (key === null) return this.panel.replaceChildren(...this.nothing());
    const number = Number(key.slice(1));
    this.panel.replaceChildren(...(key.startsWith("g") ? this.group(number) : this.value(number, step)));
  }

  nothing() {
    const ways = "Point at a card, or choose one: its numbers, its formula and its gradient stand here.";
    return [element("p", { className: "quiet" }, ways)];
  }

  group(number) {
    const { label } = this.model.groups[number];
    const around = ancestors(this.model, number)
      .filter((each) => each !== ROOT)
      .reverse();
    return [
      element("h2", {}, label),
      this.path(around),
      element("p", {}, `A group: ${contents(this.model, number)}.`),
      element("p", { className: "quiet" }, "Enter, or a click, opens and closes it."),
    ];
  }

  value(id, step) {
    const vertex = this.model.vertices[id];
    return [
      element("h2", {}, nameOf(this.model, id)),
      this.path(groupsAround(this.model, id)),
      element("p", { className: "quiet" }, this.kindOf(vertex)),
      ...vertex.marks.map((text) => element("p", { className: "mark" }, text)),
      ...(vertex.formula === null
        ? []
        : [element("div", { className: "formula", tabIndex: 0 }, formula(this.model, id))]),
      ...this.figure("Value", valueAt(this.model, id, step), "not computed yet"),
      ...(vertex.gradient === null ? [] : this.gradient(id, step)),
      ...this.neighbours(
        "Made of",
        vertex.inputs.map((start, argument) => ({ start, end: id, argument, other: start })),
        step,
      ),
    ];
  }

  kindOf({ kind, op, params, output, value }) {
    const { dtype } = this.model.figures[value];
    const what = op === null ? kind : `${op}${params ? ` (${params})` : ""}`;
    return [what, shapeOf(this.model, value), dtype, output ? "output" : ""].filter(Boolean).join(" · ");
  }

  path(groups) {
    if (!groups.length) return "";
    const names = groups.map((number) => this.link(this.model.groups[number].label, groupKey(number)));
    const parts = names.flatMap((name, i) => (i ? [" / ", name] : [name]));
    return element("p", { className: "path" }, ...parts);
  }

  figure(title, place, without) {
    const heading = element("h3", {}, title);
    if (place === null) return [heading, element("p", { className: "quiet" }, without)];
    const rows = element("pre", { className: "rows", tabIndex: 0 }, rowsOf(this.model, place).join("\n"));
    const { exact } = this.model.figures[place];
    if (exact?.length && !sameNumbers(rows.textContent.trim().split(/\s+/), exact)) {
      const all = element("p", { className: "exact" }, exact.join("  "));
      return [heading, rows, element("details", {}, element("summary", {}, "all digits"), all)];
    }
    return [heading, rows];
  }

  /** The gradient so far, and what each use has added to it. */
  gradient(id, step) {
    const all = this.model.uses[id].map((use) => ({ start: id, ...use, other: use.end }));
    const added = all.filter((use) => contributionAt(this.model, use, step));
    const tracked = all.filter((use) => this.model.contributions.has(useKey(use.start, use.end, use.argument)));
    const sofar = added.length < tracked.length ? ` after ${added.length} of ${tracked.length} uses` : "";
    return [
      ...this.figure(`Gradient${sofar}`, gradientAt(this.model, id, step), "nothing has arrived yet"),
      ...this.neighbours("Used by", all, step),
    ];
  }

  neighbours(title, uses, step) {
    if (!uses.length) return [];
    const items = uses.map((use) => this.neighbour(use, step));
    return [element("h3", {}, title), element("ul", { className: "uses" }, ...items)];
  }

  neighbour(use, step) {
    const { arguments: names, op } = this.model.vertices[use.end];
    const role = names[use.argument] ? ` as ${names[use.argument]}` : "";
    const what = use.other === use.end ? `${op}${role}` : role.trim();
    const item = element("li", {}, this.link(nameOf(this.model, use.other), vertexKey(use.other)), ` ${what}`);
    const found = contributionAt(this.model, use, step);
    if (found !== null) item.append(...this.contribution(found));
    return item;
  }

  contribution(found) {
    const { value, pulled } = found;
    const rows = element("pre", { className: "rows added" }, rowsOf(this.model, value).join("\n"));
    const [before, after] = [shapeOf(this.model, pulled), shapeOf(this.model, value)];
    const summed = before === after ? "adds" : `adds, summed from ${before} to ${after}`;
    const written = found.formula === null ? [] : [element("div", { className: "formula" }, added(this.model, found))];
    return [element("span", { className: "quiet" }, ` · ${summed}`), ...written, rows];
  }

  link(text, key) {
    const button = element("button", { className: "link", type: "button" }, text);
    button.addEventListener("click", () => this.go(key));
    return button;
  }
}

/** Whether what is shown is exact. */
const sameNumbers = (shown, exact) =>
  shown.length === exact.length && shown.every((text, i) => Object.is(Number(text), Number(exact[i])));
