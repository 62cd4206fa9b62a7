// Keys: `?` lists them, `g` then a letter goes to a room, `/` finds the search field, `j` and `k` walk a table.
// Any link or button takes a key of its own with data-key="e". Nothing fires while the user types.

const GO_WINDOW_MS = 1200;
let goingUntil = 0;

if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("kbd")) if (key.textContent === "Ctrl") key.textContent = "⌘";
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (handle(event.key)) event.preventDefault();
});

function handle(key) {
  if (performance.now() < goingUntil) {
    goingUntil = 0;
    return press(`[data-goto="${CSS.escape(key)}"]`);
  }
  if (key === "g") {
    goingUntil = performance.now() + GO_WINDOW_MS;
    return true;
  }
  if (key === "?") return show("shortcuts");
  if (key === "/") return focus(document.querySelector("[data-search]"));
  if (key.length === 1 && press(`[data-key="${CSS.escape(key)}"]`)) return true;
  if (key === "j" || key === "k") return walk(key === "j" ? 1 : -1);
  return false;
}

function isTyping(target) {
  return target.isContentEditable || target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [role=textbox]") !== null;
}

function press(selector) {
  const target = document.querySelector(selector);
  target?.click();
  return target !== null;
}

function show(id) {
  const dialog = document.getElementById(id);
  dialog?.showModal();
  return Boolean(dialog);
}

function focus(field) {
  field?.focus();
  field?.select?.();
  return Boolean(field);
}

function walk(step) {
  const rows = [...document.querySelectorAll("main .row-target")];
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? rows[0] : rows.at(-1)) : rows[at + step];
  next?.focus();
  return rows.length > 0;
}
