// A canvas under recorded glimpses: windows, what was seen, chances of the digits, weights of the next look.

const PIXEL = 11;

function build(stage) {
  const { episodes, windows, size, window: side } = stage.meta;
  const full = size * PIXEL;
  const last = stage.control("glimpse").values.length - 1;
  const count = stage.control("canvas").values.length;

  const picture = s("svg", { width: full, height: full, viewBox: `0 0 ${full} ${full}`, "aria-hidden": "true" });
  picture.append(s("rect", { width: full, height: full, fill: "var(--ce-soft)" }));
  const sheets = windows.map(([row, column]) => square(row, column, { fill: "var(--ce-page)" }));
  picture.append(...sheets);
  const pixels = Array.from({ length: size * size }, (_, i) => s("rect", {
    x: (i % size) * PIXEL, y: Math.floor(i / size) * PIXEL, width: PIXEL, height: PIXEL, fill: "var(--ce-text)",
  }));
  picture.append(...pixels);
  const frames = Array.from({ length: last }, (_, i) => {
    const box = square(0, 0, { fill: "none", "stroke-width": 3 });
    const text = s("text", { "font-weight": 700, stroke: "none" });
    text.textContent = String(i + 1);
    picture.append(box, text);
    return { box, text };
  });

  function square(row, column, attributes) {
    return s("rect", { x: column * PIXEL, y: row * PIXEL, width: side * PIXEL, height: side * PIXEL, ...attributes });
  }

  const digits = Array.from({ length: 10 }, (_, digit) => {
    const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
    const cell = h("td");
    const node = h("tr", {}, h("th", { scope: "row" }, String(digit)), cell, h("td", { class: "ce-track" }, bar));
    return { node, cell, bar };
  });
  const across = Math.round(Math.sqrt(windows.length));
  const cells = windows.map(() => h("td"));
  const rows = Array.from({ length: across }, (_, i) => h("tr", {}, ...cells.slice(i * across, (i + 1) * across)));
  const caption = h("caption", { style: "white-space: nowrap" });
  const canvas = slider(stage, "canvas", "Canvas", (value) => `${value} of ${count}`);
  const glimpse = slider(stage, "glimpse", "Glimpse", (value) => `${value} of ${last}`);
  const facts = h("p");
  stage.body.append(
    h("div", { class: "ce-row" }, canvas.node, glimpse.node),
    h("div", { class: "ce-row" },
      picture,
      h("table", {},
        h("thead", {}, h("tr", {}, ...["digit", "chance", ""].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, ...digits.map((row) => row.node)))),
    facts,
    h("table", {}, caption, h("tbody", {}, ...rows)),
    h("p", { class: "ce-help" },
      "Each slider moves with the arrow keys. Grey: not seen yet, but for a thumbnail of 6 × 6 means. Frames: windows, in order; the newest is orange."),
  );

  const seenAt = (places) => {
    const seen = new Array(size * size).fill(false);
    for (const place of places) {
      const [row, column] = windows[place];
      for (let y = row; y < row + side; y += 1) seen.fill(true, y * size + column, y * size + column + side);
    }
    return seen;
  };
  const best = (numbers) => numbers.indexOf(Math.max(...numbers));

  return function draw(view) {
    const episode = episodes[view.at.canvas];
    const step = view.at.glimpse;
    const places = episode.places.slice(0, step);
    const seen = seenAt(places);
    canvas.draw(view);
    glimpse.draw(view);
    sheets.forEach((sheet, i) => sheet.setAttribute("visibility", places.includes(i) ? "visible" : "hidden"));
    pixels.forEach((pixel, i) => pixel.setAttribute("fill-opacity", (episode.image[i] / 16) * (seen[i] ? 1 : 0.22)));
    frames.forEach(({ box, text }, i) => {
      const shown = i < step ? "visible" : "hidden";
      const [row, column] = windows[episode.places[i]];
      const colour = i === step - 1 ? "var(--ce-orange)" : "var(--ce-blue)";
      const before = episode.places.slice(0, i).filter((place) => place === episode.places[i]).length;
      setAttributes(box, { x: column * PIXEL, y: row * PIXEL, stroke: colour, visibility: shown });
      setAttributes(text, { x: column * PIXEL + 6 + 12 * before, y: row * PIXEL + 15, visibility: shown });
    });
    const chances = episode.chances[step];
    digits.forEach(({ node, cell, bar }, digit) => {
      put(cell, fmt(chances[digit], 2));
      bar.style.width = `${chances[digit] * 100}%`;
      node.classList.toggle("ce-best", digit === best(chances));
    });
    const weights = episode.weights[step];
    put(caption, weights ? "Weights of the next look, window by window" : "No further look: the last answer stands");
    cells.forEach((cell, i) => {
      put(cell, weights ? fmt(weights[i], 2) : "–");
      cell.style.fontWeight = weights && i === best(weights) ? 700 : 400;
      cell.style.boxShadow = weights && i === best(weights) ? "inset 0 0 0 2px var(--ce-blue)" : "";
    });
    const share = fmt((100 * seen.filter(Boolean).length) / seen.length, 0);
    const guess = best(chances);
    const verdict = guess === episode.label ? "right" : `it is a ${episode.label}`;
    put(facts, `Seen: ${share} % of the canvas. Best guess: ${guess} (${verdict}).`);
    const [row, column] = step ? windows[episode.places[step - 1]] : [];
    const where = step ? `window at row ${row}, column ${column}` : "only the thumbnail so far";
    return `Canvas ${view.at.canvas + 1}, glimpse ${step} of ${last}: ${where}. Best guess ${guess} with ${fmt(chances[guess])}. Seen ${share} %.`;
  };
}
