// Elements of the page. Names and numbers become text and nothing else: no markup is ever read from the data.

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const FIRST_ARGUMENT = 0xe000; // the character that stands for the first argument in a formula
const [RESULT, GRADIENT] = [0x8fe, 0x8ff]; // and those for the result and its gradient, counted from there
const MOST_ARGUMENTS = 0x1000;

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
  return equation(symbol(model, id), "=", filled(model, model.vertices[id].formula, id));
}

/** The formula of what a use adds to a gradient. */
function added(model, { start, end, formula }) {
  return equation(derivative(model, start), "+=", filled(model, formula, end));
}

const equation = (left, sign, right) =>
  mathElement(["math", { displaystyle: "true" }, []], null, left, mathElement(["mo", {}, sign]), right);

/** A formula with the names of an operation's arguments, of its result, and of the gradient of that. */
function filled(model, place, id) {
  const names = { [RESULT]: () => symbol(model, id), [GRADIENT]: () => derivative(model, id) };
  return mathElement(model.formulas[place], (i) => names[i]?.() ?? symbol(model, model.vertices[id].inputs[i]));
}

/** The gradient of a value: the derivative of the output; of several outputs, a bar. */
function derivative(model, id) {
  const outputs = [...model.vertices.keys()].filter((each) => model.vertices[each].output);
  if (outputs.length > 1) return mathElement(["mover", {}, []], null, symbol(model, id), mathElement(["mo", {}, "¯"]));
  const change = (each) => mathElement(["mrow", {}, [["mo", {}, "∂"]]], null, symbol(model, each));
  return mathElement(["mfrac", {}, []], null, change(outputs[0]), change(id));
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
  if (tag === "msup" && needsBrackets(base)) base.replaceWith(bracketed(base));
  return made;
}

/** Whether something is a fraction, or has what stands above it already: then it needs brackets before more can. */
function needsBrackets(made) {
  const alone = made.localName === "mrow" && made.childElementCount === 1;
  return alone ? needsBrackets(made.firstElementChild) : ["msup", "msubsup", "mfrac"].includes(made.localName);
}

function bracketed(made) {
  const [left, right] = ["(", ")"].map((text) => mathElement(["mo", { stretchy: "false" }, text]));
  return mathElement(["mrow", {}, []], null, left, made.cloneNode(true), right);
}
