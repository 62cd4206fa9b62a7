/* Harbor Desk's page: sends a message to the shop's backend and hangs Flywheel's widget on the answer. */
const list = document.querySelector(".conversation");
const form = document.querySelector(".composer");
const field = form.querySelector("input[name=message]");
const button = form.querySelector("button");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(field.value);
});
for (const suggestion of document.querySelectorAll(".suggestions button")) {
  suggestion.addEventListener("click", () => send(suggestion.textContent));
}

async function send(message) {
  if (!message.trim() || button.disabled) return;
  const data = new FormData(form);
  data.set("message", message);
  say("customer", message);
  const waiting = say("shop waiting", "…");
  button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", body: data });
    show(waiting, await response.json());
    field.value = "";
  } catch {
    show(waiting, { error: "The shop cannot be reached. Check your connection and send it again." });
  }
  button.disabled = false;
  field.focus();
}

function say(kind, text) {
  const item = document.createElement("li");
  item.className = kind;
  const words = document.createElement("p");
  words.textContent = text;
  item.append(words);
  list.append(item);
  item.scrollIntoView({ block: "end" });
  return item;
}

function show(item, answer) {
  item.className = answer.error ? "shop failed" : "shop";
  item.querySelector("p").textContent = answer.error || answer.reply;
  if (answer.error) return;
  if (answer.intent) {
    const intent = document.createElement("span");
    intent.className = "intent";
    intent.textContent = answer.intent.replaceAll("_", " ");
    item.append(intent);
  }
  const widget = document.createElement("flywheel-feedback");
  widget.setAttribute("trace-id", answer.trace_id);
  widget.setAttribute("public-key", document.body.dataset.publicKey);
  widget.setAttribute("user", answer.visitor);
  item.append(widget);
  item.scrollIntoView({ block: "end" });
}
