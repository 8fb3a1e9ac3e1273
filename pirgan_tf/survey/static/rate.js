// The rating page: shows the assigned images one after another, and takes stars, skips and undos.
import { isTemporary, Outbox, pause, post } from "./sending.js";

const AHEAD = 5;
const MOST = 10; // As the server allows.
// The second half of a double tap was meant for the image before.
const SETTLING = 150;
const WAIT = 15_000;

const element = (id) => document.getElementById(id);
const { words: ownWords, size } = document.querySelector("main").dataset;
const words = JSON.parse(ownWords);
if (size) element("frame").style.setProperty("--image-size", `${size}px`);
const outbox = new Outbox(`pirgan ${location.pathname}`, () => tell(words.offline), acknowledge);
const settled = new Set(); // Assignments answered here, which the server may not know yet.
let queue = []; // Assignments with their images; the first is on the page.
let answered = 0;
let total = 0;
let finished = false; // Whether the server has no more images for this rater.
let closed = false; // Whether the owner has closed the study.
let lastAnswered = null; // The assignment that undo would take back.
let waiting = null; // The timer that looks for images again, while there are none.
let shownAt = null; // When the image appeared; null while none may be rated.
let refilling = null;
let last = ""; // What the last answer was, for the line below the stars.

/** Returns a text of the page with the values of what it names in braces. */
function say(name, values) {
  return words[name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

const stars = (value) => (value === 1 ? words.star : say("stars", { count: value }));

function tell(text) {
  if (element("status").textContent !== text) element("status").textContent = text;
}

function acknowledge(status) {
  if (status === 401) location.replace("./");
  else if (element("status").textContent === words.offline) tell(words.back);
}

function prefetch({ id, image }) {
  const picture = new Image();
  picture.src = image;
  // Handled where it is awaited.
  const ready = picture.decode();
  ready.catch(() => {});
  return { id, picture, ready };
}

/** Asks for images until enough are ahead, or none are left. */
function refill() {
  refilling ??= fill().finally(() => {
    refilling = null;
  });
  return refilling;
}

async function fill() {
  for (let attempt = 0; ; attempt++) {
    const { status, content } = await post("api/next", { count: Math.min(AHEAD + outbox.size, MOST) });
    if (status === 200) {
      ({ total, finished, closed } = content);
      const known = new Set([...settled, ...queue.map(({ id }) => id)]);
      queue.push(...content.assignments.filter(({ id }) => !known.has(id)).map(prefetch));
      return content;
    }
    if (status === 401) return location.replace("./");
    tell(isTemporary(status) ? words.offline : content.error);
    await pause(attempt);
  }
}

/** Forgets what is ahead and takes the server's word for it. */
async function begin() {
  queue = [];
  await outbox.send();
  settled.clear();
  const content = await refill();
  if (!content) return;
  ({ done: answered, last: lastAnswered } = content);
  await show();
}

async function show() {
  shownAt = null;
  setBusy(true);
  if (!queue.length) await refill();
  if (!queue.length) {
    // The server counts what it has not yet received as images at hand.
    await outbox.send();
    await refill();
  }
  if (!queue.length) return finished ? location.assign("done") : wait();
  const [assignment] = queue;
  try {
    await assignment.ready;
  } catch {
    tell(words.offline);
    await pause(2);
    return begin();
  }
  assignment.picture.alt = words.image;
  element("frame").replaceChildren(assignment.picture);
  element("position").textContent = say("position", { number: answered + 1, total });
  element("progress").max = total;
  element("progress").value = answered;
  if (!outbox.stalled) tell(last);
  shownAt = performance.now();
  setBusy(false);
}

function wait() {
  element("frame").replaceChildren();
  tell(closed ? words.closed : words.waiting);
  waiting = setTimeout(() => {
    waiting = null;
    begin();
  }, WAIT);
}

function setBusy(busy) {
  element("frame").ariaBusy = busy;
  for (const button of element("stars").children) button.ariaDisabled = busy;
}

function answer(path, value) {
  const shown = performance.now() - shownAt;
  if (shownAt === null || shown < SETTLING) return;
  const [{ id }] = queue.splice(0, 1);
  settled.add(id);
  const body = { assignment: id, shown_ms: Math.round(shown) };
  outbox.add(path, value ? { ...body, value } : body);
  last = value ? say("rated", { stars: stars(value) }) : words.skipped;
  lastAnswered = id;
  answered += 1;
  show();
  if (queue.length < AHEAD - 2) refill();
}

async function undo() {
  if (shownAt === null && waiting === null) return;
  if (lastAnswered === null) return tell(words.nothing);
  if (outbox.stalled) return tell(words.undo_waits);
  shownAt = null;
  clearTimeout(waiting);
  waiting = null;
  setBusy(true);
  await outbox.send();
  const { status, content } = await post("api/undo", { assignment: lastAnswered });
  if (status === 200) {
    last = words.undone;
    answered -= 1;
    lastAnswered = content.last;
    const { id } = content.assignment;
    settled.delete(id);
    queue = queue.filter((each) => each.id !== id);
    queue.unshift(prefetch(content.assignment));
    return show();
  }
  last = isTemporary(status) ? words.failed : content.error;
  // Whether the request arrived before the connection broke, only the server knows.
  return isTemporary(status) ? begin() : show();
}

element("stars").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) answer("api/rate", Number(button.value));
});
element("skip").addEventListener("click", () => answer("api/skip"));
element("undo").addEventListener("click", undo);
addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key >= "1" && event.key <= "5") answer("api/rate", Number(event.key));
  else if (event.key.toLowerCase() === "s") answer("api/skip");
  else if (event.key === "Backspace") undo();
  else return;
  event.preventDefault();
});

begin();
