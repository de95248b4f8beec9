// The page: its parts brought together, its keys, and what other pages can call.

class Page {
  constructor(root) {
    this.root = root;
    this.model = completed(JSON.parse(root.querySelector(".data").textContent));
    this.picture = new Picture(this.model, root.querySelector(".world"), this.model.direction);
    this.camera = new Camera(root.querySelector(".viewport"), root.querySelector(".world"));
    this.player = new Player(this.model, root.querySelector(".player"));
    this.details = new Details(this.model, root.querySelector(".details"), (key) => this.go(key));
    this.search = new Search(this.model, root, {
      found: (ids) => this.picture.highlight(ids),
      go: (key) => this.go(key),
    });
    root.classList.toggle("flat", this.model.groups.length === 0);
    this.listen();
    this.picture.arrange();
    this.player.goto(this.player.last);
    this.choose(null);
    this.fit();
  }

  listen() {
    const { root, player, camera } = this;
    player.addEventListener("move", () => (this.picture.resting = false));
    player.addEventListener("step", () => this.stepped());
    const actions = {
      farther: () => camera.zoom(1 / 1.4, undefined, true),
      nearer: () => camera.zoom(1.4, undefined, true),
      fit: () => camera.fit(this.picture.scene.boxes.get(groupKey(ROOT))),
      open: () => this.openAll(true),
      close: () => this.openAll(false),
      theme: () => this.switchTheme(),
      help: () => root.querySelector(".help").showModal(),
      first: () => this.jump(0),
      back: () => this.jump(player.step - 1),
      play: () => player.toggle(),
      on: () => this.jump(player.step + 1),
      last: () => this.jump(player.last),
    };
    this.actions = actions;
    root.addEventListener("click", ({ target }) => actions[target.closest("[data-do]")?.dataset.do]?.());
    const whole = root.parentElement === document.body; // else keys are the page's around it, outside of the picture
    (whole ? document : root).addEventListener("keydown", (event) => this.key(event));
    const { viewport } = camera;
    viewport.addEventListener("click", (event) => this.clicked(event));
    viewport.addEventListener("pointerover", (event) => this.pointed(event));
    viewport.addEventListener("pointerleave", () => this.details.show(this.picture.chosen, player.step));
    viewport.addEventListener("focusin", ({ target }) => this.focused(target.closest("[data-key]")));
    viewport.addEventListener(
      "dblclick",
      (event) => !event.target.closest("[data-key]") && camera.zoom(1.6, camera.at(event), true),
    );
  }

  jump(step) {
    this.player.pause();
    this.player.move(step);
  }

  /** After a step: the numbers, the card that acts, what is said of it, and whoever listens outside. */
  stepped() {
    const { step } = this.player;
    const current = step === 0 ? null : this.model.steps[step - 1];
    this.picture.show(step);
    if (current?.vertex != null && !this.picture.resting) {
      const key = standIn(this.model, this.picture.open, current.vertex);
      this.choose(key);
      this.details.show(vertexKey(current.vertex), step);
      this.camera.reveal(this.picture.scene.boxes.get(key));
    } else {
      this.details.show(this.picture.chosen, step);
    }
    const detail = { step, phase: current?.phase ?? null, vertex: current?.vertex ?? null };
    this.root.dispatchEvent(new CustomEvent("graph:step", { bubbles: true, detail }));
  }

  clicked(event) {
    if (this.camera.dragged) return;
    const key = event.target.closest("[data-key]")?.dataset.key;
    if (key === undefined) return this.choose(null);
    if (key.startsWith("g") && event.target.closest(".header, .group")) return this.toggle(Number(key.slice(1)));
    if (key.startsWith("v")) this.choose(key);
  }

  pointed({ target, pointerType }) {
    const key = target.closest(".card, .header")?.dataset.key;
    if (pointerType === "mouse" && !this.player.playing)
      this.details.show(key ?? this.picture.chosen, this.player.step);
  }

  focused(shown) {
    const key = shown?.dataset.key;
    if (key === undefined) return;
    this.camera.reveal(this.boxOf(key));
    this.choose(key);
  }

  choose(key) {
    this.picture.choose(key);
    for (const shown of this.root.querySelectorAll(".world [tabindex='0']")) shown.tabIndex = -1;
    const target = this.picture.target(key ?? this.picture.shown.keys().next().value);
    if (target) target.tabIndex = 0;
    this.details.show(key, this.player.step);
  }

  /** Where a card is, or the title of an open group. */
  boxOf(key) {
    const box = this.picture.scene.boxes.get(key);
    return this.picture.shown.get(key)?.dataset.open === "true" ? { ...box, height: HEADER } : box;
  }

  /** Go to a value or a group, wherever it is: open what is around it. */
  go(key) {
    const number = Number(key.slice(1));
    const around = key.startsWith("v")
      ? groupsAround(this.model, number)
      : ancestors(this.model, number).filter((g) => g !== ROOT);
    if (around.some((group) => !this.picture.open.has(group))) {
      for (const group of around) this.picture.open.add(group);
      this.picture.arrange();
    }
    this.focus(key);
  }

  focus(key) {
    this.choose(key);
    this.picture.target(key).focus({ preventScroll: true });
    this.camera.reveal(this.boxOf(key));
  }

  /** Open or close a group; what was pressed stays where it is on the screen. */
  toggle(number) {
    const key = groupKey(number);
    const { picture, camera } = this;
    const before = picture.scene.boxes.get(key);
    if (!picture.open.delete(number)) picture.open.add(number);
    picture.arrange();
    const after = picture.scene.boxes.get(key);
    camera.pan((before.x - after.x) * camera.scale, (before.y - after.y) * camera.scale);
    this.focus(key);
  }

  openAll(open) {
    this.picture.open = new Set(open ? this.model.groups.keys() : []);
    this.picture.arrange();
    this.choose(null);
    this.fit();
  }

  /** Show everything, or, where that would be too small to read, what everything begins with. */
  fit() {
    const { boxes } = this.picture.scene;
    const start = this.model.direction === "LR" ? "x" : "y";
    const cards = [...boxes].filter(([key]) => key !== groupKey(ROOT)).map(([, box]) => box);
    this.camera.fit(boxes.get(groupKey(ROOT)), COMFORTABLE);
    this.camera.reveal(cards.reduce((first, box) => (box[start] < first[start] ? box : first)));
  }

  switchTheme() {
    const { dataset } = document.documentElement;
    const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    dataset.theme = dark ? "light" : "dark";
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("dialog, select")) return;
    const { target, key } = event;
    const shown = target.closest(".viewport [data-key]");
    const done = shown !== null ? this.keyOnCard(key, shown.dataset.key) : false;
    if (!done && (target.closest(".slider, .details") || !this.keyAnywhere(key, target))) return;
    event.preventDefault();
  }

  keyOnCard(key, at) {
    if (key.startsWith("Arrow")) {
      const next = neighbour(this.picture, at, key.slice(5), this.model.direction);
      if (next !== null) this.focus(next);
      return true;
    }
    if (key === "Enter" || key === " ") {
      if (at.startsWith("g")) this.toggle(Number(at.slice(1)));
      else this.choose(at);
      return true;
    }
    if (key !== "Backspace") return false;
    const around = containerOf(this.model, at);
    if (around !== ROOT) this.toggle(around);
    return true;
  }

  keyAnywhere(key, target) {
    const keys = {
      "+": "nearer",
      "=": "nearer",
      "-": "farther",
      0: "fit",
      o: "open",
      c: "close",
      t: "theme",
      "?": "help",
    };
    Object.assign(keys, { p: "play", ",": "back", ".": "on", Home: "first", End: "last" });
    if (key === " " && !target.closest("button, summary")) this.player.toggle();
    else if (key === "/") this.search.field.focus();
    else if (key === "Escape") this.choose(null);
    else if (keys[key]) this.actions[keys[key]]();
    else return false;
    return true;
  }

  /** What other pages can call. */
  api() {
    const page = this;
    return {
      root: this.root,
      steps: this.model.steps.map(({ phase, vertex }) => ({ phase, vertex })),
      get step() {
        return page.player.step;
      },
      goto: (step) => this.jump(step),
      highlight: (ids) => this.picture.highlight(ids),
      select: (id) => this.go(vertexKey(id)),
      toggle: (group) => {
        this.go(groupKey(group));
        this.toggle(group);
      },
      fit: () => this.fit(),
    };
  }
}

/** The card that an arrow key leads to: along an edge in the direction of the graph, else the nearest one there. */
function neighbour({ scene, follow }, key, arrow, direction) {
  const [onward, backward] = direction === "LR" ? ["Right", "Left"] : ["Down", "Up"];
  const here = scene.boxes.get(key);
  if (arrow === onward || arrow === backward) {
    const along = [...((arrow === onward ? follow.uses : follow.inputs).get(key) ?? [])];
    if (along.length) return nearest(here, along, scene.boxes);
  }
  const [dx, dy] = { Right: [1, 0], Left: [-1, 0], Down: [0, 1], Up: [0, -1] }[arrow];
  const there = [...scene.boxes.keys()].filter((other) => {
    if (other === key || other === groupKey(ROOT)) return false;
    const [x, y] = between(here, scene.boxes.get(other));
    return dx * x + dy * y > Math.abs(dx * y) + Math.abs(dy * x);
  });
  return there.length ? nearest(here, there, scene.boxes) : null;
}

const between = (a, b) => [b.x + b.width / 2 - a.x - a.width / 2, b.y + b.height / 2 - a.y - a.height / 2];

const nearest = (here, keys, boxes) => {
  const distance = (key) => Math.hypot(...between(here, boxes.get(key)));
  return keys.reduce((best, key) => (distance(key) < distance(best) ? key : best));
};

window.graph = new Page(document.querySelector(".graph")).api();
