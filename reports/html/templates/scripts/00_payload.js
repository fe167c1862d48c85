/* What the page carries, and small tools. Text is only ever set as text. */
const root = document.documentElement;
const $ = (query, inside = root) => inside.querySelector(query);
const $$ = (query, inside = root) => [...inside.querySelectorAll(query)];
const tag = (kind, attributes = {}, ...children) => {  // kind: an element's name, or name.class
  const [name, className = ""] = kind.split("."), made = document.createElement(name);
  made.className = className;
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && key !== "style" && key !== "list") made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};
const el = (kind, ...children) => tag(kind, {}, ...children);
const bdi = (text) => {
  const shown = /[^\s\p{C}\u200b]/u.test(text) ? (text.length > 24 ? `${text.slice(0, 23)}…` : text) : "(no visible name)";
  return tag("bdi", { title: text }, shown);
};
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;
const number = (value) => (value === 0 ? "0" : (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5 ? String(+value.toPrecision(3)) : value.toExponential(1))).replace("-", "−");
const amount = (whole) => whole.toLocaleString("en");
const TYPES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i8: Int8Array, i16: Int16Array, i32: Int32Array, f32: Float32Array };
const unpacked = ({ t, d }) => {
  const bytes = Uint8Array.from(atob(d), (letter) => letter.charCodeAt(0));
  return new TYPES[t](bytes.buffer);
};
const carried = $("#payload") ? JSON.parse($("#payload").textContent) : {};
const names = carried.names || [], confusions = carried.confusions || [], kinds = carried.maps || [];
const flags = (carried.flags || []).map((flag) => ({ ...flag, ids: [...unpacked(flag.ids)] }));
const units = carried.unit === "logit" ? "logits" : carried.unit;
const called = (id) => (carried.called && carried.called[id]) || String(id);
const REGIONS = ["upper left", "upper middle", "upper right", "left", "centre", "right", "lower left", "lower middle", "lower right"];

const images = carried.images && {
  count: carried.images.n,
  truth: unpacked(carried.images.true), predicted: unpacked(carried.images.predicted), sure: unpacked(carried.images.sure),
};
const mistakes = !carried.mistakes ? { ids: [], row: new Map() } : (() => {
  const found = carried.mistakes;
  const ids = unpacked(found.ids);
  return {
    ids, row: new Map([...ids].map((id, row) => [id, row])), top: unpacked(found.top), shares: unpacked(found.shares),
    gap: unpacked(found.gap), first: unpacked(found.first), second: unpacked(found.second), held: unpacked(found.held), half: unpacked(found.half),
  };
})();
const atlas = carried.atlas && (() => {
  const ids = unpacked(carried.atlas.ids);
  return { sheet: carried.atlas.sheet, place: new Map([...ids].map((id, place) => [id, place])) };
})();
const regionWords = (row) => [mistakes.first[row], mistakes.second[row]].filter((place) => place >= 0).map((place) => REGIONS[place]).join(" and ");
