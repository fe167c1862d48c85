/* Behind one mistake: its nearest right answers, the channels that lead, the smallest square that flips it. */
const reasonParts = (id, row, said, meant) => {
  const why = carried.reasons, parts = [];
  if (!why) return parts;
  if (why.near) {
    const near = (why.nearNumbers ??= unpacked(why.near)), each = why.each;
    const side = (from, label, name) => box("near", name(label),
      ...[...near.slice(from, from + each)].filter((other) => other >= 0).map((other) => {
        const opener = button("", `image ${called(other)}, ${names[label]}, found`, () => openCard(other, [id, other], true));
        opener.append(pictureCanvas(other, ""));
        opener.firstChild.setAttribute("aria-hidden", "true");
        return opener;
      }));
    parts.push(el("h3", `Nearest right answers, by what ${why.hidden} sees`), side(2 * each * row, meant, trueName), side(2 * each * row + each, said, saidName));
  }
  if (why.channels) {
    const channels = (why.channelNumbers ??= unpacked(why.channels)), sizes = (why.partSizes ??= unpacked(why.parts));
    const width = channels.length / mistakes.ids.length, most = Math.abs(sizes[width * row]) || 1;
    const rows = times(width, (rank) => {
      const channel = channels[width * row + rank], part = sizes[width * row + rank];
      return el("li", tag("a", { href: layerLink(why.layer, { channel }) }, `${why.layer}:${channel}`), bar(Math.abs(part) / most, part < 0 ? "against" : ""), el("b", number(part)));
    });
    parts.push(el("h3", `Channels by their part in the lead, ${units}`), el("ul.probs", ...rows));
  }
  const flip = why.flips && why.flips[row];
  if (flip) parts.push(el("h3", "The smallest change that flips it"), flipPart(id, flip));
  return parts;
};
const flipPart = (id, [before, after, top, left, side, searched, stride]) => {
  const grid = stride > 1 ? `, at places ${stride} pixels apart` : "";
  if (!side) return para("note", `No grey square up to ${searched} × ${searched} changes the answer${grid}.`);
  const canvas = pictureCanvas(id, `image ${called(id)} with a grey square`), { w, h } = atlas.sheet, scale = [w / carried.size[1], h / carried.size[0]];
  pixelsOf(atlas.sheet).then(() => setTimeout(() => {
    const context = canvas.getContext("2d");
    context.fillStyle = "#808080";
    context.fillRect(left * scale[0], top * scale[1], side * scale[0], side * scale[1]);
  }));
  return el("figure.flip", canvas, el("figcaption", `${side} × ${side} grey at row ${top}, column ${left}: `, bdi(names[before]), " → ", bdi(names[after]), grid));
};
