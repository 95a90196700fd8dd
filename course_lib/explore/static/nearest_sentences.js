// A sentence, chosen or typed, and its nearest neighbours with their cosines as bars.

function build(stage) {
  const { sentences, shown } = stage.meta;
  const choice = h("select", { "aria-label": "Sentence" }, ...sentences.map((text, i) => h("option", { value: i }, text)));
  choice.style.maxWidth = "100%";
  choice.addEventListener("change", () => stage.send({ place: { query: Number(choice.value) } }));
  const typed = h("input", { type: "text", "aria-label": "A sentence of your own", maxlength: 300, size: 40 });
  const ask = () => stage.send({ act: ["ask", typed.value] });
  typed.addEventListener("keydown", (event) => {
    if (event.key === "Enter") ask();
  });
  const form = h("div", { class: "ce-row" }, h("label", {}, h("span", {}, "Or type one"), typed), h("button", { type: "button", onclick: ask }, "Search"));
  const asked = h("p");
  const rows = Array.from({ length: shown }, (_, i) => {
    const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
    const text = h("th", { scope: "row", class: "ce-left" });
    const cosine = h("td");
    const course = h("td", { class: "ce-left" });
    text.style.whiteSpace = course.style.whiteSpace = "normal";
    course.style.textAlign = "left";
    const node = h("tr", {}, h("td", {}, `${i + 1}`), text, cosine, h("td", { class: "ce-track" }, bar), course);
    return { node, bar, text, cosine, course };
  });
  const courseHead = h("th", { scope: "col", class: "ce-left" }, "the course finds");
  const head = h(
    "tr", {}, h("th", { scope: "col" }, "rank"), h("th", { scope: "col", class: "ce-left" }, "sentence"),
    h("th", { scope: "col", colspan: 2, class: "ce-left" }, "cosine"), courseHead,
  );
  stage.body.append(
    h("div", { class: "ce-row" }, h("label", {}, h("span", {}, "Sentence"), choice)),
    ...(stage.live ? [form] : []),
    asked,
    h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows.map((row) => row.node))),
    h("p", { class: "ce-help" }, stage.live
      ? "Choose a sentence with the arrow keys, or type one and press Enter. A bar is as long as its cosine; below 0 it is empty."
      : "Choose a sentence with the arrow keys. Run this cell to type your own. A bar is as long as its cosine; below 0 it is empty."),
  );

  const name = (at) => sentences[at] ?? `no sentence ${at}`;
  return function draw(view) {
    if (Number(choice.value) !== view.at.query && !stage.waiting()) choice.value = view.at.query;
    if (!view.typed && !stage.waiting() && document.activeElement !== typed) typed.value = "";
    put(asked, `Nearest to “${view.text}”, whose vector begins ${view.vector.map((x) => fmt(x)).join(", ")} …`);
    courseHead.style.display = view.course_places ? "" : "none";
    rows.forEach((row, i) => {
      row.node.style.display = i < view.places.length ? "" : "none";
      row.course.style.display = view.course_places ? "" : "none";
      if (i >= view.places.length) return;
      put(row.text, name(view.places[i]));
      put(row.cosine, fmt(view.cosines[i], 3));
      row.bar.style.width = `${Math.max(0, Math.min(Number(view.cosines[i]) || 0, 1)) * 100}%`;
      if (view.course_places && i < view.course_places.length) {
        put(row.course, `${name(view.course_places[i])} ${fmt(view.course_cosines[i], 3)}`);
      }
    });
    const best = view.places.length ? `“${name(view.places[0])}”, cosine ${fmt(view.cosines[0])}` : "nothing";
    return `Nearest to “${view.text}”: ${best}.`;
  };
}
