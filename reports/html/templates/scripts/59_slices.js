/* A volume: without the program a strip of its slices, with it one slice at a time and a slider. */
$$("ol.slices").forEach((strip) => {
  const slices = [...strip.children], said = tag("output");
  if (slices.length < 2) return;
  const slider = tag("input", { type: "range", min: 0, max: slices.length - 1, className: "slider", "aria-label": strip.ariaLabel });
  const show = () => {
    slices.forEach((slice, at) => { slice.hidden = at !== +slider.value; });
    said.textContent = $("small", slices[+slider.value]).textContent;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  slider.value = strip.dataset.first;
  slider.oninput = show;
  strip.classList.add("one");
  strip.after(box("slice-choice", slider, said));
  show();
});
