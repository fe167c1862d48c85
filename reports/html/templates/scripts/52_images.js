/* All images whose pictures are in the file, by what is known of them. */
const showImages = (query) => {
  const place = $("#images-grid");
  if (!place || !images) return;
  const inFile = [...new Set([...mistakes.ids, ...atlas.place.keys()])];
  const label = (key) => { const value = query.get(key); return value === null ? "" : names.indexOf(value) >= 0 ? String(names.indexOf(value)) : value; };
  const classes = [["", "any class"], ...names.map((name, at) => [String(at), name])];
  const grid = box("tiles"), count = tag("output.count", {}), note = para("foot");
  const lists = [["mistakes", "mistakes"], ["sure", "sure and wrong (above 90 %)"], ["right", "found correctly"], ["", "all in this file"], ...flags.map((flag) => [flag.id, flag.title])];
  const tests = { mistakes: (id) => images.truth[id] !== images.predicted[id], right: (id) => images.truth[id] === images.predicted[id], sure: (id) => images.truth[id] !== images.predicted[id] && sureOf(id) > 0.9 };
  const apply = (chosen, save) => {
    const flag = flags.find((each) => each.id === chosen.flag), passes = tests[chosen.flag] || (() => true);
    const ids = (flag ? flag.ids : inFile).filter((id) => passes(id) && (!chosen.true || images.truth[id] === +chosen.true) && (!chosen.predicted || images.predicted[id] === +chosen.predicted) && sureOf(id) >= chosen.min / 100);
    fillGrid(grid, ids.sort(ORDERS[chosen.sort] || ORDERS.surest), chosen.show);
    $("label output", form).textContent = `${chosen.min}\u00a0%`;
    count.textContent = `${amount(ids.length)} of the ${amount(flag ? flag.ids.length : inFile.length)} ${flag ? "listed" : "in this file"}`;
    note.textContent = flag?.note || "";
    if (save) remember({ ...chosen, min: chosen.min / 100 || null });
  };
  const form = toolbar(apply, select("True", "true", classes, label("true")), select("Predicted", "predicted", classes, label("predicted")),
    select("Which", "flag", lists, query.get("flag") ?? (mistakes.ids.length ? "mistakes" : "")), select("Order", "sort", TURNS, query.get("sort") || "surest"), select("Show", "show", SHOWN, query.get("show") || "picture"), range(query), count);
  place.replaceChildren(form, note, grid);
  form.update();
};
