// Elements of the page. Names and numbers become text and nothing else: no markup is ever read from the data.

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const FIRST_ARGUMENT = 0xe000; // the character that stands for the first argument in a formula

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
  const vertex = model.vertices[id];
  const made = mathElement(model.formulas[vertex.formula], (place) => symbol(model, vertex.inputs[place]));
  const row = made.firstElementChild;
  row.prepend(symbol(model, id), mathElement(["mo", {}, "="]));
  return made;
}

function mathElement([tag, attributes, content], argument) {
  const place = typeof content === "string" ? content.codePointAt(0) - FIRST_ARGUMENT : NaN;
  if (place >= 0 && place < 0x1900) return argument(place);
  const made = document.createElementNS(MATHML, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...(typeof content === "string" ? [content] : content.map((child) => mathElement(child, argument))));
  return made;
}

/** A value's name in a formula: a letter is slanted, a word is not, and what has no name is v with its place. */
function symbol(model, id) {
  const { name } = model.vertices[id];
  if (!name) return mathElement(["msub", {}, [["mi", {}, "v"], ["mn", {}, String(id)]]]);
  return mathElement([...name].length === 1 ? ["mi", {}, name] : ["mtext", {}, name]);
}
