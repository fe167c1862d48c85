/* The card of one image: a drawer at the side, the whole screen where that is narrow. */
let cardList = [], cardImage = null, cardOpener = null;
const card = tag("div", { id: "card", className: "card", hidden: true, tabIndex: -1, role: "dialog" });
card.setAttribute("aria-labelledby", "card-title");
const narrow = () => matchMedia("(max-width: 60rem)").matches;

const closeCard = () => {
  if (card.hidden) return;
  card.hidden = true;
  root.classList.remove("with-card");
  for (const part of [$("main"), $(".bar")]) part.inert = false;
  $$(".tile-button.cur").forEach((tile) => tile.classList.remove("cur"));
  const back = cardImage !== null && $(`main > .on .tile-button[data-id="${cardImage}"]`);
  (back || cardOpener)?.focus();
  cardImage = null;
  remember({ img: null });
};
const stepCard = (by) => {
  const at = cardList.indexOf(cardImage) + by;
  if (at >= 0 && at < cardList.length) openCard(cardList[at], cardList, true);
};
const openCard = (id, list = [id], keep = false) => {
  if (!images || !(id >= 0 && id < images.count)) return;
  const step = card.hidden ? "pushState" : "replaceState";
  if (card.hidden) cardOpener = document.activeElement;
  [cardList, cardImage] = [list, id];
  fillCard(id);
  card.hidden = false;
  root.classList.add("with-card");
  if (narrow()) for (const part of [$("main"), $(".bar")]) part.inert = true;
  $$(".tile-button").forEach((tile) => tile.classList.toggle("cur", +tile.dataset.id === id));
  card.scrollTop = 0;
  if (!keep || !card.contains(document.activeElement)) card.focus();
  remember({ img: id }, step);
};
const fillCard = (id) => {
  const said = images.predicted[id], meant = images.truth[id], row = mistakes.row.get(id), wrong = said !== meant;
  const place = cardList.indexOf(id);
  const title = tag("h2", { id: "card-title" }, `image ${called(id)} `, el("small", cardList.length > 1 ? `${place + 1} of ${cardList.length}` : ""));
  const head = box("card-head", title, span("arrows",
    button("‹", "previous image", () => stepCard(-1)), button("›", "next image", () => stepCard(1)), button("✕", "close", closeCard)));
  const parts = [head, para("pair-names", ...(wrong ? pairName(meant, said, " taken for ") : [trueName(meant), " found"]))];
  parts.push(atlas?.place.has(id) ? bigPictures(id, row, said, meant) : para("note", "Its picture is not in this file."));
  if (row === undefined) parts.push(para("says", `${percent(sureOf(id), 0)} sure.`)); else parts.push(probabilityBars(row, said, meant), sentence(row, said, meant), ...mapParts(id, row, said, meant), ...reasonParts(id, row, said, meant));
  for (const flag of flags) if (flag.ids.includes(id)) parts.push(para("note", `Flag: ${flag.title}.`));
  if (carried.weights) parts.push(reviewPart(id));
  card.replaceChildren(...parts.filter(Boolean));
};
const bigPictures = (id, row, said, meant) => {
  const plain = el("figure", pictureCanvas(id, `image ${called(id)}, ${names[meant]}`), el("figcaption", "the picture"));
  if (row === undefined || !contrastSheet) return box("big", plain);
  const own = endsOf(contrastSheet)[row], end = ownScale ? own : Math.max(own, usualEnd(contrastSheet));
  const canvas = picture(`contrast: ${names[said]} rather than ${names[meant]}, strongest at ${regionWords(row) || "no one place"}`);
  paintMap(canvas, contrastSheet, row, atlas.place.get(id), end);
  const caption = el("figcaption", mark(contrastSheet.level, contrastSheet.method), " ", saidName(said), " rather than ", trueName(meant), tag("br"), scaleBar(contrastSheet, end));
  return box("big", plain, el("figure", canvas, caption));
};
const probabilityBars = (row, said, meant) => el("ul.probs", ...[0, 1, 2, 3].flatMap((rank) => {
  const label = mistakes.top[4 * row + rank], share = mistakes.shares[4 * row + rank] / 65535;
  if (mistakes.top.subarray(4 * row, 4 * row + rank).includes(label)) return [];  // fewer than four classes
  return [tag("li", { className: label === said ? "p" : label === meant ? "t" : "" }, span("", bdi(names[label])), bar(share), el("b", percent(share)))];
}));
const sentence = (row, said, meant) => {
  const where = regionWords(row), text = para("says", bdi(names[said]), ` leads by ${number(mistakes.gap[row])} ${units}. `);
  if (mistakes.half[row]) text.append(`Half of what speaks for it lies in ${percent(mistakes.half[row] / 255, 0)} of the places`, where ? `, ${percent(mistakes.held[row] / 255, 0)} of it at the ${where}.` : "; no one place stands out.");
  else text.append("No place speaks for it rather than ", bdi(names[meant]), ".");
  return text;
};
const mapParts = (id, row, said, meant) => {
  if (!kinds.length) return [];
  const redraw = () => { fillCard(id); $("[name=scale]", card).focus(); };
  return [el("h3", "Maps, left for ", saidName(said), ", right for ", trueName(meant)), scaleSwitch(redraw), ...mapShelf(kinds, id, row, [said, meant])];
};
