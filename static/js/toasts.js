// Toasts: what the server said in its messages, in an HX-Trigger header ({"toast": {"tone", "text"}}),
// or by failing to answer. Good news leaves by itself, bad news waits to be closed.

const LIFETIME_MS = 6000;
const region = document.getElementById("toasts");
const template = document.getElementById("toast-template");

if (region) {
  for (const toast of region.children) schedule(toast);
  document.addEventListener("toast", (event) => add(event.detail.tone ?? "info", event.detail.text));
  document.addEventListener("htmx:responseError", (event) => add("bad", explain(event.detail.xhr)));
  document.addEventListener("htmx:sendError", () => add("bad", "The server cannot be reached. Try again in a moment."));
  document.addEventListener("htmx:timeout", () => add("bad", "The server took too long to answer. Try again."));
  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) event.target.closest(".toast").remove();
  });
}

function add(tone, text) {
  const toast = template.content.firstElementChild.cloneNode(true);
  const icon = toast.querySelector("use");
  toast.classList.add(`toast-${tone}`);
  toast.dataset.tone = tone;
  icon.setAttribute("href", `${icon.getAttribute("href").split("#")[0]}#${tone}`);
  toast.querySelector("[data-toast-text]").textContent = text;
  region.append(toast);
  schedule(toast);
}

function schedule(toast) {
  if (toast.dataset.tone === "bad" || toast.dataset.tone === "warn") return;
  let timer = setTimeout(() => toast.remove(), LIFETIME_MS);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => {
    timer = setTimeout(() => toast.remove(), LIFETIME_MS);
  });
}

function explain(xhr) {
  const known = {
    401: "You are signed out. Reload the page to sign in.",
    403: "Your role in this project does not allow that.",
    404: "That is no longer there. Reload the page.",
    429: "Too many requests. Wait a moment and try again.",
  };
  return known[xhr.status] ?? `The server answered with an error (${xhr.status}). Try again.`;
}
