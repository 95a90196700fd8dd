// A grid of who may attend to whom, filled with weights; beside it, what each output has seen.

const PRESETS = { causal: "Causal", full: "All allowed", padding: "Last word is padding", band: "Neighbours only" };
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
  const { tokens, layers, presets } = stage.meta;
  const buttons = presets.map((name) =>
    h("button", { type: "button", onclick: () => stage.send({ act: ["preset", name] }) }, PRESETS[name]));
  const cells = tokens.map((_, row) => tokens.map((__, column) => {
    const cell = h("td", { class: "ce-cell", role: "gridcell", tabindex: -1 });
    const number = h("span");
    const course = h("small");
    cell.append(number, course);
    cell.addEventListener("click", () => {
      stage.send({ place: { row, column } });
      stage.send({ act: ["toggle"] });
    });
    return { cell, number, course };
  }));
  const sums = tokens.map(() => h("td"));
  const columns = () => tokens.map((token) => h("th", { scope: "col" }, token));
  const grid = h(
    "table", { class: "ce-matrix", role: "grid", "aria-label": "mask: rows are queries, columns are keys" },
    h("caption", {}, "Weights: queries down, keys across. × is forbidden."),
    h("thead", {}, h("tr", {}, h("td"), ...columns(), h("th", { scope: "col" }, "sum"))),
    h("tbody", {}, ...tokens.map((token, row) =>
      h("tr", {}, h("th", { scope: "row" }, token), ...cells[row].map((one) => one.cell), sums[row]))),
  );
  const panels = Array.from({ length: layers }, (_, layer) => {
    const seen = tokens.map(() => tokens.map(() => h("td")));
    const alarm = h("p", { class: "ce-alarm" });
    const node = h(
      "table", { class: "ce-matrix ce-seen" }, h("caption", {}, `Seen after layer ${layer + 1}`),
      h("tbody", {}, ...tokens.map((token, t) => h("tr", {}, h("th", { scope: "row" }, token), ...seen[t]))),
    );
    return { seen, alarm, node };
  });
  stage.body.append(
    h("div", { class: "ce-row", role: "group", "aria-label": "start from" }, ...buttons),
    h("div", { class: "ce-row" }, grid, h("div", {}, ...panels.map((panel) => panel.node))),
    ...panels.map((panel) => panel.alarm),
    h("p", { class: "ce-help" }, "Arrow keys move, space allows or forbids. Small tables: outputs down, inputs across; • seen, ! seen from the future: a leak."),
  );

  const count = (which) => `${which.length} of ${tokens.length} outputs have seen their own future`;
  const named = (which) => (which.length ? `: ${which.map((t) => tokens[t]).join(", ")}` : "");
  let here = null;
  return function draw(view) {
    const { row, column } = view.at;
    const inside = here && here.getRootNode().activeElement === here;
    cells.forEach((line, t) => line.forEach((one, key) => {
      const allowed = view.mask[t][key];
      const weight = view.weights[t][key];
      const colour = viridis(weight);
      put(one.number, allowed ? fmt(weight) : Number(weight) === 0 ? "×" : `× ${fmt(weight)}`);
      const theirs = view.course_weights ? fmt(view.course_weights[t][key]) : fmt(weight);
      put(one.course, theirs === fmt(weight) ? "" : `course ${theirs}`);
      one.cell.style.background = `rgb(${colour})`;
      one.cell.style.color = ink(colour);
      one.cell.setAttribute("tabindex", t === row && key === column ? 0 : -1);
      one.cell.setAttribute("aria-label", `query ${tokens[t]}, key ${tokens[key]}: ${allowed ? "allowed" : "forbidden"}, weight ${fmt(weight)}`);
    }));
    here = cells[row][column].cell;
    if (inside) here.focus();
    sums.forEach((cell, t) => put(cell, fmt(view.sums[t])));
    panels.forEach((panel, layer) => {
      panel.seen.forEach((line, t) => line.forEach((cell, key) => {
        const seen = view.seen[layer][t][key];
        put(cell, seen ? (key > t ? "!" : "•") : "");
        cell.classList.toggle("ce-leak", seen && key > t);
      }));
      const theirs = view.course_leaks ? ` (course ${view.course_leaks[layer].length})` : "";
      put(panel.alarm, `Layer ${layer + 1}: ${count(view.leaks[layer])}${named(view.leaks[layer])}${theirs}`);
    });
    const cell = `Query ${tokens[row]}, key ${tokens[column]}: ${view.mask[row][column] ? "allowed" : "forbidden"}, weight ${fmt(view.weights[row][column])}.`;
    const counts = view.leaks.map((which, layer) => `layer ${layer + 1} ${which.length}`).join(", ");
    return `${cell} Leaks: ${counts}.`;
  };
}
