/* The card of one image: a drawer at the side, the whole screen where that is narrow. */
let cardList = [], cardImage = null, cardOpener = null;
const card = tag("div", { id: "card", className: "card", hidden: true, tabIndex: -1, role: "dialog" });
card.setAttribute("aria-labelledby", "card-title");
const narrow = () => matchMedia("(max-width: 60rem)").matches;

const closeCard = () => {
  if (card.hidden) return;
  card.hidden = true;
  document.documentElement.classList.remove("with-card");
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
  if (card.hidden) cardOpener = document.activeElement;
  [cardList, cardImage] = [list, id];
  fillCard(id);
  card.hidden = false;
  document.documentElement.classList.add("with-card");
  if (narrow()) for (const part of [$("main"), $(".bar")]) part.inert = true;
  $$(".tile-button").forEach((tile) => tile.classList.toggle("cur", +tile.dataset.id === id));
  card.scrollTop = 0;
  if (!keep || !card.contains(document.activeElement)) card.focus();
  remember({ img: id });
};
const headButton = (text, label, act) => {
  const button = tag("button", { type: "button", textContent: text, "aria-label": label });
  button.addEventListener("click", act);
  return button;
};
const scaleBar = (sheet, end) => tag("span", { className: "scale" }, sheet.signed ? `−${number(end)} ` : "0 ",
  tag("i", { className: `scale-bar scale-${sheet.signed && !sheet.plain ? "contrast" : sheet.scale}` }), ` ${number(end)} ${sheet.unit || carried.unit}`);

const fillCard = (id) => {
  const said = images.predicted[id], meant = images.truth[id], row = mistakes?.row.get(id), wrong = said !== meant;
  const place = cardList.indexOf(id);
  const title = tag("h2", { id: "card-title" }, `image ${called(id)} `, tag("small", { textContent: cardList.length > 1 ? `${place + 1} of ${cardList.length}` : "" }));
  const head = tag("div", { className: "card-head" }, title, tag("span", { className: "arrows" },
    headButton("‹", "previous image", () => stepCard(-1)), headButton("›", "next image", () => stepCard(1)), headButton("✕", "close", closeCard)));
  const names_ = tag("p", { className: "pair-names" }, tag("span", { className: "t" }, bdi(names[meant])));
  if (wrong) names_.append(" taken for ", tag("span", { className: "p" }, bdi(names[said]))); else names_.append(" found");
  const parts = [head, names_];
  if (atlas?.place.has(id)) parts.push(bigPictures(id, row, said, meant)); else parts.push(tag("p", { className: "note", textContent: "Its picture is not in this file." }));
  if (row === undefined) parts.push(tag("p", { className: "says" }, `${percent(sureOf(id), 0)} sure.`)); else parts.push(probabilityBars(row, said, meant), sentence(row, said, meant), ...mapParts(id, row, said, meant), ...reasonParts(id, row, said, meant));
  for (const flag of carried.flags || []) if (flag.ids.includes(id)) parts.push(tag("p", { className: "note", textContent: `Flag: ${flag.title}.` }));
  if (carried.weights) parts.push(reviewPart(id));
  card.replaceChildren(...parts.filter(Boolean));
};
const bigPictures = (id, row, said, meant) => {
  const own = tag("figure", {}, pictureCanvas(id, `image ${called(id)}, ${names[meant]}`), tag("figcaption", { textContent: "the picture" }));
  if (row === undefined || !contrastSheet) return tag("div", { className: "big" }, own);
  const end = endsOf(contrastSheet)[row], canvas = tag("canvas", { role: "img", "aria-label": `contrast: ${names[said]} rather than ${names[meant]}, strongest at ${regionWords(row) || "no one place"}` });
  paintMap(canvas, contrastSheet, row, atlas.place.get(id), end);
  const caption = tag("figcaption", {}, mark(contrastSheet.level, contrastSheet.method), " ", tag("span", { className: "p" }, bdi(names[said])), " rather than ",
    tag("span", { className: "t" }, bdi(names[meant])), tag("br"), scaleBar(contrastSheet, end));
  return tag("div", { className: "big" }, own, tag("figure", {}, canvas, caption));
};
const MARKS = { good: "●", weak: "◐", failed: "○", unknown: "?" }, WORDS = { good: "cite", weak: "with a caveat", failed: "do not cite", unknown: "not judged" };
const mark = (level = "unknown", method = "") => tag("span", { className: `mk ${level}`, role: "img", "aria-label": `${method}: ${WORDS[level]}`, title: `${method}: ${WORDS[level]}`, textContent: MARKS[level] });
const probabilityBars = (row, said, meant) => tag("ul", { className: "probs" }, ...[0, 1, 2, 3].flatMap((rank) => {
  const label = mistakes.top[4 * row + rank], share = mistakes.shares[4 * row + rank] / 65535;
  if (rank && label === mistakes.top[4 * row]) return [];  // fewer than four classes
  const bar = tag("i");
  bar.style.setProperty("--p", share);
  return [tag("li", { className: label === said ? "p" : label === meant ? "t" : "" }, tag("span", {}, bdi(names[label])), bar, tag("b", { textContent: percent(share) }))];
}));
const sentence = (row, said, meant) => {
  const where = regionWords(row), text = tag("p", { className: "says" }, bdi(names[said]), ` leads by ${number(mistakes.gap[row])} ${carried.unit === "logit" ? "logits" : carried.unit}. `);
  if (mistakes.half[row]) text.append(`Half of what speaks for it lies in ${percent(mistakes.half[row] / 255, 0)} of the places`, where ? `, ${percent(mistakes.held[row] / 255, 0)} of it at the ${where}.` : "; no one place stands out.");
  else text.append("No place speaks for it rather than ", bdi(names[meant]), ".");
  return text;
};
const mapFigure = (kind, id, row, said, meant) => {
  const ends = kind.sheets.map((sheet) => endsOf(sheet)[row]), shared = Math.max(...ends, kind.plain ? 0 : usualEnd(kind.sheets[0]));
  const pair = tag("div", { className: "map-pair" }, ...kind.sheets.map((sheet, side) => {
    const what = names[side ? meant : said], nothing = ends[side] <= 0 ? "; zero everywhere" : "";
    const canvas = tag("canvas", { role: "img", "aria-label": `${kind.method} for ${what}, up to ${number(ends[side])} ${sheet.unit}${nothing}` });
    paintMap(canvas, sheet, row, atlas.place.get(id), shared);
    return canvas;
  }));
  const empty = ends.flatMap((end, side) => (end > 0 ? [] : [tag("br"), "for ", bdi(names[side ? meant : said]), kind.negative?.[side].includes(row) ? ": negative only" : ": zero everywhere"]));
  return tag("figure", { className: kind.level }, pair, tag("figcaption", {}, mark(kind.level, kind.method), ` ${kind.method} `, scaleBar(kind.sheets[0], shared), ...empty));
};
const mapParts = (id, row, said, meant) => {
  const kinds = carried.maps || [];
  if (!kinds.length) return [];
  const head = tag("h3", {}, "Maps, left for ", tag("span", { className: "p" }, bdi(names[said])), ", right for ", tag("span", { className: "t" }, bdi(names[meant])));
  const shown = kinds.filter((kind) => kind.level !== "failed"), rest = kinds.filter((kind) => kind.level === "failed");
  const figures = (some) => tag("div", { className: "cams" }, ...some.map((kind) => mapFigure(kind, id, row, said, meant)));
  const parts = [head, figures(shown)];
  if (rest.length) parts.push(tag("details", {}, tag("summary", { textContent: `more: ${rest.map((kind) => `○ ${kind.method}`).join(", ")}, not to be cited` }), figures(rest)));
  return parts;
};
const reasonParts = (id, row, said, meant) => {
  const why = carried.reasons, parts = [];
  if (!why) return parts;
  if (why.near) {
    const near = (why.nearNumbers ??= unpacked(why.near)), each = why.each;
    const side = (from, label, kind) => tag("div", { className: "near" }, tag("span", { className: kind }, bdi(names[label])),
      ...[...near.slice(from, from + each)].filter((other) => other >= 0).map((other) => {
        const button = tag("button", { type: "button", "aria-label": `image ${called(other)}, ${names[label]}, found` }, pictureCanvas(other, ""));
        button.addEventListener("click", () => openCard(other, [id, other], true));
        button.firstChild.setAttribute("aria-hidden", "true");
        return button;
      }));
    parts.push(tag("h3", { textContent: `Nearest right answers, by what ${why.hidden} sees` }), side(2 * each * row, meant, "t"), side(2 * each * row + each, said, "p"));
  }
  if (why.channels) {
    const channels = (why.channelNumbers ??= unpacked(why.channels)), sizes = (why.partSizes ??= unpacked(why.parts));
    const most = Math.abs(sizes[5 * row]) || 1, width = Math.min(5, channels.length / mistakes.ids.length);
    const rows = Array.from({ length: width }, (_, rank) => {
      const channel = channels[width * row + rank], part = sizes[width * row + rank], bar = tag("i", { className: part < 0 ? "against" : "" });
      bar.style.setProperty("--p", Math.abs(part) / most);
      return tag("li", {}, tag("a", { href: `#/layer/${encodeURIComponent(why.layer)}?channel=${channel}`, textContent: `${why.layer}:${channel}` }), bar, tag("b", { textContent: number(part) }));
    });
    parts.push(tag("h3", {}, "Channels by their part in the lead, logits"), tag("ul", { className: "probs" }, ...rows));
  }
  const flip = why.flips && why.flips[row];
  if (flip) parts.push(tag("h3", { textContent: "The smallest change that flips it" }), flipPart(id, flip));
  return parts;
};
const flipPart = (id, [before, after, top, left, side, searched]) => {
  if (!side) return tag("p", { className: "note", textContent: `No grey square up to ${searched} × ${searched} changes the answer.` });
  const canvas = pictureCanvas(id, `image ${called(id)} with a grey square`), { w, h } = atlas.sheet, scale = [w / carried.size[1], h / carried.size[0]];
  pixelsOf(atlas.sheet).then(() => setTimeout(() => {
    const context = canvas.getContext("2d");
    context.fillStyle = "#808080";
    context.fillRect(left * scale[0], top * scale[1], side * scale[0], side * scale[1]);
  }));
  return tag("figure", { className: "flip" }, canvas, tag("figcaption", {}, `${side} × ${side} grey at row ${top}, column ${left}: `, bdi(names[before]), " → ", bdi(names[after])));
};
