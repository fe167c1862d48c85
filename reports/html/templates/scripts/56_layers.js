/* The layers that one image passes through, one layer's channels, one channel. */
const spriteTile = (sprite, columns, place, label) => {
  const tile = tag("span", { className: `tile sprite-${sprite}`, role: "img", "aria-label": label });
  tile.style.setProperty("--x", place % columns);
  tile.style.setProperty("--y", Math.floor(place / columns));
  return tile;
};
/* One channel on a scale of its own: the levels of its tile are read back from their colours, and the largest becomes the end. */
const stretched = {};
const ownTile = async (tile, scale, end) => {
  const style = getComputedStyle(tile), [w, h, x, y] = ["w", "h", "x", "y"].map((name) => +style.getPropertyValue(`--${name}`)), src = style.backgroundImage.slice(5, -2);
  const pixels = await pixelsOf(stretched[src] ??= { src }), at = tileAt({ w, h, columns: 1 }, pixels, y), color = SCALES[scale], signed = scale === "signed";
  const shares = times(signed ? 63 : 64, (step) => (signed ? step / 31 - 1 : step / 63)), colors = shares.map((share) => color(signed ? (share + 1) / 2 : share));
  const levels = times(w * h, (place) => {
    const from = at(Math.floor(place / w), x * w + place % w), apart = colors.map((each) => each.reduce((sum, part, band) => sum + (part - pixels.data[from + band]) ** 2, 0));
    return shares[apart.indexOf(Math.min(...apart))];
  });
  const most = Math.max(...levels.map(Math.abs)), told = number(+(most * end).toPrecision(2));
  const canvas = Object.assign(picture(`${tile.ariaLabel}, up to ${told}`), { width: w, height: h }), context = canvas.getContext("2d"), drawn = context.createImageData(w, h);
  levels.forEach((level, place) => drawn.data.set([...color(signed ? (level / (most || 1) + 1) / 2 : level / (most || 1)), 255], 4 * place));
  context.putImageData(drawn, 0, 0);
  tile.parentNode.append(span("channel", told));
  tile.replaceWith(canvas);
};
const showLayer = (name, query) => {
  const place = $("#layer-detail"), stages = carried.stages;
  if (!place || !stages || !stages.list.length) return;
  const at = Math.max(0, stages.list.findIndex((stage) => stage.name === (name || stages.start)));
  const label = Math.max(0, stages.labels.indexOf(+query.get("class"))), other = query.get("with") === null ? -1 : stages.labels.indexOf(+query.get("with"));
  const link = (stage, more) => layerLink(stage, { class: stages.labels[label], ...more });
  const strip = el("ol.walk", ...stages.list.map((stage, turn) => {
    const first = 2 * stage.shown * label, units = !stage.shape.includes("×");
    const inner = units ? span("cells", ...times(Math.min(16, stage.shown), (rank) => spriteTile(stage.sprite, stage.columns, first + rank, `${stage.name} unit`)))
      : spriteTile(stage.sprite, stage.columns, first, `${stage.name}, its strongest channel`);
    const a = tag("a", { href: link(stage.name) }, el("b", stage.name), el("small", stage.shape), inner);
    if (turn === at) a.setAttribute("aria-current", "true");
    return el("li", a);
  }));
  const id = stages.numbers[label], said = images ? images.predicted[id] : stages.labels[label];
  const end = (title, small, ...inner) => el("li", tag("a", { href: `#/image/${id}` }, el("b", title), el("small", small), ...inner));
  if (images) {
    strip.prepend(end("picture", `image ${called(id)}`, pictureCanvas(id, `image ${called(id)}`)));
    strip.append(end("answer", percent(sureOf(id), 0), bdi(names[said])));
  }
  const onchange = ({ target }) => (location.hash = link(stages.list[target.value].name));
  const slider = tag("input", { type: "range", className: "slider", min: 0, max: stages.list.length - 1, value: at, onchange, "aria-label": "layer, from the picture to the answer" });
  const stage = stages.list[at];
  const classes = stages.labels.map((each, turn) => [String(each), names[each]]);
  const apply = ({ with: beside, ...chosen }) => (location.hash = layerLink(stage.name, beside === "" ? chosen : { ...chosen, with: beside }));
  const form = toolbar(apply, select("Class", "class", classes, String(stages.labels[label])), select("beside it", "with", [["", "none"], ...classes], other < 0 ? "" : String(stages.labels[other])),
    select("Scale", "scale", OWN, ownScale ? "own" : ""));
  const grids = [label, ...(other >= 0 ? [other] : [])].flatMap((turn) => [0, 1].map((row) => {
    const channels = stage.channels[turn], first = stage.shown * (2 * turn + row);
    return el("div", para("row-name", bdi(names[stages.labels[turn]]), row ? ", class mean" : ", typical image"),
      el("ol.maps", ...channels.map((channel, rank) => el("li", spriteTile(stage.sprite, stage.columns, first + rank, `${stage.name} channel ${channel}`),
        tag("a.channel", { href: link(stage.name, { channel }) }, channel)))));
  }));
  const head = el("h2.vt", stage.name, " ", el("small", `${stage.shape}, the ${stage.shown} strongest of ${stage.of} channels; ${ownScale ? "each on its own scale, whose end stands below" : stage.scales[label]}`));
  place.replaceChildren(strip, slider, head, form, ...grids, ...channelPage(stage.name, query.get("channel"), label));
  if (ownScale) [label, ...(other >= 0 ? [other] : [])].forEach((turn, at) => {
    const [low, high] = stage.limits[turn];
    if (!high) return;
    $$(".maps", place).slice(2 * at, 2 * at + 2).forEach((row) => $$(".tile", row).forEach((tile) => ownTile(tile, low < 0 ? "signed" : "evidence", high)));
  });
};
const channelPage = (layer, channel, label) => {
  if (channel === null || !/^\d+$/.test(channel)) return [];
  const found = carried.channels, stages = carried.stages, stage = stages.list.find((each) => each.name === layer);
  const title = tag("h2", { id: "channel", className: "vt" }, `${layer}, channel ${channel}`);
  const of = stages.labels.map((each, turn) => [each, stage.channels[turn].indexOf(+channel), turn]).filter(([, rank]) => rank >= 0);
  const tiles = el("ol.maps", ...of.map(([each, rank, turn]) => el("li", spriteTile(stage.sprite, stage.columns, stage.shown * (2 * turn + 1) + rank, `mean of ${names[each]}`), span("channel", bdi(names[each])))));
  const parts = [title, para("row-name", of.length ? "Its mean on the classes where it is among the strongest" : "It is among the strongest channels of no class shown."), tiles];
  if (found && found.layer === layer && found.rows[channel]) {
    const { patches, facts, effects } = found.rows[channel];
    parts.push(para("says", facts));
    if (patches && patches[1]) parts.push(para("row-name", "What it sees where it fires the strongest"),
      box("patches", ...times(patches[1], (rank) => spriteTile("channel-patches", found.columns, patches[0] + rank, `patch ${rank + 1}`))));
    if (effects.length) parts.push(el("h3", "What happens without it"), el("ul", ...effects.map(([truth, said, repaired, of_, broken]) =>
      el("li", pairLink(truth, said), `: ${repaired} of ${of_} repaired, ${broken} right answers broken`))));
  } else parts.push(para("note", found ? `Patches and removals were looked at in ${found.layer} only.` : "Patches and removals were looked at in no layer."));
  return parts;
};
