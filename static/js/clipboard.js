// Copy buttons: data-copy="text" copies the text, data-copy-from="id" the text of that element.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom;
  const text = source ? document.getElementById(source).textContent : button.dataset.copy;
  say(button, (await copy(text)) ? "Copied" : "Press Ctrl+C to copy");
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // The clipboard API is missing outside https and localhost.
  }
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function say(button, message) {
  const label = button.querySelector("[data-copy-label]");
  const before = (label.dataset.before ??= label.textContent);
  label.textContent = message;
  clearTimeout(button.copyTimer);
  button.copyTimer = setTimeout(() => {
    label.textContent = before;
  }, 2000);
}
