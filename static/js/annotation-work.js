// Annotating by keyboard alone: a key chooses, Ctrl+Enter (⌘+Enter) submits, s skips, Esc leaves a text field.
// What shortcuts.js does while nothing has the focus, this does while a choice has it.

const OTHER_FIELDS = "textarea, select, [contenteditable], input:not([type=radio])";

document.addEventListener("keydown", (event) => {
  const form = document.querySelector("form[data-annotation]");
  if (!form || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (handle(form, event)) event.preventDefault();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "work") return;
  begin();
  nameKeys();
});

begin();

// The first field gets the focus, and the page stays where it is: on a narrow screen the conversation stands above.
// A field that is wrong is brought into sight. Behind the last item the focus goes to what can be done then.
function begin() {
  const field = document.querySelector("form[data-annotation] [data-focus]");
  if (field) field.focus({ preventScroll: field.getAttribute("aria-invalid") !== "true" });
  else document.querySelector("#work a.button")?.focus();
}

function handle(form, event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return press(form.querySelector("[data-submit]"));
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.target.closest(OTHER_FIELDS)) {
    if (event.key === "Escape") event.target.blur();
    return false;
  }
  return choose(form, event) || (event.key === "s" && press(form.querySelector("[data-key=s]")));
}

function press(button) {
  button.click();
  return true;
}

// Among several groups of choices the one with the focus is meant, else the first that has the key.
function choose(form, event) {
  const groups = [event.target.closest("[data-choices]"), ...form.querySelectorAll("[data-choices]")];
  for (const group of groups) {
    const choice = group?.querySelector(`[data-choice-key="${CSS.escape(event.key)}"] input`);
    if (!choice) continue;
    choice.focus();
    choice.checked = true;
    return true;
  }
  return false;
}

// Hints that came with a swapped item name the key that this keyboard has.
function nameKeys() {
  if (!/Mac|iPhone|iPad/.test(navigator.platform)) return;
  for (const key of document.querySelectorAll("#work kbd")) if (key.textContent === "Ctrl") key.textContent = "⌘";
}
