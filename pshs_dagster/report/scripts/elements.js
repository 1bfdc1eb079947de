// Elements of the page. Texts are set as text, never as mark-up: names and notes come from outside.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** An HTML element: attributes, `on…` handlers, then children (texts or elements). */
const h = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);

/** The same for SVG. */
const s = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** A row of buttons of which one is pressed. `options` are [value, text]. */
function choice(label, options, chosen, onchoose) {
  return h("span", { class: "choice", role: "group", "aria-label": label },
    h("span", { class: "choice-label", "aria-hidden": "true" }, label),
    options.map(([value, text]) => h("button", {
      type: "button", "aria-pressed": String(value === chosen), onclick: () => onchoose(value),
    }, text)));
}

/** Figures that are seen at once: [name, value, unit, note], the note with what the value is to be read with. */
function figures(list) {
  return h("dl", { class: "figures" }, list.map(([name, value, unit, note, tone]) => h("div", {},
    h("dt", {}, name),
    h("dd", {}, h("b", { class: tone }, value), unit && value !== t("dash") ? ` ${unit}` : "",
      note ? h("small", {}, note) : null))));
}

/** An empty section of the page with its heading; its content is drawn anew whenever something else is chosen. */
function section(id, title) {
  return h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title`, tabindex: "-1" }, title));
}

const about = (...sentences) => h("p", { class: "about" }, sentences.join(language ? " " : ""));

/** Keeps what a person chose within a section when it is drawn anew. */
const kept = {};

/** Draw something anew without taking the focus from whoever uses the keyboard: what stood at its place gets it. */
function keepingFocus(find, draw) {
  const reached = () => [...(find()?.querySelectorAll("button, select, summary, [tabindex]") || [])];
  const at = reached().indexOf(document.activeElement);
  draw();
  if (at >= 0) reached()[at]?.focus({ preventScroll: true });
}
