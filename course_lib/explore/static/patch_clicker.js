// A picture, its patches to click on, and beside it from where the chosen token gathers. All weights came with the page.

const WIDE = 280;
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

function colour(share) {
  const at = share * (STOPS.length - 1);
  const low = Math.min(Math.floor(at), STOPS.length - 2);
  return STOPS[low].map((channel, i) => Math.round(channel + (STOPS[low + 1][i] - channel) * (at - low)));
}

function build(stage) {
  const { views, listed, answer } = stage.meta;
  const pictures = stage.meta.pictures.map((one) => ({ ...one, pixels: bytesOf(one.image), bytes: bytesOf(one.weights) }));
  const choice = (name, label, names) => {
    const node = h("select", { "aria-label": label }, ...names.map((text, i) => h("option", { value: i }, text)));
    node.addEventListener("change", () => stage.send({ place: { [name]: Number(node.value) } }));
    return node;
  };
  const picture = choice("picture", "picture", pictures.map((one) => one.name));
  const view = choice("view", "gathered by", views);
  const first = h("button", { type: "button" }, answer);
  first.addEventListener("click", () => stage.send({ place: { token: 0 } }));

  const left = h("canvas", { width: WIDE, height: WIDE, "aria-hidden": "true", style: "display:block;cursor:pointer" });
  const right = h("canvas", { width: WIDE, height: WIDE, "aria-hidden": "true", style: "display:block;cursor:pointer" });
  const walk = h("div", { role: "slider", tabindex: 0, "aria-label": "token", "aria-valuemin": 0, style: "width:max-content" }, left);
  const caption = h("caption");
  const lines = Array.from({ length: listed }, () => {
    const one = { place: h("th", { scope: "row" }), weight: h("td"), bar: h("span", { class: "ce-bar" }) };
    one.node = h("tr", {}, one.place, one.weight, h("td", { class: "ce-track", style: "width:110px" }, one.bar));
    return one;
  });
  const share = h("p");
  stage.body.append(
    h("div", { class: "ce-row" }, h("label", {}, h("span", {}, "picture"), picture), h("label", {}, h("span", {}, "gathered by"), view), first),
    h(
      "div", { class: "ce-row" },
      h("div", {}, h("p", { class: "ce-help" }, stage.meta.pictures.some((one) => one.box) ? "The picture; the box is dashed" : "The picture"), walk),
      h("div", {}, h("p", { class: "ce-help" }, "From where it gathers"), right),
    ),
    h("table", {}, caption, h("thead", {}, h("tr", {}, ...["patch", "weight", ""].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, ...lines.map((one) => one.node))),
    share,
    h("p", { class: "ce-help" }, `On the picture: ← → to the next patch, ↑ ↓ a row, Home the ${answer}, Page Up and Page Down the next view; or click. Bright is the row's largest weight, dark is 0.`),
  );

  let now = null;
  for (const canvas of [left, right]) {
    canvas.addEventListener("pointerdown", (event) => {
      const box = canvas.getBoundingClientRect();
      const [rows, columns] = now.grid;
      const at = (pixel, size, count) => Math.max(0, Math.min(count - 1, Math.floor((pixel / size) * count)));
      const row = at(event.clientY - box.top, box.height, rows);
      stage.send({ place: { token: 1 + row * columns + at(event.clientX - box.left, box.width, columns) } });
    });
  }

  // The pixels of `height × width` numbers from 0 to 1, enlarged without smoothing.
  function paint(canvas, height, width, at) {
    const small = h("canvas", { width, height });
    const image = small.getContext("2d").createImageData(width, height);
    for (let i = 0; i < height * width; i += 1) image.data.set([...at(i), 255], 4 * i);
    small.getContext("2d").putImageData(image, 0, 0);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, WIDE, WIDE);
    return context;
  }

  function frame(context, [top, before, bottom, after], dashes) {
    for (const [ink, width] of [["#000000", 5], ["#ffffff", 2.5]]) {
      context.setLineDash(ink === "#ffffff" ? dashes : []);
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.strokeRect(before + 2, top + 2, after - before - 4, bottom - top - 4);
    }
    context.setLineDash([]);
  }

  function shareInBox(one, row) {
    const [height, width] = one.size;
    const [rows, columns] = one.grid;
    const [top, before, bottom, after] = one.box;
    let inside = 0;
    let total = 0;
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const weight = row[1 + Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)];
        total += weight;
        if (y >= top && y < bottom && x >= before && x < after) inside += weight;
      }
    }
    return total ? inside / total : 0;
  }

  return function draw(shown) {
    const one = pictures[shown.at.picture];
    now = one;
    const [rows, columns] = one.grid;
    const n = rows * columns + 1;
    const token = Math.min(shown.at.token, n - 1);
    const start = (shown.at.view * n + token) * n;
    const top = Number(one.tops[shown.at.view][token]);
    const row = Array.from(one.bytes.subarray(start, start + n), (byte) => (byte / 255) * top);
    const largest = Math.max(...row.slice(1), 1e-12);
    const [height, width] = one.size;
    picture.value = shown.at.picture;
    view.value = shown.at.view;
    first.setAttribute("aria-pressed", String(token === 0));
    const box = one.box?.map((edge, i) => (edge / one.size[i % 2]) * WIDE);
    const place = (patch) => [Math.floor((patch - 1) / columns), (patch - 1) % columns];
    for (const context of [
      paint(left, height, width, (i) => [one.pixels[i], one.pixels[i], one.pixels[i]]),
      paint(right, rows, columns, (i) => colour(row[i + 1] / largest)),
    ]) {
      if (box) frame(context, box, [7, 5]);
      if (token) {
        const [y, x] = place(token);
        frame(context, [(y / rows) * WIDE, (x / columns) * WIDE, ((y + 1) / rows) * WIDE, ((x + 1) / columns) * WIDE], []);
      }
    }
    const who = token ? `Patch ${token} (row ${place(token)[0]}, column ${place(token)[1]})` : `The ${answer}`;
    put(caption, `${who} gathers, by ${views[shown.at.view]}:`);
    const order = Array.from(row.keys()).slice(stage.meta.class_token ? 0 : 1).sort((a, b) => row[b] - row[a] || a - b);
    const named = (patch) => (patch ? `row ${place(patch)[0]}, column ${place(patch)[1]}` : answer);
    lines.forEach((line, i) => {
      put(line.place, named(order[i]) + (order[i] === token ? " (itself)" : ""));
      put(line.weight, fmt(row[order[i]], 3));
      line.bar.style.width = `${(100 * row[order[i]]) / Math.max(...row, 1e-12)}%`;
    });
    const inside = one.box && fmt(100 * shareInBox(one, row), 0);
    put(share, inside ? `The box holds ${inside} % of what comes from patches.` : "");
    const said = `${who}: most from ${named(order[0])}, ${fmt(row[order[0]])}${inside ? `; the box holds ${inside} %` : ""}`;
    setAttributes(walk, { "aria-valuemax": n - 1, "aria-valuenow": token, "aria-valuetext": said });
    return `${said}.`;
  };
}
