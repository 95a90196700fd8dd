// Words as arrows in the plane and one movable query; a table says who wins, and by which measure.

const SIZE = 300;
const REACH = 4.6;

function build(stage) {
  const { words, ends, lengths } = stage.meta;
  const at = (value, axis) => SIZE / 2 + ((axis === "y" ? -value : value) * SIZE) / (2 * REACH);
  const arrow = (x, y, colour, dash = "") => {
    const line = s("line", { x1: at(0, "x"), y1: at(0, "y"), stroke: colour, "stroke-width": 3, "stroke-dasharray": dash });
    const end = s("circle", { r: 5, fill: colour });
    const move = (px, py) => {
      setAttributes(line, { x2: at(px, "x"), y2: at(py, "y") });
      setAttributes(end, { cx: at(px, "x"), cy: at(py, "y") });
    };
    move(x, y);
    return { node: s("g", {}, line, end), line, end, move };
  };

  const picture = s("svg", { width: SIZE, height: SIZE, viewBox: `0 0 ${SIZE} ${SIZE}`, "aria-hidden": "true" });
  for (let tick = -4; tick <= 4; tick += 1) {
    const strong = tick === 0 ? 2 : 0.5;
    picture.append(
      s("line", { class: "ce-axis", x1: at(tick, "x"), x2: at(tick, "x"), y1: 0, y2: SIZE, style: `stroke-width:${strong}` }),
      s("line", { class: "ce-axis", y1: at(tick, "y"), y2: at(tick, "y"), x1: 0, x2: SIZE, style: `stroke-width:${strong}` }),
    );
    if (tick && tick % 2 === 0) {
      picture.append(s("text", { x: at(tick, "x") - 5, y: at(0, "y") + 14 }, fmt(tick, 0)));
      picture.append(s("text", { x: at(0, "x") - 18, y: at(tick, "y") + 4 }, fmt(tick, 0)));
    }
  }
  const arrows = ends.map(([x, y], i) => {
    const one = arrow(x, y, "var(--ce-blue)");
    one.node.append(s("text", { x: at(x, "x"), y: at(y, "y") - 9, "text-anchor": "middle", style: "font-weight:600" }, words[i]));
    picture.append(one.node);
    return one;
  });
  const query = arrow(0, 0, "var(--ce-orange)", "7 3");
  const name = s("text", { style: "font-weight:600" }, "query");
  query.node.append(name);
  picture.append(query.node);

  const range = stage.control("x").values;
  const plane = h(
    "div",
    {
      class: "ce-plane", role: "slider", tabindex: 0, "aria-label": "query", "aria-orientation": "horizontal",
      "aria-valuemin": range[0], "aria-valuemax": range[range.length - 1],
    },
    picture,
  );
  plane.addEventListener("pointerdown", (event) => {
    const box = picture.getBoundingClientRect();
    const value = (pixel) => ((pixel - SIZE / 2) * 2 * REACH) / SIZE;
    const step = (number) => Math.round((number - range[0]) / (range[1] - range[0]));
    stage.send({ place: { x: step(value(event.clientX - box.left)), y: step(-value(event.clientY - box.top)) } });
  });

  const rows = words.map((word, i) => {
    const pick = h("button", { type: "button", "aria-pressed": "false" }, word);
    const choose = () => stage.send({ place: { word: i } });
    pick.addEventListener("focus", choose);
    pick.addEventListener("click", choose);
    const cells = { dot: h("td"), cosine: h("td") };
    const node = h("tr", {}, h("th", { scope: "row" }, pick), h("td", {}, fmt(lengths[i])), cells.dot, cells.cosine);
    return { node, pick, ...cells };
  });
  const mine = h("td");
  const head = ["word", "length", "dot product", "cosine"].map((text, i) =>
    h("th", { scope: "col", class: i ? "" : "ce-left" }, text));
  const table = h(
    "table", {}, h("thead", {}, h("tr", {}, ...head)),
    h("tbody", {}, ...rows.map((row) => row.node), h("tr", {}, h("th", { scope: "row" }, "query"), mine, h("td"), h("td"))),
  );
  const wins = h("p");
  stage.body.append(
    h("div", { class: "ce-row" }, plane, h("div", { class: "ce-side" }, table, wins)),
    h("p", { class: "ce-help" }, "Arrow keys move the query by 0.5, a click takes it there. Tab picks the word that is read out."),
  );

  const names = (best) => best.map((i) => words[i]).join(" and ") || "nobody";
  const cell = (value, course) => (course === undefined ? fmt(value) : `${fmt(value)} (course ${fmt(course)})`);
  return function draw(view) {
    const [x, y] = ["x", "y"].map((axis) => stage.control(axis).values[view.at[axis]]);
    query.move(x, y);
    // Beside its end: the words' names stand above theirs.
    const left = x > 2.5 || x < 0;
    setAttributes(name, { x: at(x, "x") + (left ? -10 : 10), y: at(y, "y") + 4, "text-anchor": left ? "end" : "start" });
    setAttributes(plane, { "aria-valuenow": x, "aria-valuetext": `x ${fmt(x, 1)}, y ${fmt(y, 1)}` });
    put(mine, fmt(view.length));
    rows.forEach((row, i) => {
      const chosen = view.at.word === i;
      row.pick.setAttribute("aria-pressed", chosen);
      arrows[i].line.setAttribute("stroke-width", chosen ? 5 : 2.5);
      const mark = (best) => (best.includes(i) ? " ★" : "");
      put(row.dot, cell(view.dots[i], view.course_dots?.[i]) + mark(view.best_dot));
      put(row.cosine, cell(view.cosines[i], view.course_cosines?.[i]) + mark(view.best_cosine));
    });
    put(wins, `★ nearest by dot product: ${names(view.best_dot)}; by cosine: ${names(view.best_cosine)}.`);
    const i = view.at.word;
    return `Query (${fmt(x, 1)}, ${fmt(y, 1)}), ${words[i]}: dot product ${fmt(view.dots[i])}, cosine ${fmt(view.cosines[i])}. `
      + `Nearest by dot product ${names(view.best_dot)}, by cosine ${names(view.best_cosine)}.`;
  };
}
