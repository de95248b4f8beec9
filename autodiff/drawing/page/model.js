// What follows from the data: who uses what, and at which step each number is known.

/** The graph with, for every value, its uses, the step that computes it, and what its gradient is after each step. */
function completed(data) {
  const uses = data.vertices.map(() => []);
  data.vertices.forEach(({ inputs }, end) => inputs.forEach((start, argument) => uses[start].push({ end, argument })));
  const computedAt = data.vertices.map(() => 0);
  const sums = data.vertices.map(() => []); // pairs: after which step, which figure
  const contributions = new Map();
  data.steps.forEach((step, i) => {
    if (step.phase === "forward") computedAt[step.vertex] = i + 1;
    for (const [id, figure] of step.gradients) sums[id].push([i + 1, figure]);
    for (const use of step.uses)
      contributions.set(useKey(use.start, step.vertex, use.argument), { at: i + 1, end: step.vertex, ...use });
  });
  const forward = data.steps.filter(({ phase }) => phase === "forward").length;
  const operations = countedIn(data, ({ op }) => op !== null);
  const leaves = countedIn(data, ({ op }) => op === null);
  return { ...data, uses, computedAt, sums, contributions, forward, operations, leaves };
}

/** How many values of a kind each group holds, those in its groups with it. */
function countedIn({ vertices, groups }, isWanted) {
  const counts = groups.map(() => 0);
  for (const vertex of vertices.filter(isWanted)) {
    for (let at = vertex.group; at !== null; at = groups[at].parent) counts[at] += 1;
  }
  return counts;
}

const useKey = (start, end, argument) => `${start}>${end}:${argument}`;

/** The figure of a value after so many steps; null before it is computed. */
const valueAt = (model, id, step) => (step >= model.computedAt[id] ? model.vertices[id].value : null);

/** The figure of the gradient that has arrived after so many steps; null before the first contribution. */
function gradientAt(model, id, step) {
  if (model.steps.length === model.forward) return model.vertices[id].gradient; // left by backward(), not played here
  return model.sums[id].findLast(([at]) => at <= step)?.[1] ?? null;
}

/** What a use has added after so many steps; null before it has. */
function contributionAt(model, { start, end, argument }, step) {
  const found = model.contributions.get(useKey(start, end, argument));
  return found !== undefined && found.at <= step ? found : null;
}

/** How a value is called: by its name, as the number that it is, or as in formulas. */
function nameOf(model, id) {
  const vertex = model.vertices[id];
  if (isNumber(model, vertex)) return model.figures[vertex.value].rows[0];
  return vertex.name || vertex.letter;
}

const isNumber = (model, { kind, value }) => kind === "constant" && model.figures[value].shape === "scalar";

/** The lines of a figure. */
function rowsOf(model, place) {
  const figure = model.figures[place];
  if (!figure.parts) return figure.rows;
  return figure.parts.flatMap((part, i) =>
    part === null ? [`${i}: none`] : rowsOf(model, part).map((row) => `${i}: ${row}`),
  );
}

const shapeOf = (model, place) => {
  const figure = model.figures[place];
  return figure.parts
    ? figure.parts.map((part) => (part === null ? "none" : shapeOf(model, part))).join(" and ")
    : figure.shape;
};

/** What is added, in one short piece of text: the number, the few numbers, or how many there are. */
function brief(model, place) {
  const [row, ...more] = rowsOf(model, place).map((each) => each.trim().replace(/ +/g, " "));
  if (more.length || row.length > SHORT) return `+ [${shapeOf(model, place)}]`;
  return row.startsWith("-") ? row.replace("-", "− ") : `+ ${row}`;
}

const SHORT = 9;

/** What a step does, in words. */
function said(model, at) {
  if (at === 0) return "Before the first step";
  const { phase, vertex } = model.steps[at - 1];
  const name = vertex === null ? "" : nameOf(model, vertex);
  if (phase === "forward") return `Forward ${at} of ${model.forward}: ${model.vertices[vertex].op} gives ${name}`;
  const place = `Backward ${at - model.forward} of ${model.steps.length - model.forward}`;
  return vertex === null
    ? `${place}: the gradient of the output`
    : `${place}: through ${model.vertices[vertex].op}, ${name}`;
}

/** The groups around a value, the outermost first. */
function groupsAround(model, id) {
  const around = [];
  for (let at = model.vertices[id].group; at !== null; at = model.groups[at].parent) around.unshift(at);
  return around;
}
