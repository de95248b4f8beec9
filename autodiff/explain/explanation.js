// The step that is read is the one that the picture shows.
(() => {
  const steps = [...document.querySelectorAll(".lesson li[data-vertices]")];
  const narrow = matchMedia("(max-width: 860px)");
  let now = null;

  const show = (step) => {
    if (step === now) return;
    now?.classList.remove("now");
    now?.removeAttribute("aria-current");
    now = step;
    step.classList.add("now");
    step.setAttribute("aria-current", "step");
    const vertices = step.dataset.vertices.split(" ").filter(Boolean).map(Number);
    if (step.dataset.goto) window.graph.goto(Number(step.dataset.goto));
    window.graph.highlight(vertices);
  };

  // the step below the header, or on a phone below the picture
  const above = document.querySelector(".lesson header");
  const room = () => document.documentElement.style.setProperty("--above", `${above.offsetHeight + 4}px`);
  new ResizeObserver(room).observe(above);
  const read = () => {
    const line = 48 + (narrow.matches ? innerHeight * 0.42 : above.getBoundingClientRect().bottom);
    show(steps.findLast((step) => step.getBoundingClientRect().top <= line) ?? steps[0]);
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; read(); });
  }, { passive: true });

  const go = (away) => {
    const next = steps[Math.min(Math.max(steps.indexOf(now) + away, 0), steps.length - 1)];
    next.scrollIntoView({ block: "start" });
    show(next);
  };
  addEventListener("keydown", (event) => {
    const inside = event.target.closest?.("aside, input");
    if (inside || event.ctrlKey || event.metaKey || event.altKey) return;
    const away = { j: 1, k: -1, n: 1, p: -1 }[event.key];
    if (away) { event.preventDefault(); go(away); }
  });

  // who moves the picture's slider is taken to the words
  document.querySelector(".lesson .graph").addEventListener("graph:step", (event) => {
    if (!document.activeElement?.closest("aside")) return;
    const step = steps.find((each) => Number(each.dataset.goto) === event.detail.step);
    if (step && step !== now) { show(step); step.scrollIntoView({ block: "start" }); }
  });
  read();
})();
