/* A grid of tiles, each a button that opens the card; as many as a screen or two at first, the rest when asked for. */
const FIRST_TILES = 120;
const sureOf = (id) => images.sure[id] / 255;
const tileName = (id) => {
  const said = images.predicted[id], meant = images.truth[id], row = mistakes.row.get(id);
  if (said === meant) return `image ${called(id)}, ${names[meant]}, found with ${percent(sureOf(id), 0)}`;
  const where = row === undefined ? "" : regionWords(row);
  return `image ${called(id)}, ${names[meant]} taken for ${names[said]}${where ? `, contrast: strongest at ${where}` : ""}`;
};
const contrastEnd = (ids) => {
  const ends = ids.map((id) => endsOf(contrastSheet)[mistakes.row.get(id)]).filter((end) => end !== undefined).sort((a, b) => a - b);
  return ends[ends.length >> 1] || 0;
};
const tileFor = (id, list, show, end) => {
  const canvas = tag("canvas", { "aria-hidden": "true" }), row = mistakes.row.get(id), place = atlas.place.get(id);
  if (place !== undefined) {
    if (show === "contrast" && row !== undefined && contrastSheet) paintMap(canvas, contrastSheet, row, place, end); else paintPicture(canvas, place);
  }
  const bar = tag("span", { className: "sure", "aria-hidden": "true" }, tag("i"), (100 * sureOf(id)).toFixed(0));
  bar.firstChild.style.setProperty("--p", sureOf(id));
  const tile = tag("button", { type: "button", className: images.predicted[id] === images.truth[id] ? "tile-button found" : "tile-button", "aria-label": tileName(id) }, canvas, bar);
  tile.dataset.id = id;
  tile.addEventListener("click", () => openCard(id, list));
  return tile;
};
const fillGrid = (grid, ids, show) => {
  const end = show === "contrast" && contrastSheet ? contrastEnd(ids) : 0;
  const draw = (to) => {
    const from = $$(".tile-button", grid).length;
    grid.append(...ids.slice(from, to).map((id) => tileFor(id, ids, show, end)));
    $(".more-tiles", grid)?.remove();
    if (to < ids.length) {
      const more = tag("button", { type: "button", className: "more-tiles", textContent: `Show ${ids.length - to} more` });
      more.addEventListener("click", () => draw(ids.length));
      grid.append(more);
    }
  };
  grid.replaceChildren();
  draw(Math.min(FIRST_TILES, ids.length));
  return end;
};
const ORDERS = { surest: (a, b) => images.sure[b] - images.sure[a] || a - b, unsure: (a, b) => images.sure[a] - images.sure[b] || a - b, number: (a, b) => a - b };
const select = (label, name, options, chosen = "") => {
  const list = tag("select", { name }, ...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
  return tag("label", {}, label, " ", list);
};
const SHOWN = [["contrast", "contrast on the picture"], ["picture", "the picture"]];
const TURNS = [["surest", "surest first"], ["unsure", "least sure first"], ["number", "by number"]];
const range = (value = 0) => tag("label", {}, "At least ", tag("input", { type: "range", name: "min", min: 0, max: 100, value: Math.round(100 * value) }), " ", tag("output"));
