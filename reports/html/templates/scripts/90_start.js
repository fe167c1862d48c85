/* From here the page is alive. */
const unfold = () => $$("noscript").forEach((hidden) => {  // for print: what stands in place of what is drawn on demand
  const shown = element("div", { className: "print-only" });
  shown.innerHTML = hidden.textContent;
  hidden.replaceWith(shown);
});
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
