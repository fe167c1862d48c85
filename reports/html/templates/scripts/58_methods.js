/* A picture of each method in the table of trust. */
const drawMethods = () => $$("[data-method]").forEach((place) => {  // the surest image of the largest confusion by each method
  const kind = kinds.find((each) => each.method === place.dataset.method);
  if (place.firstChild || !kind) return;
  const id = mistakes.ids[kind.rows ? kind.rows[0] : 0], canvas = picture(`${kind.method} of image ${called(id)}`);
  paintMap(canvas, kind.sheets[0], 0, atlas.place.get(id), endsOf(kind.sheets[0])[0]);
  place.append(canvas);
});
