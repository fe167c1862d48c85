/* One field for all: an image's number, a class, a layer's channel. */
const found = (text) => {
  const asked = text.trim(), channel = /^(.+):(\d+)$/.exec(asked);
  if (!asked) return null;
  if (/^\d+$/.test(asked) && images && +asked < images.count) return `#/image/${asked}`;
  const stages = carried.stages?.list || [];
  if (channel && stages.some((stage) => stage.name === channel[1] && +channel[2] < stage.of)) return `#/layer/${encodeURIComponent(channel[1])}?channel=${channel[2]}`;
  if (stages.some((stage) => stage.name === asked)) return `#/layer/${encodeURIComponent(asked)}`;
  const small = asked.toLowerCase(), label = [(name) => name === small, (name) => name.startsWith(small), (name) => name.includes(small)]
    .map((fits) => names.findIndex((name) => fits(name.toLowerCase()))).find((at) => at >= 0);
  return label === undefined ? null : `#/class/${label}`;
};
const addSearch = () => {
  if (!names.length) return;
  const stage = carried.stages?.list.find((each) => each.name === carried.channels?.layer);
  const some = [images && `image ${mistakes.ids[0] ?? 0}`, names.find((name) => name.length < 9), stage && `${stage.name}:${stage.channels[0][0]}`];
  const field = tag("input", { type: "search", placeholder: some.filter(Boolean).join(", "), "aria-label": "Go to an image number, a class or a channel" }), said = tag("output.vh", {});
  const form = tag("form", { role: "search" }, field, tag("kbd", { "aria-hidden": "true" }, "/"), said);
  field.addEventListener("input", () => field.setCustomValidity(""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const target = found(field.value.replace(/^image\s+/i, ""));
    said.textContent = target ? "" : `Nothing is called ${field.value}.`;
    if (target) {
      if (location.hash === target) route(); else location.hash = target;  // a card that was closed opens again
      field.value = "";
      return field.blur();
    }
    field.setCustomValidity(said.textContent);
    field.reportValidity();
  });
  $(".bar nav").before(form);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); field.focus(); }
  });
};
