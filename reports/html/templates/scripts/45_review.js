/* What a person says of an image: kept in the browser's storage, given away as the file that `report --review` reads. */
const shelf = `featurelens review ${carried.weights} ${carried.pixels}`;
let review = {};
try { review = JSON.parse(localStorage.getItem(shelf)) || {}; } catch { /* no storage here: kept while the page is open */ }
const note = (id, entry) => {
  if (entry.verdict) review[id] = entry; else delete review[id];
  try { localStorage.setItem(shelf, JSON.stringify(review)); } catch { /* as above */ }
};
const giveAway = () => {
  const text = JSON.stringify({ format: "featurelens review", version: 1, model: carried.weights, images: review }, null, 1);
  const href = URL.createObjectURL(new Blob([text]));
  tag("a", { href, download: "review.json" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 999);
};
const reviewPart = (id) => {
  const entry = { verdict: "", ...review[id] }, told = tag("span.note", { role: "status" });
  const comment = tag("textarea", { rows: 2, maxLength: 2000, value: entry.comment || "", "aria-label": "Comment" });
  const save = tag("button", { type: "button" }, "Export the review");
  const refresh = () => {
    comment.disabled = !entry.verdict;
    told.textContent = ` ${Object.keys(review).length} reviewed`;
  };
  const choice = tag("select", { "aria-label": "Verdict" }, ...["", "right reason", "wrong reason", "wrong label"].map((verdict) => tag("option", { value: verdict, textContent: verdict || "not reviewed" })));
  choice.value = entry.verdict;
  choice.oninput = () => { entry.verdict = choice.value; note(id, entry); refresh(); };
  comment.oninput = () => { entry.comment = comment.value; note(id, entry); };
  save.onclick = giveAway;
  refresh();
  return box("review", el("h3", "Your review"), choice, comment, save, told);
};
