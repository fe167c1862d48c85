/* From here the page is alive. */
addEventListener("toggle", (event) => {
  if (event.target.open) $$(".fold > div > noscript", event.target).forEach((hidden) => unhide(hidden));
}, true);
const unfold = () => $$("noscript").filter((hidden) => hidden.closest("#mistakes, #map-place")).forEach((hidden) => unhide(hidden, "print-only"));
root.classList.add("js");
addSearch();
$$("table").forEach(makeSortable);
if (images) document.body.append(card);
addEventListener("keydown", (event) => {
  if (card.hidden || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "Escape") closeCard();
  if (event.key === "ArrowLeft") stepCard(-1);
  if (event.key === "ArrowRight") stepCard(1);
});
addEventListener("hashchange", route);
addEventListener("resize", reachable);
addEventListener("beforeprint", unfold);
route();
