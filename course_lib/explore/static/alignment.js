// A map of weights: target pieces down, source pieces across; a mark stands at the largest of each row.

// Five stops of viridis, dark to light.
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function viridis(weight) {
  const at = Math.max(0, Math.min(Number(weight) || 0, 1)) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return VIRIDIS[low].map((channel, i) => Math.round(channel + (VIRIDIS[low + 1][i] - channel) * (at - low)));
}

// Black on light, white on dark, whichever has more contrast.
function ink([red, green, blue]) {
  const linear = [red, green, blue].map((channel) => (channel / 255) ** 2.2);
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 ? "#000000" : "#ffffff";
}

function build(stage) {
  const choose = slider(stage, "number", "number", (value) => value.toLocaleString("en"));
  // Cross-attention has a map for each layer and head; the older attention has one map.
  const which = ["layer", "head"].filter((name) => stage.control(name)).map((name) => slider(stage, name, name, String));
  const paged = stage.meta.keys.PageUp[0];
  const holder = h("div");
  const written = h("p");
  stage.body.append(
    h("div", { class: "ce-row" }, choose.node, ...which.map((one) => one.node)), holder, written,
    h("p", { class: "ce-help" }, `Arrow keys move through the map, Page Up and Page Down change the ${paged}. ► marks the largest weight of a row.`),
  );

  let shown = null;
  let cells = [];
  let here = null;
  const grid = (view) => {
    cells = view.target.map((_, row) => view.source.map((__, column) => {
      const cell = h("td", { class: "ce-cell ce-align", role: "gridcell", tabindex: -1 });
      const number = h("span");
      const course = h("small");
      cell.append(number, course);
      cell.addEventListener("click", () => stage.send({ place: { row, column } }));
      return { cell, number, course };
    }));
    const table = h(
      "table", { class: "ce-matrix", role: "grid", "aria-label": "weights: rows are target pieces, columns are source pieces" },
      h("caption", {}, "Weights: German down, English across."),
      h("thead", {}, h("tr", {}, h("td"), ...view.source.map((piece) => h("th", { scope: "col" }, piece)))),
      h("tbody", {}, ...view.target.map((piece, row) =>
        h("tr", {}, h("th", { scope: "row" }, piece), ...cells[row].map((one) => one.cell)))),
    );
    holder.replaceChildren(table);
  };

  return function draw(view) {
    const inside = Boolean(here) && holder.contains(here.getRootNode().activeElement);
    if (shown !== view.at.number) {
      grid(view);
      shown = view.at.number;
    }
    [choose, ...which].forEach((one) => one.draw(view));
    const row = Math.min(view.at.row, view.target.length - 1);
    const column = Math.min(view.at.column, view.source.length - 1);
    cells.forEach((line, t) => line.forEach((one, j) => {
      const weight = view.weights[t][j];
      const colour = viridis(weight);
      put(one.number, `${view.best[t] === j ? "►" : ""}${fmt(weight)}`);
      const theirs = view.course_weights ? fmt(view.course_weights[t][j]) : fmt(weight);
      put(one.course, theirs === fmt(weight) ? "" : `course ${theirs}`);
      one.cell.style.background = `rgb(${colour})`;
      one.cell.style.color = ink(colour);
      one.cell.setAttribute("tabindex", t === row && j === column ? 0 : -1);
      one.cell.setAttribute("aria-label", `${view.target[t]} looks at ${view.source[j]}: ${fmt(weight)}`);
    }));
    here = cells[row][column].cell;
    if (inside) here.focus();
    put(written, `It writes ${view.written || "nothing"}; right is ${view.right}.`);
    const best = view.best[row];
    const named = (place) => `word ${place + 1}, “${view.source[place]}”`;
    const where = which.length ? `Layer ${view.at.layer}, head ${view.at.head}. ` : "";
    return `${where}Piece ${row + 1}, “${view.target[row]}”, looks at ${named(column)} with weight ${fmt(view.weights[row][column])}; most at ${named(best)}: ${fmt(view.weights[row][best])}.`;
  };
}
