/* A grid of tiles, each a button that opens the card; as many as a screen or two at first, the rest when asked for. */
const FIRST_TILES = 120;
const sureOf = (id) => images.sure[id] / 65535;
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
  const sure = tag("span.sure", { "aria-hidden": "true" }, bar(sureOf(id)), (100 * sureOf(id)).toFixed(0));
  const tile = button("", tileName(id), () => openCard(id, list));
  tile.className = images.predicted[id] === images.truth[id] ? "tile-button found" : "tile-button";
  tile.dataset.id = id;
  tile.append(canvas, sure);
  return tile;
};
const fillGrid = (grid, ids, show) => {
  const end = show === "contrast" && contrastSheet ? contrastEnd(ids) : 0;
  const draw = (to) => {
    const from = $$(".tile-button", grid).length;
    grid.append(...ids.slice(from, to).map((id) => tileFor(id, ids, show, end)));
    $(".more-tiles", grid)?.remove();
    if (to < ids.length) {
      grid.append(tag("button", { type: "button", className: "more-tiles", textContent: `Show ${amount(ids.length - to)} more`, onclick: () => draw(ids.length) }));
    }
  };
  grid.replaceChildren();
  draw(Math.min(FIRST_TILES, ids.length));
  return end;
};
const ORDERS = { surest: (a, b) => images.sure[b] - images.sure[a] || a - b, unsure: (a, b) => images.sure[a] - images.sure[b] || a - b, number: (a, b) => a - b };
const SHOWN = [["contrast", "contrast on the picture"], ["picture", "the picture"]];
const TURNS = [["surest", "surest first"], ["unsure", "least sure first"], ["number", "by number"]];
const range = (query) => el("label", "At least ", tag("input", { type: "range", name: "min", min: 0, max: 100, value: Math.round(100 * query.get("min")) || 0 }), " ", tag("output"));
