// Keeps an open page of `safetycase serve` in step with the case: it listens for news, and loads
// the page anew when the case shows something else. What was folded, scrolled and focused stays.
// The page works without it.

const shown = document.querySelector("script[data-state]")?.dataset.state;
const still = document.querySelector("[data-still]"); // an answer to a form: asked for anew, it would be sent anew
const run = document.querySelector("[data-run]")?.dataset.run;
const kept = `safetycase ${location.pathname}${location.search}`;
let source = null;

/** The address that a row or a fold leads to: what it is found by on the page loaded anew. */
const address = (e) => (e?.matches("a") ? e : e?.querySelector("a"))?.getAttribute("href") ?? "";
const folds = () => [...document.querySelectorAll("main details")];
const name = (fold, index) => fold.id || address(fold.firstElementChild) || `#${index}`;

function remember() {
  const held = document.activeElement;
  const at = {
    open: Object.fromEntries(folds().map((fold, index) => [name(fold, index), fold.open])),
    x: scrollX,
    y: scrollY,
    focus: held === document.body ? "" : held.id,
    row: held.closest("main") ? address(held) : "",
  };
  try {
    sessionStorage.setItem(kept, JSON.stringify(at));
  } catch {
    // A full or forbidden storage loses the place and nothing else.
  }
}

function recall() {
  let at = null;
  try {
    at = JSON.parse(sessionStorage.getItem(kept));
    sessionStorage.removeItem(kept);
  } catch {
    return;
  }
  if (!at) return;
  folds().forEach((fold, index) => {
    const open = at.open[name(fold, index)];
    if (open !== undefined && open !== fold.open) fold.open = open;
  });
  const link = at.row && document.querySelector(`main a[href="${CSS.escape(at.row)}"]`);
  const held = (at.focus && document.getElementById(at.focus)) || link?.closest("[role=row]") || link;
  held?.focus({ preventScroll: true });
  scrollTo(at.x, at.y);
}

/** Whether somebody is writing on this page, so that it must not be taken away. */
function inUse() {
  const fields = [...document.querySelectorAll("input:not([type=hidden]), textarea")];
  return fields.some((field) => field.value !== field.defaultValue);
}

function again() {
  remember();
  location.reload();
}

/** A line above the page, with a way to load it anew. */
function say(text, lost = false) {
  let line = document.getElementById("news");
  if (!line) {
    line = document.createElement("p");
    line.id = "news";
    line.className = "news";
    line.setAttribute("role", "status");
    document.querySelector("main").before(line);
  }
  line.dataset.lost = lost ? "yes" : "";
  line.textContent = text;
  if (still) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Load this page anew";
  link.addEventListener("click", (event) => {
    event.preventDefault();
    again();
  });
  line.append(" ", link);
}

function news(event) {
  const told = JSON.parse(event.data);
  const line = document.getElementById("news");
  if (line?.dataset.lost) line.remove();
  if (told.state === shown && (run === undefined || told.run === run)) return;
  if (still || inUse()) say("The case has changed since this page was loaded.");
  else again();
}

function listen() {
  if (!shown || source || document.hidden) return;
  source = new EventSource("/events");
  source.addEventListener("state", news);
  source.addEventListener("error", () =>
    say("The server does not answer; what stands here may be out of date.", true),
  );
}

function leave() {
  source?.close();
  source = null;
}

// A browser opens six connections to a server: a page nobody looks at gives its own back.
document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
addEventListener("pagehide", leave);
addEventListener("pageshow", listen);
recall();
listen();
