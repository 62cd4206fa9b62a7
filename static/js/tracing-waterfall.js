// j and k walk the steps of a trace: each step is a link that shows itself and stands in the URL.

document.addEventListener("keydown", (event) => {
  if (event.key !== "j" && event.key !== "k") return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
  const steps = [...document.querySelectorAll("a.waterfall-row")];
  const chosen = steps.findIndex((step) => step.getAttribute("aria-current") === "true");
  const next = steps[chosen + (event.key === "j" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.click();
});
