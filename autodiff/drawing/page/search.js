// Search: by name, operation, place or group.

const MOST_RESULTS = 30;

class Search {
  constructor(model, root, { found, go }) {
    Object.assign(this, { model, found, go });
    this.field = root.querySelector(".search input");
    this.list = root.querySelector(".search ul");
    this.active = -1;
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => this.hide());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus, and the list stays until the click
      const item = event.target.closest("li[data-key]");
      if (item) this.take(item.dataset.key);
    });
  }

  matches(text) {
    const wanted = text.toLowerCase();
    const has = (...texts) => texts.some((each) => each?.toLowerCase().includes(wanted));
    const vertices = this.model.vertices.flatMap((vertex, id) =>
      has(nameOf(this.model, id), vertex.letter, vertex.op, vertex.scope.join(" / ")) ? [vertexKey(id)] : [],
    );
    const groups = this.model.groups.flatMap(({ label }, number) => (has(label) ? [groupKey(number)] : []));
    return [...groups, ...vertices];
  }

  look() {
    const text = this.field.value.trim();
    const keys = text ? this.matches(text) : [];
    const items = keys.slice(0, MOST_RESULTS).map((key, i) => this.item(key, i));
    if (keys.length > MOST_RESULTS)
      items.push(element("li", { className: "quiet" }, `and ${keys.length - MOST_RESULTS} more`));
    if (text && !keys.length) items.push(element("li", { className: "quiet" }, "nothing found"));
    this.list.replaceChildren(...items);
    this.list.hidden = !text;
    this.field.ariaExpanded = String(!this.list.hidden);
    this.point(keys.length ? 0 : -1);
    this.found(keys.filter((key) => key.startsWith("v")).map((key) => Number(key.slice(1))));
  }

  item(key, i) {
    const number = Number(key.slice(1));
    const isGroup = key.startsWith("g");
    const name = isGroup ? this.model.groups[number].label : nameOf(this.model, number);
    const vertex = this.model.vertices[number];
    const what = isGroup ? "group" : [vertex.op ?? vertex.kind, ...vertex.scope.slice(-2)].join(" · ");
    const item = element("li", { role: "option", id: `found-${i}` }, element("b", {}, name), ` ${what}`);
    item.dataset.key = key;
    return item;
  }

  point(active) {
    this.active = active;
    const items = [...this.list.querySelectorAll("[data-key]")];
    items.forEach((item, i) => (item.ariaSelected = String(i === active)));
    items[active]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", items[active]?.id ?? "");
  }

  key(event) {
    const items = [...this.list.querySelectorAll("[data-key]")];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : items.length - 1;
      if (items.length) this.point((this.active + by) % items.length);
    } else if (event.key === "Enter" && items[this.active]) {
      this.take(items[this.active].dataset.key);
    } else if (event.key === "Escape") {
      this.field.value = "";
      this.look();
    }
    event.stopPropagation();
  }

  take(key) {
    this.hide();
    this.go(key);
  }

  hide() {
    this.list.hidden = true;
    this.field.ariaExpanded = "false";
  }
}
