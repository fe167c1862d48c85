/* From here the page is alive. */
const unhide = (hidden, className = "") => {  // what stands on the page for those who run no program
  const shown = element("div", { className });
  shown.innerHTML = hidden.textContent;
  hidden.replaceWith(shown);
  $$("table", shown).forEach(makeSortable);
};
addEventListener("toggle", (event) => {
  if (event.target.open) $$(".fold > div > noscript", event.target).forEach((hidden) => unhide(hidden));
}, true);
const unfold = () => {
  $$(".fold > div > noscript").forEach((hidden) => unhide(hidden));
  $$("noscript").forEach((hidden) => unhide(hidden, "print-only"));
  $$(".fold").forEach((fold) => (fold.open = true));
};
document.documentElement.classList.add("js");
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
addEventListener("beforeprint", unfold);
route();
