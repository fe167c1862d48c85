/* Pieces that several views are built from. */
const button = (text, label, onclick) => tag("button", { type: "button", textContent: text, "aria-label": label, onclick });
const picture = (label) => tag("canvas", { role: "img", "aria-label": label });
const para = (className, ...children) => tag("p", { className }, ...children);
const box = (className, ...children) => tag("div", { className }, ...children);
const span = (className, ...children) => tag("span", { className }, ...children);
const trueName = (label) => span("t", bdi(names[label]));
const saidName = (label) => span("p", bdi(names[label]));
const pairName = (truth, said, between = " → ") => [trueName(truth), between, saidName(said)];
const pairLink = (truth, said) => tag("a", { href: `#/confusion/${truth}-${said}` }, ...pairName(truth, said));
const layerLink = (layer, query) => `#/layer/${encodeURIComponent(layer)}?${new URLSearchParams(query)}`;
const times = (count, made) => Array.from({ length: count }, (_, at) => made(at));
const bar = (share, className = "") => {
  const made = tag("i", { className });
  made.style.setProperty("--p", share);
  return made;
};
const select = (label, name, options, chosen = "") => {
  const list = tag("select", { name }, ...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
  return el("label", label, " ", list);
};
/* A row of choices above a grid: `apply` is told what is chosen, and whether a person chose it just now. */
const toolbar = (apply, ...parts) => {
  const form = el("form.toolbar", ...parts);
  form.update = (chosenNow) => apply(Object.fromEntries(new FormData(form)), chosenNow);
  form.oninput = () => form.update(true);
  form.onsubmit = (event) => event.preventDefault();
  return form;
};
