// Scores as bars, and the weights that softmax makes of them at a temperature.

function build(stage) {
  const { labels, scores } = stage.meta;
  const heat = slider(stage, "temperature", "Temperature", (value) => fmt(value));
  const largest = Math.max(...scores.map(Math.abs), 1e-9);
  const rows = labels.map((label, i) => {
    const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
    const beside = h("span", { class: "ce-bar ce-beside", "aria-hidden": "true" });
    const scoreBar = h("span", { class: "ce-bar", "aria-hidden": "true" });
    scoreBar.style.width = `${(Math.abs(scores[i]) / largest) * 100}%`;
    if (scores[i] < 0) scoreBar.style.opacity = 0.45;
    const weight = h("td");
    const course = h("td");
    const node = h(
      "tr", {}, h("th", { scope: "row" }, label), h("td", {}, fmt(scores[i])), h("td", { class: "ce-track" }, scoreBar),
      weight, h("td", { class: "ce-track" }, bar, beside), course,
    );
    return { node, bar, beside, weight, course };
  });
  const head = h(
    "tr", {}, h("th", { scope: "col", class: "ce-left" }, "word"), h("th", { scope: "col", colspan: 2, class: "ce-left" }, "score"),
    h("th", { scope: "col", colspan: 3, class: "ce-left" }, "weight"),
  );
  const sums = h("p");
  stage.body.append(
    h("div", { class: "ce-row" }, heat.node),
    h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows.map((row) => row.node))),
    sums,
    h("p", { class: "ce-help" }, "Move the slider with the left and right arrow keys. Its scale is logarithmic: 0.1 to 10."),
  );

  const width = (value) => `${Math.max(0, Math.min(Number(value) || 0, 1)) * 100}%`;
  return function draw(view) {
    heat.draw(view);
    rows.forEach((row, i) => {
      put(row.weight, fmt(view.weights[i], 3));
      row.bar.style.width = width(view.weights[i]);
      row.beside.style.display = row.course.style.display = view.course ? "" : "none";
      if (view.course) {
        row.beside.style.width = width(view.course[i]);
        put(row.course, `course ${fmt(view.course[i], 3)}`);
      }
    });
    put(sums, `Sum ${fmt(view.sum, 3)} · entropy ${fmt(view.entropy)} of at most ${fmt(view.most)} nats`);
    const temperature = fmt(stage.control("temperature").values[view.at.temperature]);
    const all = labels.map((label, i) => `${label} ${fmt(view.weights[i])}`).join(", ");
    return `Temperature ${temperature}: ${all}. Entropy ${fmt(view.entropy)}.`;
  };
}
