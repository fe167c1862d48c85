/* The address says what is shown: #/confusion/0-6?sort=surest. What no view knows is an element's id, or an old link. */
const views = $$("main > .view"), tabs = $$(".bar nav a");
const viewNamed = (name) => views.find((view) => view.id === `/${name}`);
const OWNERS = { confusion: "confusions", class: "classes", layer: "layers", image: "images" };
let recalling = false;
const showView = (view) => {
  views.forEach((each) => each.classList.toggle("on", each === view));
  tabs.forEach((tab) => {
    if (tab.hash !== `#${view.id}`) return tab.removeAttribute("aria-current");
    tab.setAttribute("aria-current", "page");
    tab.parentElement.scrollLeft = tab.offsetLeft - 80;  // in sight on a phone too, with an end of the tab before it
  });
};
const routeNow = () => {
  const [path, query = ""] = location.hash.slice(1).split("?");
  return [path, new URLSearchParams(query)];
};
const remember = (changes, step = "replaceState") => {  // "pushState": what the browser’s Back leads out of
  if (recalling) return;
  const [path, query] = routeNow();
  for (const [key, value] of Object.entries(changes)) if (value === null || value === "") query.delete(key); else query.set(key, value);
  history[step](null, "", `#${path || views[0].id}${query.size ? `?${query}` : ""}`);
};
const plain = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
const oldRoute = (path, query) => {
  const [, kind, rest] = /^(image|confusion|class)-(.+)$/.exec(path) || [];
  if (kind && (kind !== "class" || viewNamed("classes"))) return [`/${kind}/${rest}`, query];
  if (path === "mistakes" && viewNamed("images")) return ["/images", query];
  const [, truth, said] = /^\/confusion\/(\d+)-(\d+)$/.exec(path) || [];
  if (said && !viewNamed("confusions")) return ["/images", new URLSearchParams({ true: truth, predicted: said })];
  return [path, query];
};
const reachable = () => $$("main > .on :is(.table-box, .canvas, .walk)").forEach((place) => {  // by the keyboard, where it scrolls
  if (place.matches(".table-box")) stack(place);
  if (place.scrollWidth > place.clientWidth) place.tabIndex = 0; else place.removeAttribute("tabindex");
});
const route = () => {
  const [path, query] = oldRoute(...routeNow());
  recalling = true;
  try {
    const [, name = "", detail] = path.startsWith("/") ? path.split("/").map(plain) : [];
    const view = viewNamed(OWNERS[name] || name);
    if (query.has("scale")) ownScale = query.get("scale") === "own";
    if (path && !path.startsWith("/")) return showElement(document.getElementById(plain(path)) || inFold(plain(path)));
    showView(view || views[0]);
    const pair = name === "confusion" && /^(\d+)-(\d+)$/.exec(detail || "");
    const oneOf = pair && pair[1] in names && pair[2] in names && pair[1] !== pair[2] ? detail : null;
    if ($("#confusion-detail")) { $("#confusion-detail").replaceChildren(); $("#confusion-list").hidden = false; }
    viewNamed("confusions")?.classList.toggle("detail", oneOf !== null);
    showCauses(oneOf);
    if (oneOf) showConfusion(oneOf, query);
    if (name === "images" || name === "image") showImages(query);
    if (name === "classes" || name === "class") showClass(detail ?? null);
    if (name === "layers" || name === "layer") showLayer(detail, query);
    if (name === "data") drawDataMap();
    if (name === "trust") drawMethods();
    if (detail === undefined || name === "confusion") scrollTo(0, 0);
    if (query.has("channel")) $("#channel")?.scrollIntoView();
    const image = name === "image" ? detail : query.get("img");
    if (image && /^\d+$/.test(image)) openCard(+image, oneOf ? mistakesOf(...oneOf.split("-").map(Number)) : undefined); else closeCard();
  } finally { recalling = false; reachable(); }
};
const inFold = (id) => {  // what is folded has no elements yet
  const hidden = $$(".fold > div > noscript").find((each) => each.textContent.includes(` id="${id}"`));
  if (hidden) unhide(hidden);
  return hidden && document.getElementById(id);
};
const showElement = (target) => {
  const view = target && target.closest("main > .view");
  showView(view || views[0]);
  closeCard();
  if (!view) return;
  view.classList.remove("detail");
  showCauses(null);
  if (view.id === "/confusions" && $("#confusion-detail")) { $("#confusion-detail").replaceChildren(); $("#confusion-list").hidden = false; }
  if (view.id === "/trust") drawMethods();
  if (view.id === "/data") drawDataMap();
  if (view.id === "/images") showImages(new URLSearchParams());
  if (view.id === "/layers") showLayer(undefined, new URLSearchParams());
  if (view.id === "/classes") showClass(target.closest(".specimen")?.dataset.label ?? null);
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
};
