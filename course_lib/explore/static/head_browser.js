// All heads small, one head large, and the row of one query in numbers. The weights came with the page, as bytes.

const SMALL = 22;
const LARGE = 330;
const LABELLED = 26;
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const COLOURS = Array.from({ length: 256 }, (_, byte) => {
  const at = (byte / 255) * (STOPS.length - 1);
  const low = Math.min(Math.floor(at), STOPS.length - 2);
  return STOPS[low].map((channel, i) => Math.round(channel + (STOPS[low + 1][i] - channel) * (at - low)));
});

function unpack(text) {
  const raw = atob(text.data);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  const n = text.tokens.length;
  return { name: text.name, tokens: text.tokens, n, bytes, head: (index) => bytes.subarray(index * (n + 1) * n, (index + 1) * (n + 1) * n) };
}

// One head as an image of n × n pixels; the browser enlarges it without smoothing.
function image(text, index) {
  const canvas = h("canvas", { width: text.n, height: text.n });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(text.n, text.n);
  const weights = text.head(index);
  for (let i = 0; i < text.n * text.n; i += 1) picture.data.set([...COLOURS[weights[i]], 255], 4 * i);
  context.putImageData(picture, 0, 0);
  return canvas;
}

function build(stage) {
  const texts = stage.meta.texts.map(unpack);
  const layers = stage.control("layer").values.length;
  const heads = stage.control("head").values.length;
  const pick = h("select", { "aria-label": "text" }, ...texts.map((text, i) => h("option", { value: i }, text.name)));
  pick.addEventListener("change", () => stage.send({ place: { text: Number(pick.value) } }));
  const sliders = [
    slider(stage, "layer", "layer", (layer) => `${layer} of 0–${layers - 1}`),
    slider(stage, "head", "head", (head) => `${head} of 0–${heads - 1}`),
  ];

  const wide = h("canvas", { width: heads * (SMALL + 4), height: layers * (SMALL + 4), "aria-hidden": "true", style: "cursor:pointer;max-width:100%" });
  wide.addEventListener("pointerdown", (event) => {
    const box = wide.getBoundingClientRect();
    const at = (pixel, size, count) => Math.min(count - 1, Math.floor((pixel / size) * count));
    stage.send({ place: { head: at(event.clientX - box.left, box.width, heads), layer: at(event.clientY - box.top, box.height, layers) } });
  });

  const large = h("canvas", { "aria-hidden": "true", style: "display:block" });
  const down = h("div", { "aria-hidden": "true" });
  const across = h("div", { "aria-hidden": "true", style: "display:flex;align-items:flex-end;height:64px" });
  const matrix = h(
    "div", { role: "slider", tabindex: 0, "aria-label": "query", "aria-orientation": "vertical", "aria-valuemin": 0, style: "cursor:pointer" },
    large,
  );
  matrix.addEventListener("pointerdown", (event) => {
    const box = large.getBoundingClientRect();
    const n = texts[shown].n;
    stage.send({ place: { query: Math.min(n - 1, Math.floor(((event.clientY - box.top) / box.height) * n)) } });
  });
  const grid = h("div", { style: "display:grid;grid-template-columns:max-content max-content;align-items:start" }, h("span"), across, down, matrix);

  const caption = h("caption");
  const lines = Array.from({ length: stage.meta.listed }, () => {
    const one = { key: h("th", { scope: "row" }), bar: h("span", { class: "ce-bar" }), weight: h("td"), base: h("td") };
    one.row = h("tr", {}, one.key, h("td", { style: "width:90px" }, one.bar), one.weight, one.base);
    return one;
  });
  const list = h(
    "table", {}, caption,
    h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "ce-left" }, "key"), h("td"), h("th", { scope: "col" }, "weight"), h("th", { scope: "col" }, "all tokens"))),
    h("tbody", {}, ...lines.map((one) => one.row)),
  );
  stage.body.append(
    h("div", { class: "ce-row" }, ...(texts.length > 1 ? [h("label", {}, h("span", {}, "text"), pick)] : []), ...sliders.map((one) => one.node)),
    h("div", { class: "ce-row" }, h("div", {}, h("p", { class: "ce-help" }, `All heads: layers down, heads across.`), wide)),
    h("div", { class: "ce-row" }, grid, h("div", { class: "ce-side" }, list)),
    h("p", { class: "ce-help" }, "In the matrix: ↑ ↓ query, ← → head, Page Up and Page Down layer; or click. Rows are queries, columns keys; dark is 0, bright is 1. “All tokens” is the mean of every query's weight on that key."),
  );

  let shown = -1;
  let cell = 0;
  let small = [];
  let labels = [];
  function change(index) {
    shown = index;
    const text = texts[index];
    cell = Math.max(5, Math.min(26, Math.floor(LARGE / text.n)));
    setAttributes(large, { width: cell * text.n, height: cell * text.n });
    small = Array.from({ length: layers * heads }, (_, i) => image(text, i));
    const named = text.n <= LABELLED;
    const style = `height:${cell}px;line-height:${cell}px;font-size:12px;padding:0 6px;text-align:right;white-space:nowrap`;
    labels = named ? text.tokens.map((token) => h("div", { style }, token)) : [];
    down.replaceChildren(...labels);
    across.style.height = named ? "64px" : "0";
    const column = `width:${cell}px;line-height:${cell}px;font-size:12px;writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap`;
    across.replaceChildren(...(named ? text.tokens.map((token) => h("div", { style: column }, token)) : []));
    matrix.setAttribute("aria-valuemax", text.n - 1);
  }

  function drawAll(layer, head) {
    const context = wide.getContext("2d");
    const ink = getComputedStyle(wide).color;
    context.clearRect(0, 0, wide.width, wide.height);
    context.imageSmoothingEnabled = false;
    small.forEach((picture, i) => {
      const x = (i % heads) * (SMALL + 4) + 2;
      const y = Math.floor(i / heads) * (SMALL + 4) + 2;
      context.drawImage(picture, x, y, SMALL, SMALL);
      if (i === layer * heads + head) {
        context.strokeStyle = ink;
        context.lineWidth = 2;
        context.strokeRect(x - 1, y - 1, SMALL + 2, SMALL + 2);
      }
    });
  }

  function drawOne(index, query, n) {
    const context = large.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small[index], 0, 0, cell * n, cell * n);
    context.strokeStyle = "#ffffff";
    context.lineWidth = 2;
    context.strokeRect(1, query * cell + 1, cell * n - 2, Math.max(cell - 2, 2));
    labels.forEach((label, i) => { label.style.fontWeight = i === query ? "700" : "400"; });
  }

  return function draw(view) {
    const { layer, head, text: which } = view.at;
    if (which !== shown) change(which);
    const text = texts[which];
    const query = Math.min(view.at.query, text.n - 1);
    const index = layer * heads + head;
    const weights = text.head(index);
    const row = weights.subarray(query * text.n, (query + 1) * text.n);
    const base = weights.subarray(text.n * text.n);
    const order = Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b);
    pick.value = which;
    sliders.forEach((one) => one.draw(view));
    drawAll(layer, head);
    drawOne(index, query, text.n);
    put(caption, `“${text.tokens[query]}” (token ${query}) attends to`);
    lines.forEach((one, i) => {
      const key = order[i];
      one.row.hidden = key === undefined;
      if (key === undefined) return;
      put(one.key, text.tokens[key]);
      one.bar.style.width = `${(100 * row[key]) / 255}%`;
      put(one.weight, fmt(row[key] / 255));
      put(one.base, fmt(base[key] / 255));
    });
    const best = order[0];
    const said = `“${text.tokens[query]}” gives “${text.tokens[best]}” ${fmt(row[best] / 255)}; all tokens give it ${fmt(base[best] / 255)}`;
    matrix.setAttribute("aria-valuenow", query);
    matrix.setAttribute("aria-valuetext", said);
    return `Layer ${layer}, head ${head}: ${said}.`;
  };
}
