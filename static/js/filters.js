// Filters: what says nothing stays out of the URL, and what was chosen holds when the time range changes.

document.addEventListener("formdata", (event) => {
  if (!event.target.matches(".filter-fields")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

// Typing and then pressing Enter asks twice for the same page; one step back leaves it.
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { history } }) => {
  if (history.type === "push" && new URL(history.path, location.href).href === location.href) history.type = "replace";
});

document.addEventListener("htmx:pushedIntoHistory", takeAlong);
document.addEventListener("htmx:replacedInHistory", takeAlong);

// The links and the form that choose the time stand outside the part that was swapped.
function takeAlong() {
  const chosen = new URLSearchParams(location.search);
  for (const name of ["cursor", "range", "from", "to"]) chosen.delete(name);
  for (const link of document.querySelectorAll(".topbar .segment")) {
    const range = new URLSearchParams(link.search).get("range");
    link.search = new URLSearchParams([...chosen, ["range", range]]);
  }
  for (const form of document.querySelectorAll("form[data-takes-filters]")) {
    for (const field of form.querySelectorAll("input[type=hidden]")) field.remove();
    for (const [name, value] of chosen) form.append(hidden(name, value));
  }
}

function hidden(name, value) {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value });
}
