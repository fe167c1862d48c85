/* Adds to a page that is complete without it: a filter and an order for the mistakes, kept in the address (#mistakes?...),
   and a picture enlarged by a click. Expects .mistake elements with data-true, data-predicted, data-confidence. */
(() => {
  "use strict";
  const element = (name, attributes, ...children) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...children);
    return made;
  };

  function enlargeOnClick() {
    const dialog = element("dialog", { className: "enlarged" });
    document.body.append(dialog);
    document.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest(".enlarged button")) return dialog.close();
      const tile = event.target.closest(".view .tile, .maps .tile");
      if (!tile) return;
      const copy = tile.cloneNode();
      const style = getComputedStyle(tile);
      const side = Math.max(style.getPropertyValue("--w"), style.getPropertyValue("--h"));
      const room = Math.min(innerWidth, innerHeight) * 0.78;
      copy.style.setProperty("--side", `${Math.max(1, Math.floor(room / side)) * style.getPropertyValue("--w")}px`);
      const caption = element("p", { textContent: tile.getAttribute("aria-label") });
      dialog.replaceChildren(copy, caption, element("button", { type: "button", textContent: "Close" }));
      dialog.showModal();
    });
  }

  function mistakesFilter() {
    const cards = [...document.querySelectorAll(".mistake")];
    const place = cards.length && cards[0].closest(".section");
    if (!place) return;
    cards.forEach((card, index) => (card.dataset.place = index));
    const options = (key) => [...new Set(cards.map((card) => card.dataset[key]))].sort();
    const select = (name, label, values) => {
      const list = element("select", { name }, ...values.map(([value, text]) => new Option(text, value)));
      return element("label", {}, label, list);
    };
    const classes = (key) => [["", "any class"], ...options(key).map((name) => [name, name])];
    const count = element("output", {});
    const form = element("form", { className: "filter" },
      select("true", "True class", classes("true")),
      select("predicted", "Predicted", classes("predicted")),
      select("order", "Order", [["", "as listed"], ["surest", "surest first"], ["unsure", "least sure first"]]),
      element("button", { type: "reset", textContent: "Show all" }), count);
    (place.querySelector(".filter-place") || place.querySelector("h2")).after(form);

    const apply = () => {
      const chosen = Object.fromEntries(new FormData(form));
      let shown = 0;
      for (const card of cards) {
        card.hidden = ["true", "predicted"].some((key) => chosen[key] && card.dataset[key] !== chosen[key]);
        shown += !card.hidden;
      }
      const sign = { surest: -1, unsure: 1 }[chosen.order];
      const rank = (card) => (sign ? sign * card.dataset.confidence : +card.dataset.place);
      for (const list of new Set(cards.map((card) => card.parentNode))) {
        list.append(...[...list.children].sort((a, b) => rank(a) - rank(b)));
        const group = list.closest("details");
        if (!group) continue;
        group.hidden = ![...list.children].some((card) => !card.hidden);
        if (chosen.true || chosen.predicted) group.open = !group.hidden;
      }
      count.textContent = `${shown} of ${cards.length} shown`;
    };
    const remember = () => {
      const chosen = [...new FormData(form)].filter(([, value]) => value);
      const address = `#${place.id}${chosen.length ? `?${new URLSearchParams(chosen)}` : ""}`;
      history.replaceState(null, "", address);
      apply();
    };
    const recall = () => {
      const [id, query] = location.hash.slice(1).split("?");  // URLSearchParams decodes, also what is no valid escape
      if (id !== place.id || !query) return;
      for (const [name, value] of new URLSearchParams(query)) {
        const list = form.querySelector(`select[name="${CSS.escape(name)}"]`);
        if (list) list.value = value;
      }
      place.scrollIntoView();
    };
    form.addEventListener("change", remember);
    form.addEventListener("reset", () => setTimeout(remember));
    addEventListener("hashchange", () => { recall(); apply(); });
    recall();
    apply();
  }

  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (target) target.scrollIntoView();
  }

  function markContents() {
    const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) links.get(entry.target.id)?.classList.toggle("here", entry.isIntersecting);
    }, { rootMargin: "-15% 0px -75% 0px" });
    document.querySelectorAll(".section").forEach((section) => seen.observe(section));
  }

  enlargeOnClick();
  mistakesFilter();
  markContents();
  openTarget();
  addEventListener("hashchange", openTarget);
})();
