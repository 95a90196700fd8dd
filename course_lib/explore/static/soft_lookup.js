// Keys on a line with their values; a query; the weight of every key; and the curve of all answers.

const WIDTH = 420;
const HEIGHT = 220;
const FLOOR = 70;

function build(stage) {
  const { keys_at: keys, values_at: values } = stage.meta;
  const queries = stage.control("query").values;
  const low = Math.min(0, ...values);
  const high = Math.max(...values);
  const x = (value) => 34 + ((value - queries[0]) / (queries[queries.length - 1] - queries[0])) * (WIDTH - 48);
  const y = (value) => HEIGHT - 18 - ((value - low) / (high - low || 1)) * (HEIGHT - 40);
  const inside = (value) => Math.max(4, Math.min(HEIGHT - 4, y(Number(value))));

  const picture = s("svg", {
    width: WIDTH, height: HEIGHT + FLOOR, viewBox: `0 0 ${WIDTH} ${HEIGHT + FLOOR}`, "aria-hidden": "true",
  });
  for (const tick of [low, (low + high) / 2, high]) {
    picture.append(
      s("line", { class: "ce-axis", x1: 30, x2: WIDTH, y1: y(tick), y2: y(tick) }),
      s("text", { x: 26, y: y(tick) + 4, "text-anchor": "end" }, fmt(tick, 1)),
    );
  }
  picture.append(
    s("line", { class: "ce-axis", x1: 30, x2: WIDTH, y1: HEIGHT + FLOOR - 16, y2: HEIGHT + FLOOR - 16 }),
    s("text", { x: 4, y: HEIGHT + 12 }, "weights"),
  );
  const course = s("polyline", { fill: "none", stroke: "var(--ce-orange)", "stroke-width": 2, "stroke-dasharray": "5 3" });
  const curve = s("polyline", { fill: "none", stroke: "var(--ce-blue)", "stroke-width": 2.5 });
  const stem = s("line", { stroke: "var(--ce-green)", "stroke-width": 2, y1: 0, y2: HEIGHT });
  const answer = s("rect", { width: 10, height: 10, fill: "var(--ce-green)" });
  picture.append(course, curve, stem, answer);
  const bars = keys.map((key, i) => {
    const bar = s("rect", { x: x(key) - 6, width: 12, fill: "var(--ce-blue)" });
    picture.append(
      s("circle", { cx: x(key), cy: y(values[i]), r: 5, fill: "var(--ce-page)", stroke: "var(--ce-text)", "stroke-width": 1.5 }),
      bar,
      s("text", { x: x(key), y: HEIGHT + FLOOR - 3, "text-anchor": "middle" }, fmt(key, key % 1 ? 1 : 0)),
    );
    return bar;
  });

  const rows = keys.map((key, i) => {
    const cell = h("td");
    const node = h("tr", {}, h("th", { scope: "row" }, fmt(key, 1)), h("td", {}, fmt(values[i], 1)), cell);
    return { node, cell };
  });
  const head = ["key", "value", "weight"].map((text) => h("th", { scope: "col" }, text));
  const mean = h("p");
  const query = slider(stage, "query", "Query", (value) => fmt(value));
  const width = slider(stage, "bandwidth", "Bandwidth", (value) => fmt(value));
  stage.body.append(
    h("div", { class: "ce-row" }, query.node, width.node),
    h("div", { class: "ce-row" },
      picture,
      h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows.map((row) => row.node)))),
    mean,
    h("p", { class: "ce-help" }, "Each slider moves with the arrow keys. Circles: keys and values. Line: the answer to every query. Square: to this one."),
  );

  const points = (line) => line.map((value, i) => `${x(queries[i]).toFixed(1)},${inside(value).toFixed(1)}`).join(" ");
  const finite = (line) => line.every((value) => Number.isFinite(Number(value)));
  return function draw(view) {
    const q = view.at.query;
    const weights = view.all_weights[q];
    const theirs = view.course_weights?.[q];
    query.draw(view);
    width.draw(view);
    curve.setAttribute("points", finite(view.curve) ? points(view.curve) : "");
    course.setAttribute("points", view.course_curve ? points(view.course_curve) : "");
    setAttributes(stem, { x1: x(queries[q]), x2: x(queries[q]) });
    const top = Number.isFinite(Number(view.curve[q])) ? inside(view.curve[q]) : -20;
    setAttributes(answer, { x: x(queries[q]) - 5, y: top - 5 });
    rows.forEach((row, i) => {
      const tall = Math.max(0, Math.min(Number(weights[i]) || 0, 1)) * (FLOOR - 22);
      setAttributes(bars[i], { y: HEIGHT + FLOOR - 16 - tall, height: tall });
      put(row.cell, fmt(weights[i], 3) + (theirs ? ` (course ${fmt(theirs[i], 3)})` : ""));
    });
    const sum = weights.reduce((total, weight) => total + Number(weight), 0);
    const beside = view.course_curve ? ` (course ${fmt(view.course_curve[q], 3)})` : "";
    put(mean, `Weights sum to ${fmt(sum, 3)}. Weighted mean: ${fmt(view.curve[q], 3)}${beside}`);
    const most = weights.map(Number).indexOf(Math.max(...weights.map(Number)));
    const heaviest = most < 0 ? "" : ` Heaviest: key ${fmt(keys[most], 1)} with ${fmt(weights[most], 3)}.`;
    return `Query ${fmt(queries[q])}, bandwidth ${fmt(stage.control("bandwidth").values[view.at.bandwidth])}: `
      + `answer ${fmt(view.curve[q], 3)}.${heaviest}`;
  };
}
