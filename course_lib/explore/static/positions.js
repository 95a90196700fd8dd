// The table of positions as colours, the two chosen rows as numbers, and two curves over all keys:
// how alike the rows are, and the score of a turned query and key.

const WIDE = 340;
const TALL = 150;
const EDGE = 30;
const CELL = 15;
// From minus one over zero to one.
const BLUE = [0, 114, 178];
const WHITE = [247, 247, 247];
const ORANGE = [213, 94, 0];

function diverging(value) {
  const at = Math.max(-1, Math.min(Number(value) || 0, 1));
  const end = at < 0 ? BLUE : ORANGE;
  return `rgb(${WHITE.map((channel, i) => Math.round(channel + (end[i] - channel) * Math.abs(at)))})`;
}

function chart(name, colour, places) {
  const x = (key) => EDGE + (key / (places - 1)) * (WIDE - EDGE - 10);
  const picture = s("svg", { width: WIDE, height: TALL, viewBox: `0 0 ${WIDE} ${TALL}`, "aria-hidden": "true" });
  const zero = s("line", { class: "ce-axis", x1: EDGE, x2: WIDE });
  const ticks = [0, 1].map(() => s("text", { x: EDGE - 4, "text-anchor": "end" }));
  const course = s("polyline", { fill: "none", stroke: "var(--ce-pink)", "stroke-width": 2, "stroke-dasharray": "5 3" });
  const curve = s("polyline", { fill: "none", stroke: colour, "stroke-width": 2.5 });
  const stem = s("line", { stroke: "var(--ce-text)", y1: 18, y2: TALL - 16, "stroke-dasharray": "2 2" });
  const dot = s("circle", { r: 5, fill: colour });
  picture.append(zero, stem, course, curve, dot, ...ticks, s("text", { x: EDGE, y: 12, style: "font-weight:600" }, name));
  for (let key = 0; key < places; key += 5) {
    picture.append(s("text", { x: x(key), y: TALL - 2, "text-anchor": "middle" }, fmt(key, 0)));
  }
  const draw = (all, theirs, query, key) => {
    const known = [...all, ...(theirs ?? [])].flat().map(Number).filter(Number.isFinite);
    const low = Math.min(0, ...known);
    const high = Math.max(0, ...known);
    const y = (value) => TALL - 20 - ((Number(value) - low) / (high - low || 1)) * (TALL - 44);
    const line = (row) => (row.every((one) => Number.isFinite(Number(one)))
      ? row.map((one, i) => `${x(i).toFixed(1)},${y(one).toFixed(1)}`).join(" ") : "");
    setAttributes(zero, { y1: y(0), y2: y(0) });
    [low, high].forEach((value, i) => {
      put(ticks[i], fmt(value, 1));
      setAttributes(ticks[i], { y: y(value) + 4 });
    });
    curve.setAttribute("points", line(all[query]));
    course.setAttribute("points", theirs ? line(theirs[query]) : "");
    setAttributes(stem, { x1: x(key), x2: x(key) });
    const height = Number(all[query][key]);
    setAttributes(dot, { cx: x(key), cy: Number.isFinite(height) ? y(height) : -20 });
  };
  return { picture, draw };
}

function build(stage) {
  const { places } = stage.meta;
  const widths = stage.control("width").values;
  const query = slider(stage, "query", "Query at", (value) => fmt(value, 0));
  const key = slider(stage, "key", "Key at", (value) => fmt(value, 0));
  const width = slider(stage, "width", "Width", (value) => fmt(value, 0));
  let here = { query: 0, key: 0 };
  const both = (step) => h("button", {
    type: "button",
    onclick: () => {
      const [low, high] = [Math.min(here.query, here.key), Math.max(here.query, here.key)];
      if (low + step < 0 || high + step >= places) return;
      stage.send({ place: { query: here.query + step, key: here.key + step } });
    },
  }, step > 0 ? "Both one later" : "Both one earlier");

  const most = Math.max(...widths);
  const map = s("svg", {
    width: 24 + most * CELL, height: 16 + places * CELL, viewBox: `0 0 ${24 + most * CELL} ${16 + places * CELL}`, "aria-hidden": "true",
  });
  const cells = Array.from({ length: places }, (_, p) => Array.from({ length: most }, (__, c) => {
    const cell = s("rect", { x: 22 + c * CELL, y: 2 + p * CELL, width: CELL, height: CELL });
    map.append(cell);
    return cell;
  }));
  for (let p = 0; p < places; p += 1) map.append(s("text", { x: 18, y: 13 + p * CELL, "text-anchor": "end", style: "font-size:11px" }, fmt(p, 0)));
  const frame = (dash) => {
    const box = s("rect", { x: 21, height: CELL, fill: "none", stroke: "#000000", "stroke-width": 2.5, "stroke-dasharray": dash });
    map.append(box);
    return box;
  };
  const [onQuery, onKey] = [frame(""), frame("4 2")];

  const similar = chart("Similarity of rows", "var(--ce-blue)", places);
  const scores = chart("Rotary score", "var(--ce-orange)", places);
  const body = h("tbody");
  const rows = Array.from({ length: most / 2 }, (_, i) => {
    const cellsOf = [0, 1, 2, 3].map(() => h("td"));
    const node = h("tr", {}, h("th", { scope: "row" }, fmt(i, 0)), ...cellsOf);
    body.append(node);
    return { node, cells: cellsOf };
  });
  const heads = ["query, 2i", "query, 2i + 1", "key, 2i", "key, 2i + 1"].map((text) => h("th", { scope: "col" }, text));
  const table = h(
    "table", {}, h("caption", {}, "The two rows, pair by pair; the course's in brackets where they differ"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "ce-left" }, "i"), ...heads)), body,
  );
  const says = h("p");
  stage.body.append(
    h("div", { class: "ce-row" }, query.node, key.node, width.node),
    h("div", { class: "ce-row", role: "group", "aria-label": "move both" }, both(-1), both(1)),
    h("div", { class: "ce-row" },
      h("div", {}, h("p", {}, "Table: positions down, columns across"), map),
      h("div", {}, similar.picture, scores.picture)),
    says,
    table,
    h("p", { class: "ce-help" }, "Each slider moves with the arrow keys. Blue is −1, white 0, orange 1. Solid frame: the query's row; dashed: the key's. Curves run over all keys."),
  );

  return function draw(view) {
    here = { query: view.at.query, key: view.at.key };
    const d = widths[view.at.width];
    [query, key, width].forEach((one) => one.draw(view));
    cells.forEach((line, p) => line.forEach((cell, c) => {
      cell.style.display = c < d ? "" : "none";
      if (c < d) cell.setAttribute("fill", diverging(view.table[p][c]));
    }));
    setAttributes(onQuery, { y: 2 + here.query * CELL, width: d * CELL + 2 });
    setAttributes(onKey, { y: 2 + here.key * CELL, width: d * CELL + 2 });
    similar.draw(view.similar, view.course_similar, here.query, here.key);
    scores.draw(view.scores, view.course_scores, here.query, here.key);
    rows.forEach((row, i) => {
      row.node.style.display = i < d / 2 ? "" : "none";
      if (i >= d / 2) return;
      const at = [[here.query, 2 * i], [here.query, 2 * i + 1], [here.key, 2 * i], [here.key, 2 * i + 1]];
      row.cells.forEach((cell, n) => {
        const [p, c] = at[n];
        const theirs = view.course_table ? fmt(view.course_table[p][c], 3) : "";
        const mine = fmt(view.table[p][c], 3);
        put(cell, theirs && theirs !== mine ? `${mine} (${theirs})` : mine);
      });
    });
    const beside = (course) => (course ? ` (course ${fmt(course[here.query][here.key])})` : "");
    const alike = view.similar[here.query][here.key];
    const score = view.scores[here.query][here.key];
    const on = Math.max(here.query, here.key) + 1 < places;
    const moved = on ? `; both one later: ${fmt(view.scores[here.query + 1][here.key + 1])}` : "";
    put(says, `Similarity ${fmt(alike)}${beside(view.course_similar)}. Rotary score ${fmt(score)}${beside(view.course_scores)}${moved}.`);
    return `Query at ${here.query}, key at ${here.key}, width ${d}: similarity ${fmt(alike)}, rotary score ${fmt(score)}${moved}.`;
  };
}
