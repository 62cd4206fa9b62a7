// Things that change while you look: relative times, and parts of a page that refetch themselves.
// <div data-live="5" hx-get="…" hx-trigger="live"> is refetched every five seconds while the tab is in
// sight and the page's [data-live-toggle] is not paused.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const due = new WeakMap();
let paused = false;

setInterval(refreshParts, 500);
setInterval(refreshTimes, 10_000);
document.addEventListener("htmx:afterSettle", refreshTimes);
document.addEventListener("visibilitychange", refreshTimes);
document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-live-toggle]");
  if (!toggle) return;
  paused = !paused;
  toggle.setAttribute("aria-pressed", String(!paused));
});

function refreshParts() {
  if (paused || document.hidden) return;
  const now = performance.now();
  for (const part of document.querySelectorAll("[data-live]")) {
    if (!due.has(part)) due.set(part, now + part.dataset.live * 1000);
    if (now < due.get(part) || inUse(part)) continue;
    due.set(part, now + part.dataset.live * 1000);
    window.htmx?.trigger(part, "live");
  }
}

// Nothing is swapped away from under a menu, a keyboard focus or a selection; waiting for a first event goes on.
function inUse(part) {
  if (part.hasAttribute("data-live-always")) return false;
  const selection = getSelection();
  const selecting = selection.type === "Range" && part.contains(selection.anchorNode);
  return selecting || part.querySelector("details.menu[open], :focus-visible") !== null;
}

function refreshTimes() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative((Date.now() - Date.parse(element.dateTime)) / 1000);
    if (text && text !== element.textContent) element.textContent = text;
  }
}

// The same steps as apps.console.domain.formats.relative; older times keep what the server wrote.
function relative(seconds) {
  if (seconds < 0 || seconds >= 30 * DAY) return null;
  if (seconds < 5) return "just now";
  if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  return `${Math.floor(seconds / DAY)} d ago`;
}
