// A text that grows by a token a step: what the model offers, what is kept, what is drawn, and what the cache holds.

const CELL = 22;

function build(stage) {
  const named = { step: "Step", temperature: "Temperature", k: "k", p: "p", numbers: "Random set" };
  const words = {
    step: (value) => `${value}`,
    temperature: (value) => fmt(value),
    k: (value) => (value ? `${value}` : "all"),
    p: (value) => (value ? fmt(value) : "all"),
    numbers: (value) => `${value}`,
  };
  const names = Object.keys(named);
  const offered = names.filter((name) => stage.control(name).values.length > 1);
  const stuck = names.filter((name) => !offered.includes(name));
  const sliders = offered.map((name) => slider(stage, name, named[name], words[name]));

  const text = h("p", { class: "ce-text" });
  const drawn = h("p");
  const rows = Array.from({ length: 8 }, () => {
    const row = {
      name: h("th", { scope: "row" }), model: h("td"), tempered: h("td"), kept: h("td"), final: h("td"),
      bar: h("span", { class: "ce-bar", "aria-hidden": "true" }), mark: h("td", { class: "ce-left" }),
    };
    row.node = h("tr", {}, row.name, row.model, row.tempered, row.kept, row.final, h("td", { class: "ce-track" }, row.bar), row.mark);
    return row;
  });
  const column = (label, more = {}) => h("th", { scope: "col", ...more }, label);
  const tempered = column("");
  const head = h(
    "tr", {}, column("token", { class: "ce-left" }), column("model"), tempered, column("kept"), column("drawn from", { colspan: 2, class: "ce-left" }), column(""),
  );
  const cells = [];
  const grid = s("svg", { "aria-hidden": "true", focusable: "false" });
  const held = h("p");
  const read = h("p");
  stage.body.append(
    h("div", { class: "ce-row" }, ...sliders.map((one) => one.node)),
    ...(stuck.length ? [h("p", { class: "ce-help" }, `Here ${stuck.map((name) => `${named[name].toLowerCase()} stays at ${words[name](stage.control(name).values[0])}`).join(" and ")}; run the cell to change more.`)] : []),
    text, h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows.map((row) => row.node))), drawn,
    h("div", { class: "ce-row" }, grid, h("div", { class: "ce-side" }, held, read)),
    h("p", { class: "ce-help" }, "← and → on a slider move it. A dot stands for a blank. Shown are the model's eight likeliest tokens; one drawn from further down takes the last place."),
  );

  function drawGrid(layers, cached, prompt) {
    if (!cells.length) {
      const columns = stage.meta.room;
      setAttributes(grid, { width: columns * CELL + 56, height: layers * CELL + 2, viewBox: `0 0 ${columns * CELL + 56} ${layers * CELL + 2}` });
      for (let layer = 0; layer < layers; layer += 1) {
        const label = s("text", { x: 2, y: layer * CELL + 16 });
        label.textContent = `layer ${layer}`;
        grid.append(label);
        cells.push(Array.from({ length: columns }, (_, at) => {
          const cell = s("rect", { x: 54 + at * CELL + 2, y: layer * CELL + 3, width: CELL - 4, height: CELL - 4 });
          grid.append(cell);
          return cell;
        }));
      }
    }
    cells.forEach((row) => row.forEach((cell, at) => {
      const newest = at === cached - 1;
      const fill = at >= cached ? "none" : at < prompt ? "var(--ce-blue)" : "var(--ce-green)";
      setAttributes(cell, { style: `fill:${fill};stroke:${newest ? "var(--ce-text)" : "var(--ce-line)"};stroke-width:${newest ? 3 : 1}` });
    }));
  }

  function drawText(view) {
    const piece = (name, i) => h("span", { class: i < view.n_prompt ? "ce-piece" : "ce-piece ce-written" }, name);
    text.replaceChildren(...view.text.map(piece), h("span", { class: "ce-piece ce-next" }, view.next || "?"));
  }

  function drawRow(row, view, i) {
    const mine = i === view.chosen;
    const course = view.course_at_temperature ? ` (course ${fmt(view.course_at_temperature[i], 3)})` : "";
    const stays = view.course_kept ? ` (course ${view.course_kept[i] ? "yes" : "no"})` : "";
    put(row.name, view.names[i]);
    put(row.model, fmt(view.model[i], 3));
    put(row.tempered, `${fmt(view.at_temperature[i], 3)}${course}`);
    put(row.kept, `${view.kept[i] ? `cut by ${view.kept[i]}` : "yes"}${stays}`);
    put(row.final, fmt(view.final[i], 3));
    put(row.mark, mine ? "◀ drawn" : "");
    row.bar.style.width = `${Math.max(0, Math.min(Number(view.final[i]) || 0, 1)) * 100}%`;
    row.node.classList.toggle("ce-best", mine);
  }

  return function draw(view) {
    const value = (name) => stage.control(name).values[view.at[name]];
    const at = words.temperature(value("temperature"));
    sliders.forEach((one) => one.draw(view));
    put(tempered, `at ${at}`);
    drawText(view);
    rows.forEach((row, i) => drawRow(row, view, i));
    const nothing = view.chosen < 0;
    const share = nothing ? "" : fmt(view.final[view.chosen], 3);
    const pointed = nothing ? "Nothing can be drawn: these are no probabilities." : `The random number ${fmt(view.uniform, 3)} points at “${view.next}”, of probability ${share}.`;
    put(drawn, `k leaves ${view.n_kept[0]} tokens, p then ${view.n_kept[1]}. ${pointed}`);
    drawGrid(view.layers, view.cached, view.n_prompt);
    put(held, `Cache: ${view.cached} rows of K and ${view.cached} of V in each of ${view.layers} layers, ${view.bytes} bytes. Blue: the prompt; green: what was written; framed: the newest.`);
    put(read, `Read for this step: ${view.read} token${view.read === 1 ? "" : "s"}. So far ${view.read_with}; without a cache it would be ${view.read_without}.`);
    return `Step ${value("step")}, temperature ${at}, k ${words.k(value("k"))}, p ${words.p(value("p"))}: ${view.n_kept[1]} tokens kept. ${nothing ? pointed : `Drawn “${view.next}”, probability ${share}.`} Cache ${view.cached} rows a layer.`;
  };
}
