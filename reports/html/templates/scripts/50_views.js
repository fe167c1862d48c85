/* The views that are drawn on demand: one confusion, all images, one class, one layer. */
const mistakesOf = (truth, said) => [...mistakes.ids].filter((id) => images.truth[id] === truth && images.predicted[id] === said);
const showConfusion = (pair, query) => {
  const place = $("#confusion-detail"), [truth, said] = pair.split("-").map(Number);
  $("#confusion-list").hidden = !!place;
  if (!place || !mistakes || !names[truth] || !names[said]) return;
  const all = mistakesOf(truth, said), swapped = mistakesOf(said, truth).length, told = (carried.confusions || []).find((each) => each.t === truth && each.p === said);
  const total = told ? told.n : all.length;
  const head = tag("h1", { className: "vt" }, tag("a", { href: "#/confusions", textContent: "Confusions" }), " › ", tag("span", { className: "t" }, bdi(names[truth])), " taken for ",
    tag("span", { className: "p" }, bdi(names[said])), " ", tag("small", { textContent: `${total} image${total === 1 ? "" : "s"}${all.length < total ? `, the ${all.length} surest explained` : ""}` }));
  const min = range(+query.get("min") || 0), grid = tag("div", { className: "tiles" }), count = tag("span", { className: "count" });
  const form = tag("form", { className: "toolbar" }, select("Order", "sort", TURNS, query.get("sort") || "surest"), select("Show", "show", SHOWN, query.get("show") || "contrast"), min, count,
    tag("a", { href: `#/confusion/${said}-${truth}`, className: "swap" }, "⇄ ", bdi(names[said]), " taken for ", bdi(names[truth]), ` (${swapped})`));
  const foot = tag("p", { className: "foot" });
  const apply = (save) => {
    const chosen = Object.fromEntries(new FormData(form)), least = chosen.min / 100;
    const ids = all.filter((id) => sureOf(id) >= least).sort(ORDERS[chosen.sort] || ORDERS.surest);
    const end = fillGrid(grid, ids, chosen.show);
    $("output", form).textContent = `${chosen.min}\u00a0%`;
    count.textContent = `${ids.length} of ${all.length}`;
    foot.replaceChildren("warm speaks for ", tag("span", { className: "p" }, bdi(names[said])), ", cold for ", tag("span", { className: "t" }, bdi(names[truth])), `; one scale for all, ends ±${number(end)} ${carried.unit}`);
    foot.hidden = chosen.show !== "contrast";
    if (save) remember({ sort: chosen.sort, show: chosen.show, min: least || null });
  };
  form.addEventListener("input", () => apply(true));
  form.addEventListener("submit", (event) => event.preventDefault());
  place.replaceChildren(head, form, grid, foot, ...marginPlot(truth, said));
  apply(false);
};
const showCauses = (pair) => {  // of one confusion, or null for all
  const own = $$(".cause"), fits = own.some((cause) => cause.dataset.pair === pair), section = $("#causes");
  own.forEach((cause) => (cause.hidden = pair !== null && cause.dataset.pair !== pair));
  if (section) section.hidden = pair !== null && !fits;
};
const svg = (name, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const marginPlot = (truth, said) => {
  const found = (carried.confusions || []).find((each) => each.t === truth && each.p === said && each.margins);
  if (!found) return [];
  const { low, high, true: up, predicted: down } = found.margins, most = Math.max(...up, ...down, 1), wide = 760 / up.length;
  const zero = -low / (high - low) * 760, bars = (values, kind, sign) => values.map((value, at) => {
    const tall = 46 * value / most, right = kind === "t" ? (at + 0.5) * wide < zero : (at + 0.5) * wide > zero;
    return svg("rect", { x: at * wide + 0.5, width: wide - 1, y: sign > 0 ? 52 - tall : 54, height: tall, class: right ? kind : `${kind} wrong` });
  });
  const words = (x, text, anchor) => svg("text", { x, y: 118, "text-anchor": anchor }, text);
  return [tag("h2", { className: "sm" }, "The quarrel on one line ", tag("small", {}, "logit of ", bdi(names[said]), " less logit of ", bdi(names[truth]), ", all images of both; full colour: wrong side")),
    svg("svg", { viewBox: "0 0 760 122", class: "margin-plot", role: "img", "aria-label": `Difference of the two logits, ${number(low)} to ${number(high)}, above for ${names[truth]}, below for ${names[said]}` },
      ...bars(up, "t", 1), ...bars(down, "p", -1), svg("line", { x1: zero, x2: zero, y1: 0, y2: 106, class: "zero" }), words(2, number(low), "start"), words(zero, "0", "middle"), words(758, number(high), "end"))];
};
const showImages = (query) => {
  const place = $("#images-grid");
  if (!place || !images || !mistakes) return;
  const inFile = [...new Set([...mistakes.ids, ...atlas.place.keys()])];
  const label = (key) => { const value = query.get(key); return value === null ? "" : names.indexOf(value) >= 0 ? String(names.indexOf(value)) : value; };
  const classes = [["", "any class"], ...names.map((name, at) => [String(at), name])];
  const grid = tag("div", { className: "tiles" }), count = tag("output", { className: "count" });
  const flags = [["mistakes", "mistakes"], ["sure", "sure and wrong (above 90 %)"], ["right", "found correctly"], ["", "all in this file"], ...(carried.flags || []).map((flag) => [flag.id, flag.title])];
  const form = tag("form", { className: "toolbar" }, select("True", "true", classes, label("true")), select("Predicted", "predicted", classes, label("predicted")),
    select("Which", "flag", flags, query.get("flag") ?? "mistakes"), select("Order", "sort", TURNS, query.get("sort") || "surest"), select("Show", "show", SHOWN, query.get("show") || "picture"), range(+query.get("min") || 0), count);
  const tests = { mistakes: (id) => images.truth[id] !== images.predicted[id], right: (id) => images.truth[id] === images.predicted[id], sure: (id) => images.truth[id] !== images.predicted[id] && sureOf(id) > 0.9 };
  const apply = (save) => {
    const chosen = Object.fromEntries(new FormData(form)), flag = (carried.flags || []).find((each) => each.id === chosen.flag);
    const passes = flag ? (id) => flag.ids.includes(id) : tests[chosen.flag] || (() => true);
    const ids = (flag ? flag.ids : inFile).filter((id) => passes(id) && (!chosen.true || images.truth[id] === +chosen.true) && (!chosen.predicted || images.predicted[id] === +chosen.predicted) && sureOf(id) >= chosen.min / 100);
    fillGrid(grid, ids.sort(ORDERS[chosen.sort] || ORDERS.surest), chosen.show);
    $("label output", form).textContent = `${chosen.min}\u00a0%`;
    count.textContent = `${ids.length} of ${flag ? flag.ids.length : inFile.length} shown`;
    if (save) remember({ ...chosen, min: chosen.min / 100 || null });
  };
  form.addEventListener("input", () => apply(true));
  form.addEventListener("submit", (event) => event.preventDefault());
  place.replaceChildren(form, grid);
  apply(false);
};
const spriteTile = (sprite, columns, place, label) => {
  const tile = tag("span", { className: `tile sprite-${sprite}`, role: "img", "aria-label": label });
  tile.style.setProperty("--x", place % columns);
  tile.style.setProperty("--y", Math.floor(place / columns));
  return tile;
};
const drawMethods = () => $$("[data-method]").forEach((place) => {  // the surest image of the largest confusion by each method
  const kind = (carried.maps || []).find((each) => each.method === place.dataset.method);
  if (place.firstChild || !kind || !mistakes) return;
  const id = mistakes.ids[0], canvas = tag("canvas", { role: "img", "aria-label": `${kind.method} of image ${called(id)}` });
  paintMap(canvas, kind.sheets[0], 0, atlas.place.get(id), endsOf(kind.sheets[0])[0]);
  place.append(canvas);
});
const classLinks = (label) => {  // what the class is taken for, and what is taken for it
  const some = (carried.confusions || []).filter((each) => each.t === label || each.p === label).slice(0, 8);
  const none = some.length ? [] : [tag("li", { textContent: "No image of it is confused with another class." })];
  return tag("ul", { id: "class-links", className: "lc" }, ...none, ...some.map((each) => {
    const bar = tag("i");
    bar.style.setProperty("--p", each.n / some[0].n);
    return tag("li", {}, tag("a", { href: `#/confusion/${each.t}-${each.p}` }, tag("span", { className: "t" }, bdi(names[each.t])), " → ", tag("span", { className: "p" }, bdi(names[each.p]))), bar, tag("b", { textContent: each.n }));
  }));
};
const showClass = (label) => {
  const articles = $$(".specimen"), found = articles.find((article) => article.dataset.label === label);
  articles.forEach((article) => (article.hidden = label !== null && article !== found));
  if (label === null) articles.slice(1).forEach((article) => (article.hidden = true));
  const view = viewNamed("classes"), head = view && $("h1", view), own = label !== null && found;
  view?.classList.toggle("one-class", !!own);
  if (!head) return;
  head.replaceChildren(...(own ? [tag("a", { href: "#/classes", textContent: "Classes" }), " › ", bdi(names[label])] : ["Classes"]));
  $("#class-links")?.remove();
  if (own) head.after(classLinks(+label));
  if (label !== null && !own) document.getElementById(`/class/${label}`)?.scrollIntoView();
};
const showLayer = (name, query) => {
  const place = $("#layer-detail"), stages = carried.stages;
  if (!place || !stages || !stages.list.length) return;
  const at = Math.max(0, stages.list.findIndex((stage) => stage.name === (name || stages.start)));
  const label = Math.max(0, stages.labels.indexOf(+query.get("class"))), other = query.get("with") === null ? -1 : stages.labels.indexOf(+query.get("with"));
  const link = (stage, more = {}) => `#/layer/${encodeURIComponent(stage)}?${new URLSearchParams({ class: stages.labels[label], ...more })}`;
  const strip = tag("ol", { className: "walk" }, ...stages.list.map((stage, turn) => {
    const first = 2 * stage.shown * label, units = !stage.shape.includes("×");
    const inner = units ? tag("span", { className: "cells" }, ...Array.from({ length: Math.min(16, stage.shown) }, (_, rank) => spriteTile(stage.sprite, stage.columns, first + rank, `${stage.name} unit`)))
      : spriteTile(stage.sprite, stage.columns, first, `${stage.name}, its strongest channel`);
    const a = tag("a", { href: link(stage.name) }, tag("b", { textContent: stage.name }), tag("small", { textContent: stage.shape }), inner);
    if (turn === at) a.setAttribute("aria-current", "true");
    return tag("li", {}, a);
  }));
  const id = stages.numbers[label], said = images ? images.predicted[id] : stages.labels[label];
  const end = (title, small, ...inner) => tag("li", {}, tag("a", { href: `#/image/${id}` }, tag("b", { textContent: title }), tag("small", { textContent: small }), ...inner));
  if (images) {
    strip.prepend(end("picture", `image ${called(id)}`, pictureCanvas(id, `image ${called(id)}`)));
    strip.append(end("answer", percent(sureOf(id), 0), bdi(names[said])));
  }
  const slider = tag("input", { type: "range", className: "slider", min: 0, max: stages.list.length - 1, value: at, "aria-label": "layer, from the picture to the answer" });
  slider.addEventListener("change", () => (location.hash = link(stages.list[slider.value].name)));
  const stage = stages.list[at];
  const classes = stages.labels.map((each, turn) => [String(each), names[each]]);
  const form = tag("form", { className: "toolbar" }, select("Class", "class", classes, String(stages.labels[label])), select("beside it", "with", [["", "none"], ...classes], other < 0 ? "" : String(stages.labels[other])));
  form.addEventListener("input", () => {
    const chosen = Object.fromEntries(new FormData(form));
    location.hash = `#/layer/${encodeURIComponent(stage.name)}?${new URLSearchParams(chosen.with === "" ? { class: chosen.class } : chosen)}`;
  });
  const grids = [label, ...(other >= 0 ? [other] : [])].flatMap((turn) => [0, 1].map((row) => {
    const channels = stage.channels[turn], first = stage.shown * (2 * turn + row);
    return tag("div", {}, tag("p", { className: "row-name" }, bdi(names[stages.labels[turn]]), row ? ", class mean" : ", typical image"),
      tag("ol", { className: "maps" }, ...channels.map((channel, rank) => tag("li", {}, spriteTile(stage.sprite, stage.columns, first + rank, `${stage.name} channel ${channel}`),
        tag("a", { className: "channel", href: link(stage.name, { channel }), textContent: channel })))));
  }));
  const head = tag("h2", { className: "vt" }, stage.name, " ", tag("small", { textContent: `${stage.shape}, the ${stage.shown} strongest of ${stage.of} channels; ${stage.scales[label]}` }));
  place.replaceChildren(strip, slider, head, form, ...grids, ...channelPage(stage.name, query.get("channel"), label));
};
const channelPage = (layer, channel, label) => {
  if (channel === null || !/^\d+$/.test(channel)) return [];
  const found = carried.channels, stages = carried.stages, stage = stages.list.find((each) => each.name === layer);
  const title = tag("h2", { id: "channel", className: "vt", textContent: `${layer}, channel ${channel}` });
  const of = stages.labels.map((each, turn) => [each, stage.channels[turn].indexOf(+channel), turn]).filter(([, rank]) => rank >= 0);
  const tiles = tag("ol", { className: "maps" }, ...of.map(([each, rank, turn]) => tag("li", {}, spriteTile(stage.sprite, stage.columns, stage.shown * (2 * turn + 1) + rank, `mean of ${names[each]}`), tag("span", { className: "channel" }, bdi(names[each])))));
  const parts = [title, tag("p", { className: "row-name", textContent: of.length ? "Its mean on the classes where it is among the strongest" : "It is among the strongest channels of no class shown." }), tiles];
  if (found && found.layer === layer && found.rows[channel]) {
    const { patches, facts, effects } = found.rows[channel];
    parts.push(tag("p", { className: "says", textContent: facts }));
    if (patches && patches[1]) parts.push(tag("p", { className: "row-name", textContent: "What it sees where it fires the strongest" }),
      tag("div", { className: "patches" }, ...Array.from({ length: patches[1] }, (_, rank) => spriteTile("channel-patches", found.columns, patches[0] + rank, `patch ${rank + 1}`))));
    if (effects.length) parts.push(tag("h3", { textContent: "What happens without it" }), tag("ul", {}, ...effects.map(([truth, said, repaired, of_, broken]) =>
      tag("li", {}, tag("a", { href: `#/confusion/${truth}-${said}` }, bdi(names[truth]), " → ", bdi(names[said])), `: ${repaired} of ${of_} repaired, ${broken} right answers broken`))));
  } else parts.push(tag("p", { className: "note", textContent: `Patches and removals were looked at in ${found ? found.layer : "no layer"} only.` }));
  return parts;
};
