/* One confusion: its images, and how far apart the model holds the two classes. */
const mistakesOf = (truth, said) => [...mistakes.ids].filter((id) => images.truth[id] === truth && images.predicted[id] === said);
const showConfusion = (pair, query) => {
  const place = $("#confusion-detail"), [truth, said] = pair.split("-").map(Number);
  $("#confusion-list").hidden = !!place;
  if (!place || !names[truth] || !names[said]) return;
  const all = mistakesOf(truth, said), swapped = mistakesOf(said, truth).length, told = confusions.find((each) => each.t === truth && each.p === said);
  const total = told ? told.n : all.length;
  const head = el("h1.vt", tag("a", { href: "#/confusions" }, "Confusions"), " › ", ...pairName(truth, said, " taken for "), " ", tag("small", { textContent: `${total} image${total === 1 ? "" : "s"}${all.length < total ? `, the ${all.length} surest explained` : ""}` }));
  const grid = box("tiles"), count = span("count"), foot = para("foot");
  const apply = (chosen, save) => {
    const least = chosen.min / 100;
    const ids = all.filter((id) => sureOf(id) >= least).sort(ORDERS[chosen.sort] || ORDERS.surest);
    const end = fillGrid(grid, ids, chosen.show);
    $("output", form).textContent = `${chosen.min}\u00a0%`;
    count.textContent = `${ids.length} of ${all.length}`;
    foot.replaceChildren("warm speaks for ", saidName(said), ", cold for ", trueName(truth), `; one scale for all, ends ±${number(end)} ${carried.unit}`);
    foot.hidden = chosen.show !== "contrast";
    if (save) remember({ sort: chosen.sort, show: chosen.show, min: least || null });
  };
  const form = toolbar(apply, select("Order", "sort", TURNS, query.get("sort") || "surest"), select("Show", "show", SHOWN, query.get("show") || "contrast"), range(query), count,
    ...(swapped ? [tag("a", { href: `#/confusion/${said}-${truth}`, className: "swap" }, "⇄ ", bdi(names[said]), " taken for ", bdi(names[truth]), ` (${swapped})`)] : []));
  place.replaceChildren(head, form, grid, foot, ...marginPlot(truth, said));
  form.update();
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
  const found = confusions.find((each) => each.t === truth && each.p === said && each.margins);
  if (!found) return [];
  const { low, high, true: up, predicted: down } = found.margins, most = Math.max(...up, ...down, 1), wide = 760 / up.length;
  const zero = -low / (high - low) * 760, bars = (values, kind, sign) => values.map((value, at) => {
    const tall = 46 * value / most, right = kind === "t" ? (at + 0.5) * wide < zero : (at + 0.5) * wide > zero;
    return svg("rect", { x: at * wide + 0.5, width: wide - 1, y: sign > 0 ? 52 - tall : 54, height: tall, class: right ? kind : `${kind} wrong` });
  });
  const words = (x, text, anchor) => svg("text", { x, y: 118, "text-anchor": anchor }, text);
  return [el("h2.sm", "Between the two classes ", el("small", "ln(p of ", bdi(names[said]), " / p of ", bdi(names[truth]), "), all images of both; full colour: wrong side")),
    svg("svg", { viewBox: "0 0 760 122", class: "margin-plot", role: "img", "aria-label": `Logarithm of the ratio of the two probabilities, ${number(low)} to ${number(high)}, above for ${names[truth]}, below for ${names[said]}` },
      ...bars(up, "t", 1), ...bars(down, "p", -1), svg("line", { x1: zero, x2: zero, y1: 0, y2: 106, class: "zero" }), words(2, number(low), "start"), words(zero, "0", "middle"), words(758, number(high), "end"))];
};
