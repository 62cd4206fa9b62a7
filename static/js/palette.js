// The palette: a combobox over the links that the server finds. Without this file the same link leads to a
// search page. Focus stays in the field; aria-activedescendant says which entry Enter will follow.

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const results = dialog?.querySelector("[data-palette-results]");

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  results.addEventListener("htmx:afterSwap", prepare);
  input.addEventListener("keydown", onKey);
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    selected()?.click();
  });
}

function open() {
  if (dialog.open) return;
  dialog.showModal();
  input.value = "";
  input.focus();
  input.dispatchEvent(new Event("palette"));
}

function links() {
  return [...results.querySelectorAll("a")];
}

function selected() {
  return results.querySelector('[aria-selected="true"] > a');
}

// Links become options of a listbox: a plain list for the search page, a combobox popup here.
function prepare() {
  for (const list of results.querySelectorAll("ul")) list.setAttribute("role", "listbox");
  links().forEach((link, index) => {
    link.tabIndex = -1;
    link.parentElement.id = `palette-option-${index}`;
    link.parentElement.setAttribute("role", "option");
  });
  select(links()[0]);
}

function select(link) {
  for (const other of links()) other.parentElement.setAttribute("aria-selected", String(other === link));
  if (link) {
    input.setAttribute("aria-activedescendant", link.parentElement.id);
    link.scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function onKey(event) {
  const all = links();
  const at = all.indexOf(selected());
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
  if (!(event.key in moves) || all.length === 0) return;
  event.preventDefault();
  select(all[(moves[event.key] + all.length) % all.length]);
}
