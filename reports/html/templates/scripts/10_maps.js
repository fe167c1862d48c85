/* Maps are grey tiles at their own grid; here they are coloured, and blended with their picture, on a canvas. */
const ramp = (stops) => (share) => {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
  return stops[low].map((value, part) => value + (stops[low + 1][part] - value) * (at - low));
};
const SCALES = Object.fromEntries(Object.entries(carried.scales || {}).map(([name, stops]) => [name, ramp(stops)]));
const AGAINST = [70, 160, 255], SPEAKS_FOR = [255, 96, 60];
const decoded = new Map();
const pixelsOf = (sheet) => {
  if (!decoded.has(sheet)) {
    decoded.set(sheet, (async () => {
      const picture = new Image();
      picture.src = sheet.src;
      await picture.decode();
      const canvas = tag("canvas", { width: picture.width, height: picture.height });
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(picture, 0, 0);
      return context.getImageData(0, 0, picture.width, picture.height);
    })());
  }
  return decoded.get(sheet);
};
const tileAt = (sheet, pixels, place) => {  // (row, column) -> position of its red value
  const left = (place % sheet.columns) * sheet.w, top = Math.floor(place / sheet.columns) * sheet.h;
  return (row, column) => 4 * ((top + row) * pixels.width + left + column);
};
const endsOf = (sheet) => (sheet.limits ??= unpacked(sheet.ends));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] || 0;
const usualEnd = (sheet) => (sheet.usual ??= median(endsOf(sheet)));

const paintPicture = async (canvas, place) => {
  const { sheet } = atlas, pixels = await pixelsOf(sheet), at = tileAt(sheet, pixels, place);
  Object.assign(canvas, { width: sheet.w, height: sheet.h });
  const context = canvas.getContext("2d"), drawn = context.createImageData(sheet.w, sheet.h);
  for (let row = 0; row < sheet.h; row++) for (let column = 0; column < sheet.w; column++) {
    const from = at(row, column), to = 4 * (row * sheet.w + column);
    for (let part = 0; part < 4; part++) drawn.data[to + part] = pixels.data[from + part];
  }
  context.putImageData(drawn, 0, 0);
};
/* The map of one mistake over its picture, bilinear between the centres of its cells, on a scale that ends at `end`. */
const paintMap = async (canvas, sheet, row, place, end) => {
  const [pixels, under] = await Promise.all([pixelsOf(sheet), pixelsOf(atlas.sheet)]);
  const at = tileAt(sheet, pixels, row), below = tileAt(atlas.sheet, under, place);
  const { w, h } = atlas.sheet, factor = end > 0 ? endsOf(sheet)[row] / end : 0;
  const value = (y, x) => sheet.signed ? (pixels.data[at(y, x)] - 128) / 127 : pixels.data[at(y, x)] / 255;
  const cell = (step, cells, length) => {
    const centre = Math.min(Math.max((step + 0.5) * cells / length - 0.5, 0), cells - 1), low = Math.min(Math.floor(centre), Math.max(cells - 2, 0));
    return [low, Math.min(low + 1, cells - 1), centre - low];
  };
  Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d"), drawn = context.createImageData(w, h), color = SCALES[sheet.scale];
  for (let y = 0; y < h; y++) {
    const [top, bottom, down] = cell(y, sheet.h, h);
    for (let x = 0; x < w; x++) {
      const [left, right, across] = cell(x, sheet.w, w);
      const upper = value(top, left) * (1 - across) + value(top, right) * across;
      const lower = value(bottom, left) * (1 - across) + value(bottom, right) * across;
      const share = Math.max(-1, Math.min(1, (upper * (1 - down) + lower * down) * factor));
      const alpha = sheet.plain ? 1 : 0.9 * Math.abs(share) ** 0.7;
      const [red, green, blue] = sheet.plain || !sheet.signed ? color(sheet.signed ? (share + 1) / 2 : share) : share > 0 ? SPEAKS_FOR : AGAINST;
      const from = below(y, x), to = 4 * (y * w + x);
      drawn.data[to] = under.data[from] * (1 - alpha) + red * alpha;
      drawn.data[to + 1] = under.data[from + 1] * (1 - alpha) + green * alpha;
      drawn.data[to + 2] = under.data[from + 2] * (1 - alpha) + blue * alpha;
      drawn.data[to + 3] = 255;
    }
  }
  context.putImageData(drawn, 0, 0);
};
const pictureCanvas = (id, label) => {
  const canvas = picture(label);
  if (atlas && atlas.place.has(id)) paintPicture(canvas, atlas.place.get(id));
  return canvas;
};
const contrastSheet = carried.contrast;
