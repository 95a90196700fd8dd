// What every explorer shares. An explorer's own file defines `build(stage)`, which makes its page once and
// returns `draw(view)`; draw puts numbers on the page and returns one sentence for the live region.

// ---- small tools ------------------------------------------------------------------------------------

function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
}

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

function s(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

// Infinities and NaN travel as strings, because JSON has none.
function fmt(value, digits = 2) {
  const number = Number(value);
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const text = number.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A slider with its name and its value in words beside it; `stage.draw` keeps it in step.
function slider(stage, name, label, words) {
  const control = stage.control(name);
  const out = h("output");
  const input = h("input", { type: "range", min: 0, max: control.values.length - 1, step: 1, "aria-label": label });
  input.addEventListener("input", () => stage.send({ place: { [name]: Number(input.value) } }));
  return {
    node: h("label", {}, h("span", {}, label), input, out),
    draw(view) {
      const text = words(control.values[view.at[name]]);
      if (Number(input.value) !== view.at[name] && !stage.waiting()) input.value = view.at[name];
      if (input.getAttribute("aria-valuetext") !== text) input.setAttribute("aria-valuetext", text);
      put(out, text);
    },
  };
}

// ---- where numbers come from -------------------------------------------------------------------------

// Python: moves are sent in batches, one batch in flight, so that a held key never piles up work.
function fromPython(model) {
  const me = Math.random().toString(36).slice(2);
  const meta = model.get("meta");
  // A cursor on which no number depends moves at once; Python only hears of it.
  const ahead = {};
  let queue = [];
  let token = "";
  let sent = 0;
  let late = 0;
  const listeners = [];
  const flush = () => {
    if (token || !queue.length) return;
    const moves = queue;
    queue = [];
    try {
      model.send({ token: `${me}:${sent + 1}`, moves });
    } catch {
      listeners.forEach((tell) => tell(GONE));
      return;
    }
    token = `${me}:${++sent}`;
    late = setTimeout(() => listeners.forEach((tell) => tell(LATE)), 4000);
  };
  const changed = () => {
    if (model.get("view").token === token) {
      token = "";
      clearTimeout(late);
    }
    if (!token && !queue.length) Object.keys(ahead).forEach((name) => delete ahead[name]);
    listeners.forEach((tell) => tell());
    flush();
  };
  const here = () => ({ ...model.get("view").at, ...ahead });
  model.on("change:view", changed);
  return {
    live: true,
    meta,
    view: () => ({ ...model.get("view"), at: here() }),
    waiting: () => Boolean(token || queue.length),
    listen: (tell) => listeners.push(tell),
    close: () => model.off("change:view", changed),
    send(move) {
      const cursor = places(meta, here(), move).filter(({ control }) => !control.computed);
      cursor.forEach(({ control, step }) => { ahead[control.name] = step; });
      queue.push(move);
      if (cursor.length) listeners.forEach((tell) => tell());
      flush();
    },
  };
}

// Which controls a key or a slider moves, and to which step, held within their range.
function places(meta, at, { press, place = {} }) {
  const [name, by] = (press && meta.keys[press]) || [];
  const asked = name in at ? { [name]: at[name] + by } : place;
  return meta.controls.filter((control) => control.name in asked).map((control) => ({
    control, step: Math.max(0, Math.min(asked[control.name], control.values.length - 1)),
  }));
}

// A table of all positions, computed beforehand: a move looks the next one up.
function fromTable({ meta, at, table }) {
  const listeners = [];
  const key = () => meta.controls.filter((one) => one.computed).map((one) => at[one.name]).join(",");
  return {
    live: false,
    meta,
    view: () => ({ ...table.same, ...table.rows[key()], at: { ...at } }),
    waiting: () => false,
    listen: (tell) => listeners.push(tell),
    close: () => {},
    send(asked) {
      places(meta, at, asked).forEach(({ control, step }) => { at[control.name] = step; });
      listeners.forEach((tell) => tell());
    },
  };
}

// ---- the frame around every explorer -----------------------------------------------------------------

const LATE = "Python has not answered for four seconds: another cell may be running.";
const GONE = "Python has stopped. Run the notebook's cells again, this one last.";

function mount(host, source) {
  const note = h("p", { class: "ce-note" });
  const body = h("div");
  const says = h("p", { class: "ce-says", role: "status", "aria-live": "polite" });
  const root = h("div", { class: "course-explorer", role: "group", "aria-label": source.meta.title });
  if (source.live) root.classList.add("course-explorer-live");
  root.append(h("h4", {}, source.meta.title), note, body, says);
  const stage = {
    body,
    meta: source.meta,
    live: source.live,
    waiting: source.waiting,
    send: source.send,
    control: (name) => source.meta.controls.find((one) => one.name === name),
  };
  const draw = build(stage);
  const refresh = (trouble) => {
    const view = source.view();
    const sentence = draw(view);
    put(says, trouble ?? sentence);
    put(note, view.note);
    note.classList.toggle("ce-warn", Boolean(view.problem));
  };
  root.addEventListener("keydown", (event) => onKey(event, source));
  source.listen(refresh);
  refresh();
  host.append(root);
  return source.close;
}

// Keys that an explorer uses are not the notebook's. With Ctrl or Cmd they still are: saving works.
function onKey(event, source) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape") return;
  event.stopPropagation();
  if (event.target.matches("input, select") || event.defaultPrevented) return;
  if (!(event.key in source.meta.keys)) return;
  if (event.target.matches("button") && (event.key === " " || event.key === "Enter")) return;
  event.preventDefault();
  source.send({ press: event.key });
}

// Called by anywidget.
function render({ model, el }) {
  return mount(el, fromPython(model));
}

// Called at the end of a page that runs without Python.
function mountAll(name) {
  for (const host of document.querySelectorAll(`[data-course-explorer="${name}"]:not([data-course-ready])`)) {
    host.setAttribute("data-course-ready", "");
    const stand = host.querySelector(".course-explorer-static");
    mount(host, fromTable(JSON.parse(host.dataset.coursePayload)));
    stand.hidden = true;
  }
}
