// A picture and its grid; beside it the matrix of tokens, each row drawn as a patch; below, one token in full.

const WIDE = 300;
const ZOOM = 120;

function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

// Bytes of (channels, height, width) as a small canvas; the browser enlarges it without smoothing.
function picture(bytes, channels, height, width) {
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const area = height * width;
  for (let i = 0; i < area; i += 1) {
    const at = (channel) => bytes[(channel % channels) * area + i];
    image.data.set([at(0), at(1), at(2), 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

// The pixels of one patch, in the order of a row: channels first, each by rows.
function patchOf(one, p, row, column) {
  const [channels, height, width] = one.shape;
  const found = [];
  for (let c = 0; c < channels; c += 1) {
    for (let i = 0; i < p; i += 1) {
      for (let j = 0; j < p; j += 1) found.push(one.bytes[c * height * width + (row * p + i) * width + column * p + j]);
    }
  }
  return found;
}

function build(stage) {
  const { sizes, listed } = stage.meta;
  const images = stage.meta.images.map((one) => ({ ...one, bytes: bytesOf(one.data), cut: {} }));
  const pick = h("select", { "aria-label": "picture" }, ...images.map((one, i) => h("option", { value: i }, one.name)));
  pick.addEventListener("change", () => stage.send({ place: { image: Number(pick.value) } }));
  const size = h("select", { "aria-label": "patch size" });
  size.addEventListener("change", () => stage.send({ place: { size: Number(size.value) } }));

  const left = h("canvas", { "aria-hidden": "true", style: "display:block" });
  const right = h("canvas", { "aria-hidden": "true", style: "display:block" });
  const walk = h("div", { role: "slider", tabindex: 0, "aria-label": "token", "aria-valuemin": 0, style: "cursor:pointer;width:max-content" }, left);
  const caption = h("p", { class: "ce-help" });
  const verdict = h("p", { class: "ce-alarm" });
  const zooms = ["Its pixels in the picture", "Its row, drawn as a patch"].map((title) => {
    const canvas = h("canvas", { width: ZOOM, height: ZOOM, "aria-hidden": "true", style: "display:block" });
    return { canvas, node: h("div", {}, h("p", { class: "ce-help" }, title), canvas) };
  });
  const cells = { numbers: [], pixels: [] };
  const line = (kind, label) => {
    cells[kind] = Array.from({ length: listed }, () => h("td"));
    return h("tr", {}, h("th", { scope: "row" }, label), ...cells[kind]);
  };
  const places = Array.from({ length: listed }, (_, i) => h("th", { scope: "col" }, String(i)));
  const list = h(
    "table", {}, h("caption", {}, `The first ${listed} numbers of the row, from 0 to 1`),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "ce-left" }, "place"), ...places)),
    h("tbody", {}, line("numbers", "row"), line("pixels", "picture")),
  );
  stage.body.append(
    h("div", { class: "ce-row" }, h("label", {}, h("span", {}, "picture"), pick), h("label", {}, h("span", {}, "patch size"), size)),
    h(
      "div", { class: "ce-row" },
      h("div", {}, h("p", { class: "ce-help" }, "The picture and its grid"), walk),
      h("div", {}, h("p", { class: "ce-help" }, "The matrix: each row drawn at its number"), right),
    ),
    verdict,
    h("div", { class: "ce-row" }, ...zooms.map((one) => one.node), h("div", { class: "ce-side" }, caption)),
    list,
    h("p", { class: "ce-help" }, "On the picture: arrow keys walk from patch to patch, Home and End go to the ends of a row; or click."),
  );

  let now = null;
  // How a patch size that does not divide this picture is passed over, and where the cursor is held.
  function where(at) {
    const one = images[at.image];
    let step = at.size;
    while (!(sizes[step] in one.matrices)) step = (step + 1) % sizes.length;
    const p = sizes[step];
    const [rows, columns] = [one.shape[1] / p, one.shape[2] / p];
    return { one, step, p, rows, columns, row: Math.min(at.row, rows - 1), column: Math.min(at.column, columns - 1) };
  }

  function matrixOf(one, p) {
    if (!one.cut[p]) {
      const [channels, height, width] = one.shape;
      const bytes = bytesOf(one.matrices[p]);
      const long = channels * p * p;
      const canvas = h("canvas", { width, height });
      const columns = width / p;
      let differ = 0;
      for (let token = 0; token * long < bytes.length; token += 1) {
        const [row, column] = [Math.floor(token / columns), token % columns];
        const mine = bytes.subarray(token * long, (token + 1) * long);
        canvas.getContext("2d").drawImage(picture(mine, channels, p, p), column * p, row * p);
        if (patchOf(one, p, row, column).some((value, i) => value !== mine[i])) differ += 1;
      }
      one.cut[p] = { bytes, long, canvas, differ };
    }
    return one.cut[p];
  }

  function go(row, column) {
    const held = (value, count) => Math.max(0, Math.min(value, count - 1));
    stage.send({ place: { row: held(row, now.rows), column: held(column, now.columns) } });
  }
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -1e6], End: [0, 1e6] };
  walk.addEventListener("keydown", (event) => {
    if (!(event.key in MOVES) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(now.row + MOVES[event.key][0], now.column + MOVES[event.key][1]);
  });
  for (const canvas of [left, right]) {
    canvas.style.cursor = "pointer";
    canvas.addEventListener("pointerdown", (event) => {
      const box = canvas.getBoundingClientRect();
      go(Math.floor(((event.clientY - box.top) / box.height) * now.rows), Math.floor(((event.clientX - box.left) / box.width) * now.columns));
    });
  }

  function drawGrid(canvas, source, gap) {
    const [, height, width] = now.one.shape;
    const scale = Math.max(1, Math.floor(WIDE / Math.max(width, height)));
    const cell = now.p * scale;
    const space = gap ? 2 : 0;
    setAttributes(canvas, { width: width * scale + space * (now.columns - 1), height: height * scale + space * (now.rows - 1) });
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    for (let row = 0; row < now.rows; row += 1) {
      for (let column = 0; column < now.columns; column += 1) {
        const [x, y] = [column * (cell + space), row * (cell + space)];
        context.drawImage(source, column * now.p, row * now.p, now.p, now.p, x, y, cell, cell);
        if (!gap && cell > 6) {
          context.strokeStyle = "rgba(255,255,255,0.55)";
          context.lineWidth = 1;
          context.strokeRect(x + 0.5, y + 0.5, cell, cell);
        }
      }
    }
    const [x, y] = [now.column * (cell + space), now.row * (cell + space)];
    for (const [ink, inset, width_] of [["#000000", 2, 4], ["#ffffff", 2, 2]]) {
      context.strokeStyle = ink;
      context.lineWidth = width_;
      context.strokeRect(x + inset, y + inset, Math.max(cell - 2 * inset, 2), Math.max(cell - 2 * inset, 2));
    }
  }

  function enlarge(canvas, bytes) {
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(picture(bytes, now.one.shape[0], now.p, now.p), 0, 0, ZOOM, ZOOM);
  }

  return function draw(view) {
    now = where(view.at);
    const { one, p, rows, columns, row, column } = now;
    const cut = matrixOf(one, p);
    const token = row * columns + column;
    const mine = cut.bytes.subarray(token * cut.long, (token + 1) * cut.long);
    const due = patchOf(one, p, row, column);
    pick.value = view.at.image;
    const known = sizes.map((each, i) => [each, i]).filter(([each]) => each in one.matrices);
    if (size.dataset.of !== String(view.at.image)) {
      size.replaceChildren(...known.map(([each, i]) => h("option", { value: i }, `${each} × ${each}`)));
      size.dataset.of = view.at.image;
    }
    size.value = now.step;
    drawGrid(left, picture(one.bytes, ...one.shape), false);
    drawGrid(right, cut.canvas, true);
    enlarge(zooms[0].canvas, due);
    enlarge(zooms[1].canvas, mine);
    const n = rows * columns;
    put(verdict, cut.differ ? `${cut.differ} of ${n} tokens do not hold the pixels of their patch.` : `All ${n} tokens hold the pixels of their patch.`);
    put(caption, `Token ${token} of 0 to ${n - 1}: row ${row}, column ${column} of a grid of ${rows} × ${columns}. Its row in the matrix has ${cut.long} numbers: ${one.shape[0]} channel${one.shape[0] > 1 ? "s" : ""} of ${p} × ${p}.`);
    for (let i = 0; i < listed; i += 1) {
      put(cells.numbers[i], i < cut.long ? fmt(mine[i] / 255) : "");
      put(cells.pixels[i], i < cut.long ? fmt(due[i] / 255) : "");
    }
    const same = due.every((value, i) => value === mine[i]);
    const said = `Token ${token}, row ${row}, column ${column}: begins ${Array.from(mine.subarray(0, 3), (value) => fmt(value / 255)).join(", ")}; ${same ? "the pixels of its patch" : "not the pixels of its patch"}`;
    setAttributes(walk, { "aria-valuemax": n - 1, "aria-valuenow": token, "aria-valuetext": said });
    return `${said}.`;
  };
}
