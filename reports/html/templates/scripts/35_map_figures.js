/* The maps of one image by every method: those that passed first, on a scale that all share or on each one's own. */
let ownScale = false;  // else a scale ends at the method's median, or higher where one of these is stronger
const MARKS = { good: "●", weak: "◐", failed: "○", unknown: "?" }, WORDS = { good: "cite", weak: "with a caveat", failed: "do not cite", unknown: "not judged" };
const mark = (level, method) => tag("span", { className: `mk ${level}`, role: "img", "aria-label": `${method}: ${WORDS[level]}`, title: `${method}: ${WORDS[level]}`, textContent: MARKS[level] });
const scaleBar = (sheet, end) => span("scale", sheet.signed ? `−${number(end)} ` : "0 ",
  tag("i", { className: `scale-bar scale-${sheet.signed && !sheet.plain ? "contrast" : sheet.scale}` }), ` ${number(end)} ${sheet.unit || carried.unit}`);
const OWN = [["", "shared"], ["own", "each map’s own"]];
const scaleSwitch = (redraw) => {
  const list = select("Scale", "scale", OWN, ownScale ? "own" : "");
  list.oninput = ({ target }) => {
    ownScale = target.value === "own";
    remember({ scale: target.value });
    redraw();
  };
  return list;
};
const placeIn = (kind, row) => (kind.rows ? kind.rows.indexOf(row) : row);  // some are drawn for the leading mistakes only
/* `targets` are the classes that the sheets of the method are for, `row` is the image's in them. */
const mapFigure = (kind, id, row, targets) => {
  const ends = kind.sheets.map((sheet) => endsOf(sheet)[row]), shared = Math.max(...ends, kind.plain ? 0 : usualEnd(kind.sheets[0]));
  const scaled = ends.map((end) => (ownScale ? end : shared));
  const pair = box("map-pair", ...kind.sheets.map((sheet, side) => {
    const canvas = picture(`${kind.method} for ${names[targets[side]]}, up to ${number(ends[side])} ${sheet.unit}${ends[side] > 0 ? "" : "; zero everywhere"}`);
    paintMap(canvas, sheet, row, atlas.place.get(id), scaled[side]);
    return canvas;
  }));
  const empty = ends.flatMap((end, side) => (end > 0 ? [] : [tag("br"), "for ", bdi(names[targets[side]]), kind.negative?.[side].includes(row) ? ": negative only" : ": zero everywhere"]));
  const bars = [...new Set(scaled)].map((end) => scaleBar(kind.sheets[0], end));
  return tag("figure", { className: kind.level }, pair, el("figcaption", mark(kind.level, kind.method), ` ${kind.method} `, ...bars, ...empty, ...(kind.note ? [tag("br"), kind.note] : [])));
};
const mapShelf = (all, id, row, targets) => {
  const some = all.filter((kind) => placeIn(kind, row) >= 0);
  const figures = (failed) => box("cams", ...some.filter((kind) => (kind.level === "failed") === failed).map((kind) => mapFigure(kind, id, placeIn(kind, row), targets)));
  const failed = some.filter((kind) => kind.level === "failed").map((kind) => `○ ${kind.method}`).join(", ");
  return [figures(false), ...(failed ? [el("details", el("summary", `more: ${failed}, not to be cited`), figures(true))] : [])];
};
