/* The classes: all of them side by side, or one with its maps and what it is confused with. */
const classLinks = (label) => {  // what the class is taken for, and what is taken for it
  const some = confusions.filter((each) => each.t === label || each.p === label).slice(0, 8);
  const rows = some.map((each) => el("li", pairLink(each.t, each.p), bar(each.n / some[0].n), el("b", each.n)));
  return [el("h2.sm", "Confused with"), el("ul.lc", ...(some.length ? rows : ["No image of it is confused with another class."]))];
};
const classMaps = (label) => {
  const row = carried.stages.labels.indexOf(label), id = carried.stages.numbers[row], place = box("class-detail");
  const draw = () => place.replaceChildren(el("h2.sm", "What speaks for ", bdi(names[images.predicted[id]]), ` on image ${called(id)} `, scaleSwitch(() => { draw(); $("select", place).focus(); })),
    ...mapShelf(carried.classMaps, id, row, [images.predicted[id]]));
  draw();
  return place;
};
const showClass = (label) => {
  const articles = $$(".specimen"), found = articles.find((article) => article.dataset.label === label);
  const view = viewNamed("classes"), head = view && $("h1", view), own = label !== null && !!found;
  articles.forEach((article) => (article.hidden = own && article !== found));
  view?.classList.toggle("one-class", own);
  $$(".class-detail").forEach((drawn) => drawn.remove());
  if (!head) return;
  head.replaceChildren(...(own ? [tag("a", { href: "#/classes" }, "Classes"), " › ", bdi(names[label])] : ["Classes"]));
  if (own) found.append(...(images && carried.classMaps ? [classMaps(+label)] : []), box("class-detail", ...classLinks(+label)));
  if (label !== null && !own) document.getElementById(`/class/${label}`)?.scrollIntoView();
};
