// The wall: numbers from the board, put on the page as text. Nothing is made from strings of HTML.

const byId = (id) => document.getElementById(id);
const KEY = "course-board-secret";

/** The secret comes behind the # of the address and leaves it: a projector shows the address. */
function secret() {
  if (location.hash.length > 1) {
    sessionStorage.setItem(KEY, location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY) ?? "";
}

const headers = () => ({ Authorization: `Bearer ${secret()}` });

/** Make an element: properties, then what is in it; a string is text, whatever it says. */
function h(name, properties = {}, ...inside) {
  const element = document.createElement(name);
  const { key, ...others } = properties;
  if (key) element.dataset.key = key;
  Object.assign(element, others);
  element.append(...inside.flat().filter((one) => one !== null));
  return element;
}

const people = (count) => (count === 1 ? "1 learner" : `${count} learners`);
const told = new Map();

/** Build a section again only when what it shows has changed, and leave the focus where it was. */
function show(id, data, build) {
  const section = byId(id), text = JSON.stringify(data ?? null);
  if (told.get(id) === text) return;
  told.set(id, text);
  section.hidden = data === null || data === undefined;
  const focused = section.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  section.replaceChildren(...(section.hidden ? [] : [build(data)].flat()));
  if (focused) {
    const again = [...section.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused);
    (again ?? section.querySelector("button, select"))?.focus();
  }
}

async function act(name, body = {}) {
  const answer = await fetch(`/api/act/${name}`, {
    method: "POST",
    headers: { ...headers(), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) byId("state").textContent = (await answer.json()).error;
}

const button = (text, key, onclick) => h("button", { type: "button", key, onclick }, text);

// ---------------------------------------------------------------- what stands on the wall

function join({ join: { address, code, minutes }, here }) {
  if (!code) return h("p", {}, `${people(here)} here. The door is closed.`);
  const line = `lesson.join("${address}", "${code}")`;
  return h("p", {}, `${people(here)} here. To join: `, h("code", {}, line),
    minutes < 60 ? ` (${minutes} more minutes)` : "");
}

function mistakes(found) {
  const items = found.map((one) =>
    h("li", {}, `${one.says} `, h("span", {}, `(${one.label} ${one.title}, ${people(one.count)})`)));
  return [h("h2", {}, "Commonest misunderstandings now"),
    items.length ? h("ol", {}, items) : h("p", {}, "None was named.")];
}

function bar(count, of, kind = "") {
  const inner = h("span");
  inner.style.width = `${of ? Math.round((100 * count) / of) : 0}%`;
  const outer = h("span", { className: `bar ${kind}` }, inner);
  outer.setAttribute("aria-hidden", "true");
  return outer;
}

const COLUMNS = [["passed", "passed"], ["trying", "trying"], ["stuck", "stuck"], ["open", "left open"]];

function row(one, here) {
  const title = h("th", { scope: "row" }, `${one.label} ${one.title}${one.dropped ? " (left out)" : ""}`,
    bar(one.passed, here));
  for (const who of one.who ?? []) {
    title.append(h("div", {}, `${who.name}: ${who.minutes} min, ${who.tries === 1 ? "1 try" : `${who.tries} tries`}, ${who.hints} of 3 hints`));
  }
  const cells = COLUMNS.map(([kind]) =>
    h("td", { className: kind === "stuck" && one.stuck ? "many" : "" }, String(one[kind])));
  return h("tr", { className: one.dropped ? "dropped" : "" }, title, cells);
}

function lessons({ lessons: found, here }) {
  if (!found.length) return h("p", {}, "Nobody has checked anything yet.");
  return found.map((lesson) => h("table", {},
    h("caption", {}, `Lesson ${lesson.number} · ${lesson.title}`),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", className: "ce-left" }, "exercise"),
      COLUMNS.map(([, title]) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, lesson.rows.map((one) => row(one, here)))));
}

function hands({ count, who }) {
  const head = h("h2", {}, count === 1 ? "1 hand is up" : `${count} hands are up`);
  if (!who) return [head];
  const items = who.map((one) => h("li", {},
    `${one.name}, ${one.label} ${one.title}, for ${one.minutes} min `,
    button(`Lower ${one.name}’s hand`, `lower-${one.learner}`, () => act("lower", { learner: one.learner }))));
  return [head, h("ul", {}, items)];
}

function pace(one) {
  const behind = one.behind > 0 ? `${one.behind} minutes behind` : one.behind < 0
    ? `${-one.behind} minutes ahead` : "on time";
  const parts = [h("h2", {}, `Minute ${one.minute}: ${behind}`),
    h("p", {}, `Due until minute ${one.until}: ${one.now}. `, one.next ? `Next: ${one.next}.` : "")];
  if (one.drop) parts.push(h("p", {}, `To catch up, leave out ${one.drop.label} ${one.drop.title}. `,
    told.get("role") === "instructor" ? button("Leave it out", "drop", () => act("drop", one.drop)) : ""));
  return parts;
}

// ---------------------------------------------------------------- polls

function results(poll) {
  const list = h("dl", { className: "result" });
  poll.options.forEach((option, place) => {
    const right = place === poll.answer;
    const counts = poll.results.map((round, k) => {
      const sum = round.reduce((a, b) => a + b, 0);
      const when = poll.results.length === 1 ? "" : ["before: ", "after: "][k] ?? `round ${k + 1}: `;
      return h("div", {}, `${when}${round[place]} of ${sum}`, bar(round[place], sum, k ? "second" : ""));
    });
    list.append(h("dt", { className: right ? "right" : "" }, option, right ? " ✓ right" : ""), h("dd", {}, counts));
  });
  return list;
}

function poll({ poll: one, instructor }) {
  const counted = `${one.answered} of ${one.of} have answered${one.open ? "" : "; closed"}.`;
  const parts = [h("h2", {}, one.question), h("p", {}, one.round > 1 ? "Asked again. " : "",
    `lesson.predict("${one.id}") in lesson ${one.lesson}. `, counted)];
  if (one.shown) {
    parts.push(results(one), h("p", {}, one.because));
    if (one.moved) parts.push(h("p", {}, `Of ${one.moved.both} who answered twice, ${one.moved.to_right} `
      + `changed to the right answer and ${one.moved.from_right} away from it.`));
  } else {
    parts.push(h("ol", { type: "a" }, one.options.map((option) => h("li", {}, option))));
  }
  if (instructor) {
    parts.push(h("p", {},
      one.shown ? "" : button("Ask again after talking", "again", () => act("again")),
      one.shown ? "" : button("Reveal", "reveal", () => act("reveal")),
      button("Take it off the wall", "end", () => act("end"))));
  }
  return parts;
}

function ask(polls) {
  const choice = h("select", { key: "choice" }, polls.map((one, place) =>
    h("option", { value: String(place) }, `${one.lesson}: ${one.question}`)));
  const open = button("Ask the room", "open", () => {
    const one = polls[Number(choice.value)];
    if (one) act("open", { lesson: one.lesson, id: one.id });
  });
  return h("p", {}, h("label", {}, "Prediction ", choice), " ", open);
}

// ---------------------------------------------------------------- the instructor's own

async function keep(form, names) {
  const answer = await fetch(`/api/export.${form}?names=${names ? "yes" : "no"}`, { headers: headers() });
  const link = h("a", { href: URL.createObjectURL(await answer.blob()), download: `room.${form}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function controls({ door, clock, sheet }) {
  const names = h("input", { type: "checkbox", key: "names" });
  return h("p", {},
    sheet && !clock ? button("Start the clock", "clock", () => act("clock")) : "",
    door === "closed" ? "" : button("Close the door", "door", () => act("door", { door: "closed" })),
    button("New code", "code", () => act("code")),
    ["csv", "json", "html"].map((form) =>
      button(`Export ${form.toUpperCase()}`, form, () => keep(form, names.checked))),
    h("label", {}, names, "with the names that learners allowed"));
}

function news({ hands: { count }, poll: one }) {
  const asked = one ? `Poll: ${one.shown ? "revealed" : one.open ? "open" : "closed"}.` : "";
  return `${count} hands are up. ${asked}`;
}

function draw(page) {
  const instructor = "door" in page;
  told.set("role", instructor ? "instructor" : "wall");
  byId("all").hidden = false;
  show("join", { join: page.join, here: page.here }, join);
  show("controls", instructor ? { door: page.door, clock: page.clock, sheet: page.sheet } : null, controls);
  show("ask", instructor ? page.polls : null, ask);
  show("poll", page.poll ? { poll: page.poll, instructor } : null, poll);
  show("hands", page.hands, hands);
  show("pace", page.pace, pace);
  show("mistakes", page.misunderstandings, mistakes);
  show("lessons", { lessons: page.lessons, here: page.here }, lessons);
  if (byId("news").textContent !== news(page)) byId("news").textContent = news(page);
}

// ---------------------------------------------------------------- the stream

async function follow() {
  const answer = await fetch("/api/stream", { headers: headers() });
  if (!answer.ok) {
    byId("state").textContent = (await answer.json()).error;
    return answer.status === 503 || answer.status === 429;
  }
  byId("state").textContent = "";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return true;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    if (parts.length) draw(JSON.parse(parts.at(-1).replace(/^data: /, "")));
  }
}

async function main() {
  secret();
  addEventListener("hashchange", () => location.reload());
  for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
    try {
      if (!(await follow())) return;
      wait = 500;
    } catch {
      byId("state").textContent = "The board is away; this is the last that was known.";
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

main();
