// Elements of the page. Names and numbers become text and nothing else: no markup is ever read from the data.

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const FIRST_ARGUMENT = 0xe000; // the character that stands for the first argument in a formula
const MOST_ARGUMENTS = 0x1900;

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "role") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function drawn(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** The formula of a value as MathML: what it is called, and the operation applied to what its arguments are called. */
function formula(model, id) {
  const { formula, inputs } = model.vertices[id];
  const applied = mathElement(model.formulas[formula], (place) => symbol(model, inputs[place]));
  return mathElement(["math", {}, []], null, symbol(model, id), mathElement(["mo", {}, "="]), applied);
}

const symbol = (model, id) => mathElement(model.formulas[model.vertices[id].symbol]);

/** An element of MathML; `argument` gives what stands for the character of an argument. */
function mathElement([tag, attributes, content], argument, ...children) {
  const place = typeof content === "string" ? content.codePointAt(0) - FIRST_ARGUMENT : -1;
  if (argument && place >= 0 && place < MOST_ARGUMENTS) return argument(place);
  const made = document.createElementNS(MATHML, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (typeof content === "string") made.append(content);
  else made.append(...content.map((child) => mathElement(child, argument)), ...children);
  const base = made.firstElementChild;
  if (tag === "msup" && hasIndices(base)) base.replaceWith(bracketed(base));
  return made;
}

/** Whether something has what stands above it already, so that it needs brackets before more can stand there. */
function hasIndices(made) {
  const alone = made.localName === "mrow" && made.childElementCount === 1;
  return alone ? hasIndices(made.firstElementChild) : ["msup", "msubsup"].includes(made.localName);
}

function bracketed(made) {
  const [left, right] = ["(", ")"].map((text) => mathElement(["mo", { stretchy: "false" }, text]));
  return mathElement(["mrow", {}, []], null, left, made.cloneNode(true), right);
}
