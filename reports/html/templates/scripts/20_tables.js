/* Tables that sort: a click on a head orders by its column, a second one turns the order round. */
const sortKey = (cell) => {
  const text = (cell.dataset.sort ?? cell.textContent).trim().replace(/−/g, "-").replace(/[,\u00a0]/g, "");
  const value = parseFloat(text.replace(/^[^\d-]+(?=\d)/, ""));
  return Number.isNaN(value) ? text.toLowerCase() : value;
};
const sortTable = (table, column, turned) => {
  const body = table.tBodies[0], sign = turned ? -1 : 1;
  const keyed = [...body.rows].map((row) => [sortKey(row.cells[column]), row]);
  keyed.sort(([one], [other]) => sign * (typeof one === typeof other ? (one < other ? -1 : one > other ? 1 : 0) : typeof one === "number" ? -1 : 1));
  body.append(...keyed.map(([, row]) => row));
};
const makeSortable = (table) => {
  if (!table.tHead || table.tBodies[0].rows.length < 3 || table.classList.contains("cm")) return;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (head.tagName !== "TH" || !head.textContent.trim()) return;
    const onclick = () => {
      const numeric = typeof sortKey(table.tBodies[0].rows[0].cells[column]) === "number";
      const turned = head.ariaSort ? head.ariaSort === "ascending" : numeric;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", turned ? "descending" : "ascending");
      sortTable(table, column, turned);
    };
    head.replaceChildren(tag("button", { type: "button", className: "sort", onclick }, ...head.childNodes));
  });
};
/* A table that is wider than its place: its names in several lines; where that is not enough, each row as a list of its cells, their heads before them. */
const stack = (place) => {
  const table = $("table", place), heads = table.tHead?.rows[0].cells;
  const wide = () => place.scrollWidth > place.clientWidth + 1, kinds = place.classList;
  kinds.remove("stacked", "broken");
  if (!wide() || !heads || (kinds.add("broken"), !wide())) return;
  kinds.add("stacked");
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, at) => (cell.dataset.label = heads[at]?.textContent || ""));
};
const unhide = (hidden, className = "") => {  // what stands on the page for those who run no program
  const shown = tag("div", { className });
  shown.innerHTML = hidden.textContent;
  hidden.replaceWith(shown);
  $$("table", shown).forEach(makeSortable);
  reachable();
};
