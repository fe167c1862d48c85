/* Draw, drop or photograph; every change asks the service anew, one request at a time, and the latest picture wins. */
(() => {
  "use strict";
  const known = JSON.parse(document.getElementById("known").textContent);
  const at = (id) => document.getElementById(id);
  const board = at("board"), video = at("video"), KEPT = 20, LARGEST_KEPT = 65536;
  const brush = board.getContext("2d", { willReadFrequently: true });
  const scales = Object.fromEntries(Object.entries(known.scales).map(([name, hex]) => [name, hex.match(/../g).map((two) => parseInt(two, 16))]));
  let model = known.models[0], waiting = null, busy = false, last = [], token = sessionStorage.getItem("token") || "";

  const made = (name, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(name), attributes);
    element.append(...children);
    return element;
  };
  const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
  const number = (value) => Number(value.toPrecision(2)).toString().replace("-", "\u2212");

  function small() {
    /* the board at the size of the model's input */
    const canvas = made("canvas", { width: model.width, height: model.height });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(board, 0, 0, model.width, model.height);
    return canvas;
  }

  function ask(sent = null) {
    /* a file goes as it is, so that the service reads it as it reads any other; a drawing at the model's size */
    waiting = { canvas: small(), sent };
    if (!busy) next();
  }

  async function next() {
    busy = true;
    while (waiting) {
      const { canvas, sent } = waiting, began = performance.now();
      waiting = null;
      try {
        const blob = sent || await new Promise((done) => canvas.toBlob(done, "image/png"));
        const first = await explained(blob, {});
        show(canvas, first);
        const second = await explained(blob, { class: first.explanations[0].class, versus: first.explanations[0].second });
        bothMaps(canvas, first, second);
        const changed = sent && first.explanations[0].picture.changed;
        at("time").textContent = `Answered in ${Math.round(performance.now() - began)} ms, with both maps.${changed ? ` The picture was changed: ${changed}.` : ""}`;
        document.body.dataset.answered = String(+(document.body.dataset.answered || 0) + 1);
        if (!waiting) await remember(canvas, sent, first);
      } catch (error) {
        noAnswer(error.message);
      }
    }
    busy = false;
  }

  function noAnswer(why) {
    /* and none of an earlier picture */
    at("says").textContent = why;
    for (const id of ["probabilities", "flags", "time", "map-words", "contrast-words"]) at(id).replaceChildren();
    for (const id of ["map", "contrast"]) Object.assign(at(id), { width: 1, height: 1, ariaLabel: "No map" });
    at("scale").hidden = at("verdict").hidden = true;
  }

  async function explained(blob, query) {
    const words = new URLSearchParams({ model: model.name, ...query });
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const answer = await fetch(`/v1/explain?${words}`, { method: "POST", body: blob, headers });
    if (answer.status === 401) at("key").hidden = false;
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error.message);
    return told;
  }

  function show(canvas, told) {
    const found = told.explanations[0], names = told.class_names;
    at("says").textContent = `${found.class}: ${percent(found.probability)}. ${found.second} comes second, ${number(found.margin)} ${told.model.unit} behind.`;
    const order = names.map((_, place) => place).sort((a, b) => found.probabilities[b] - found.probabilities[a]).slice(0, 4);
    at("probabilities").replaceChildren(...order.map((place) => made("li", {},
      made("span", { textContent: names[place], title: names[place] }),
      made("progress", { max: 1, value: found.probabilities[place], ariaLabel: `Probability of ${names[place]}` }),
      made("span", { textContent: percent(found.probabilities[place]) }))));
    const set = found.not_ruled_out, flags = at("flags");
    flags.replaceChildren();
    if (found.unlike && found.unlike.flagged) {
      flags.append(made("strong", { textContent: "Unlike the reference images" }),
        `: at most ${percent(found.unlike.p)} of them are as unlike. No promise holds for it. `);
    } else {
      flags.append(`Not ruled out at ${percent(set.coverage)} coverage: ${set.classes.join(", ")}. `);
    }
    if (told.notes.class) flags.append(told.notes.class);
    flags.title = `${told.notes.unlike} ${told.notes.classes_not_ruled_out}`;
    paint(at("map"), canvas, found.map, told.method, largest(found.map));
    const place = found.map.region ? ` Most of it lies ${found.map.region} (${percent(found.map.region_share)}).` : "";
    at("map-words").textContent = `Why ${found.class}: ${told.method.name}${told.method.layer ? ` at ${told.method.layer}` : ""}.${place}`;
    const verdict = at("verdict"), mark = { good: "●", weak: "◐", failed: "○" }[told.method.verdict] || "–";
    verdict.hidden = false;
    verdict.className = `verdict ${told.method.verdict}`;
    at("verdict-word").textContent = `${mark} ${told.method.name} on this model: ${told.method.verdict === "unknown" ? "not tested" : told.method.verdict}`;
    at("verdict-words").textContent = told.method.measured;
  }

  const largest = (map) => Math.max(Math.abs(map.largest), Math.abs(map.smallest)) || 1;

  function bothMaps(canvas, first, second) {
    /* on one scale, whose ends are printed */
    const found = second.explanations[0], top = Math.max(largest(first.explanations[0].map), largest(found.map));
    paint(at("map"), canvas, first.explanations[0].map, first.method, top);
    paint(at("contrast"), canvas, found.map, second.method, top);
    const words = `Why ${found.class} rather than ${found.explained.versus}`;
    at("contrast-words").textContent = second.method.signed
      ? `${words}: warm speaks for ${found.class}, cold for ${found.explained.versus}.` : `${words}.`;
    at("contrast").setAttribute("aria-label", at("contrast-words").textContent);
    at("map").setAttribute("aria-label", at("map-words").textContent);
    legend(first, top);
  }

  function scaleOf(map, method) {
    return method.signed || map.smallest < 0 ? "signed" : method.unit.includes("per unit") ? "saliency" : "evidence";
  }

  function legend(told, top) {
    const name = scaleOf(told.explanations[0].map, told.method), colors = scales[name];
    at("scale").hidden = false;
    at("low").textContent = name === "signed" ? number(-top) : "0";
    at("high").textContent = `${number(top)} ${told.method.unit} (both maps)`;
    const bar = at("bar").getContext("2d"), pixels = bar.createImageData(128, 1);
    for (let place = 0; place < 128; place++) pixels.data.set([...colors.slice(6 * place + 3, 6 * place + 6), 255], 4 * place);
    bar.putImageData(pixels, 0, 0);
  }

  function paint(target, canvas, map, method, top) {
    /* the map over its picture: the stronger the evidence, the more opaque */
    const side = 224, [h, w] = map.shape, name = scaleOf(map, method), colors = scales[name];
    target.width = target.height = side;
    const context = target.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, 0, 0, side, side);
    const picture = context.getImageData(0, 0, side, side), data = picture.data;
    const values = map.values;
    const cell = (row, column) => values[Math.min(h - 1, Math.max(0, row))][Math.min(w - 1, Math.max(0, column))];
    for (let y = 0; y < side; y++) {
      const r = ((y + 0.5) * h) / side - 0.5, r0 = Math.floor(r), down = r - r0;
      for (let x = 0; x < side; x++) {
        const c = ((x + 0.5) * w) / side - 0.5, c0 = Math.floor(c), across = c - c0;
        const value = (cell(r0, c0) * (1 - across) + cell(r0, c0 + 1) * across) * (1 - down)
          + (cell(r0 + 1, c0) * (1 - across) + cell(r0 + 1, c0 + 1) * across) * down;
        const step = name === "signed" ? Math.round(128 + 127 * value / top) : Math.round(255 * Math.max(0, value) / top);
        const alpha = 0.85 * Math.min(1, Math.abs(value) / top), place = 4 * (y * side + x);
        for (let k = 0; k < 3; k++) data[place + k] = data[place + k] * (1 - alpha) + colors[3 * step + k] * alpha;
      }
    }
    context.putImageData(picture, 0, 0);
  }

  /* the last twenty, in this browser only */
  async function remember(canvas, sent, told) {
    const src = sent && sent.size < LARGEST_KEPT ? await dataOf(sent) : canvas.toDataURL("image/png");
    const entry = { src, name: told.explanations[0].class, share: told.explanations[0].probability };
    if (entry.src === last[0]?.src) return;
    last = [entry, ...last].slice(0, KEPT);
    try { localStorage.setItem("featurelens-last", JSON.stringify(last)); } catch { /* no room, or not allowed */ }
    listLast();
  }
  function listLast() {
    at("empty").hidden = last.length > 0;
    at("forget").hidden = !last.length;
    at("last").replaceChildren(...last.map((entry) => {
      const canvas = made("canvas", { width: 28, height: 28 });
      canvas.setAttribute("aria-hidden", "true");
      load(entry.src, (image) => { canvas.width = image.width; canvas.height = image.height; canvas.getContext("2d").drawImage(image, 0, 0); });
      const button = made("button", { type: "button", title: `${entry.name}, ${percent(entry.share)}: ask again` }, canvas, made("span", { textContent: entry.name }));
      button.addEventListener("click", () => opened(fileOf(entry.src)));
      return made("li", {}, button);
    }));
  }
  const dataOf = (blob) => new Promise((done) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result));
    reader.readAsDataURL(blob);
  });
  function load(src, done) {
    const image = new Image();
    image.addEventListener("load", () => done(image));
    image.addEventListener("error", () => noAnswer("This file is no picture that the browser can show."));
    image.src = src;
  }
  function fileOf(src) {
    const [head, data] = src.split(","), bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    return new Blob([bytes], { type: head.slice(5, head.indexOf(";")) });
  }
  function put(image, file) {
    const smooth = Math.max(image.width, image.height) > 64;
    brush.imageSmoothingEnabled = smooth;
    blank();
    brush.drawImage(image, ...laid(image));
    ask(file);
  }
  function laid({ width, height }) {
    /* which part of a picture, and where on the board it lies: as the service fits it to the model, so that the map lies over it */
    const across = width / model.width, down = height / model.height;
    const held = model.fit === "crop" ? Math.min(across, down) : 0, wide = model.fit === "pad" ? Math.max(across, down) : 0;
    const part = held ? [held * model.width, held * model.height] : [width, height];
    const size = wide ? [board.width * across / wide, board.height * down / wide] : [board.width, board.height];
    return [(width - part[0]) / 2, (height - part[1]) / 2, ...part, (board.width - size[0]) / 2, (board.height - size[1]) / 2, ...size];
  }
  function blank() {
    brush.fillStyle = "#000";
    brush.fillRect(0, 0, board.width, board.height);
  }

  /* drawing */
  let from = null;
  const point = (event) => {
    const box = board.getBoundingClientRect();
    return [(event.clientX - box.left) * board.width / box.width, (event.clientY - box.top) * board.height / box.height];
  };
  board.addEventListener("pointerdown", (event) => { board.setPointerCapture(event.pointerId); from = point(event); stroke(event); });
  board.addEventListener("pointermove", (event) => { if (from) stroke(event); });
  for (const name of ["pointerup", "pointercancel"]) board.addEventListener(name, () => { from = null; });
  function stroke(event) {
    const to = point(event);
    Object.assign(brush, { strokeStyle: "#fff", lineCap: "round", lineJoin: "round", lineWidth: at("brush").value * board.width / 28 });
    brush.beginPath();
    brush.moveTo(...from);
    brush.lineTo(...to);
    brush.stroke();
    from = to;
    ask();
  }

  /* files and the camera */
  async function opened(file) {
    if (!file) return;
    const url = URL.createObjectURL(model.exif ? file : await unturned(file));
    load(url, (image) => { URL.revokeObjectURL(url); put(image, file); });
  }
  async function unturned(file) {
    /* a JPEG without its EXIF, by which a browser would turn it, and lay the map over another picture than the model saw */
    const bytes = new Uint8Array(await file.arrayBuffer()), kept = [bytes.subarray(0, 2)];
    if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return file;
    let place = 2;
    while (place + 4 <= bytes.length && bytes[place] === 0xff && bytes[place + 1] !== 0xda) {
      const end = place + 2 + (bytes[place + 2] << 8 | bytes[place + 3]);
      if (bytes[place + 1] !== 0xe1) kept.push(bytes.subarray(place, end));
      place = end;
    }
    return new Blob([...kept, bytes.subarray(place)], { type: "image/jpeg" });
  }
  at("open").addEventListener("click", () => at("file").click());
  at("file").addEventListener("change", (event) => opened(event.target.files[0]));
  const drop = at("drop");
  for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  addEventListener("drop", (event) => opened(event.dataTransfer.files[0]));
  addEventListener("paste", (event) => opened([...event.clipboardData.files][0]));
  at("clear").addEventListener("click", () => { off(); blank(); });
  at("camera").addEventListener("click", async () => {
    if (video.srcObject) return off();
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      await video.play();
      board.hidden = !(video.hidden = false);
      at("shoot").hidden = false;
    } catch { at("hint").textContent = "The camera cannot be used here. Open a picture instead."; }
  });
  at("shoot").addEventListener("click", () => {
    const side = Math.min(video.videoWidth, video.videoHeight);
    brush.imageSmoothingEnabled = true;
    brush.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, board.width, board.height);
    off();
    ask();
  });
  function off() {
    for (const track of video.srcObject?.getTracks() || []) track.stop();
    video.srcObject = null;
    board.hidden = !(video.hidden = true);
    at("shoot").hidden = true;
  }

  at("model").addEventListener("change", (event) => { model = known.models[event.target.selectedIndex]; ask(); });
  at("key").addEventListener("submit", (event) => {
    event.preventDefault();
    token = at("token").value;
    sessionStorage.setItem("token", token);
    at("key").hidden = true;
    ask();
  });
  at("forget").addEventListener("click", () => { last = []; localStorage.removeItem("featurelens-last"); listLast(); });
  try { last = JSON.parse(localStorage.getItem("featurelens-last") || "[]"); } catch { last = []; }
  blank();
  listLast();
})();
