/* The map of the data: each image where its probabilities pull it. A click opens the nearest, a drag lists those inside. */
const MAP_COLORS = ["#1f5fbf", "#b8560f", "#1a7a5c", "#8b3fa0", "#a83246", "#6b6a1e", "#3f8fa8", "#777", "#c07fb0", "#7a9a30"];
const drawDataMap = () => {
  const place = $("#data-map-canvas"), found = carried.map;
  if (!place || !found || !images || place.firstChild) return;
  const xs = unpacked(found.x), ys = unpacked(found.y), side = 720, pad = 70;
  const at = (id) => [pad + (xs[id] + 127) / 254 * (side - 2 * pad), side - pad - (ys[id] + 127) / 254 * (side - 2 * pad)];
  const canvas = tag("canvas", { width: side, height: side, className: "data-map", role: "img", "aria-label": `Map of ${xs.length} images on a circle of classes; the lists above hold the same images` });
  const list = tag("p.foot", { "aria-live": "polite" }, "Drag to choose images, click to open the nearest."), context = canvas.getContext("2d");
  const ink = getComputedStyle(document.body).color;
  for (const wrong of [false, true]) for (let id = 0; id < xs.length; id++) {
    if ((images.truth[id] !== images.predicted[id]) !== wrong) continue;
    const [x, y] = at(id), color = MAP_COLORS[images.truth[id] % MAP_COLORS.length];
    context.globalAlpha = wrong ? 0.9 : 0.35;
    context.beginPath();
    context.arc(x, y, wrong ? 2.6 : 1.7, 0, 7);
    if (wrong) { context.strokeStyle = color; context.stroke(); } else { context.fillStyle = color; context.fill(); }
  }
  context.globalAlpha = 1;
  Object.assign(context, { fillStyle: ink, font: "600 17px system-ui, sans-serif", textAlign: "center" });
  if (found.places.length <= 40) found.places.forEach(([x, y], label) => {
    const text = names[label].length > 24 ? `${names[label].slice(0, 23)}…` : names[label], half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(side / 2 + x * (side / 2 - 40), half + 2), side - half - 2), side / 2 - y * (side / 2 - 30) + 6);
  });
  const point = (event) => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) * side / box.width, (event.clientY - box.top) * side / box.height]; };
  let start = null;
  canvas.addEventListener("pointerdown", (event) => (start = point(event)));
  canvas.addEventListener("pointerup", (event) => {
    if (!start) return;
    const [x, y] = point(event), [x0, y0] = start, ids = [...xs.keys()];
    start = null;
    if (Math.hypot(x - x0, y - y0) < 5) {
      const far = (id) => { const [px, py] = at(id); return Math.hypot(px - x, py - y); };
      return openCard(ids.reduce((best, id) => (far(id) < far(best) ? id : best)));
    }
    const inside = ids.filter((id) => { const [px, py] = at(id); return px >= Math.min(x, x0) && px <= Math.max(x, x0) && py >= Math.min(y, y0) && py <= Math.max(y, y0); });
    const wrong = inside.filter((id) => images.truth[id] !== images.predicted[id]).length;
    const open = tag("button", { type: "button", textContent: "open them one by one", onclick: () => openCard(inside[0], inside) });
    list.replaceChildren(`${inside.length} images chosen, ${wrong} of them mistakes. `, ...(inside.length ? [open] : []));
  });
  place.append(canvas, list);
};
