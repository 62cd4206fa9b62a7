/* Flywheel feedback widget, version 1.
 *
 *   <script type="module" src="https://YOUR-FLYWHEEL/widget/v1.js"></script>
 *   <flywheel-feedback trace-id="…" public-key="fw_pk_…" user="your-user-id"></flywheel-feedback>
 *
 * trace-id is the x-flywheel-trace-id header of the gateway's answer. The element lives in a shadow root, sets
 * no cookie and sends nothing until somebody presses a thumb. It fires `flywheel-feedback` with the stored
 * judgement as `detail`.
 */
const ORIGIN = new URL(import.meta.url).origin;

const STYLE = `
:host { display: inline-block; font: 14px/1.4 system-ui, sans-serif; color: inherit; }
[hidden] { display: none !important; }
.row { display: flex; gap: 6px; align-items: center; }
button { font: inherit; color: inherit; background: transparent; border: 1px solid currentColor; border-radius: 8px;
  min-width: 36px; min-height: 32px; padding: 2px 10px; cursor: pointer; opacity: .75; }
button:hover { opacity: 1; }
button:focus-visible, textarea:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
button[aria-pressed="true"] { opacity: 1; background: #0b6e75; border-color: #0b6e75; color: #fff; }
form { margin-top: 8px; display: grid; gap: 6px; max-width: 340px; }
textarea { font: inherit; color: inherit; background: transparent; border: 1px solid currentColor; border-radius: 8px;
  padding: 6px 8px; min-height: 56px; resize: vertical; }
p { margin: 0; }
`;

const THUMB = "M2 9h3v10H2zm5 10h8.6a2 2 0 0 0 1.9-1.4l2.1-6.6A1.5 1.5 0 0 0 18.2 9H13l.8-4.2A2 2 0 0 0 12 2.4L7 9z";

class FlywheelFeedback extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.label = "";
    this.build(root);
  }

  build(root) {
    const row = make("div", { class: "row", role: "group", "aria-label": this.text("question", "Was this helpful?") });
    this.up = this.thumb("up", this.text("up", "Helpful"));
    this.down = this.thumb("down", this.text("down", "Not helpful"));
    row.append(this.up, this.down);
    this.form = make("form", { hidden: "" });
    this.comment = make("textarea", { maxlength: "4000", "aria-label": "Comment", placeholder: "What was good or wrong? (optional)" });
    const send = make("button", { type: "submit" });
    send.textContent = this.text("send", "Send comment");
    this.form.append(this.comment, send);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.sendComment(); });
    this.status = make("p", { role: "status", "aria-live": "polite" });
    root.append(row, this.form, this.status);
  }

  thumb(label, title) {
    const button = make("button", { type: "button", "aria-pressed": "false", "aria-label": title, title, part: label });
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of Object.entries({ width: 18, height: 18, viewBox: "0 0 22 22", "aria-hidden": "true" })) svg.setAttribute(name, value);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", THUMB);
    path.setAttribute("fill", "currentColor");
    if (label === "down") path.setAttribute("transform", "rotate(180 11 11)");
    svg.append(path);
    button.append(svg);
    button.addEventListener("click", () => this.press(label));
    return button;
  }

  text(name, fallback) {
    return this.getAttribute(`text-${name}`) || fallback;
  }

  async press(label) {
    const before = this.label;
    this.mark(label);
    if (await this.post(label)) {
      this.form.hidden = false;
      this.say(this.text("thanks", "Thank you."));
    } else {
      this.mark(before);
    }
  }

  async sendComment() {
    if (!this.comment.value.trim()) return;
    if (await this.post(this.label, this.comment.value)) {
      this.form.hidden = true;
      this.say(this.text("thanks", "Thank you."));
    }
  }

  mark(label) {
    this.label = label;
    this.up.setAttribute("aria-pressed", String(label === "up"));
    this.down.setAttribute("aria-pressed", String(label === "down"));
  }

  say(words) {
    this.status.textContent = words;
  }

  async post(label, comment = "") {
    const endpoint = this.getAttribute("endpoint") || ORIGIN;
    try {
      const answer = await fetch(`${endpoint}/api/feedback`, {
        method: "POST",
        credentials: "omit",
        headers: { authorization: `Bearer ${this.getAttribute("public-key")}`, "content-type": "application/json" },
        body: JSON.stringify({ trace_id: this.getAttribute("trace-id"), label, comment, user: this.getAttribute("user") || "" }),
      });
      const stored = await answer.json();
      if (!answer.ok) throw new Error(stored.error ? stored.error.message : `HTTP ${answer.status}`);
      this.dispatchEvent(new CustomEvent("flywheel-feedback", { bubbles: true, composed: true, detail: stored }));
      return true;
    } catch (error) {
      this.say(`Not sent: ${error.message}`);
      return false;
    }
  }
}

function make(tag, attributes) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

if (!customElements.get("flywheel-feedback")) customElements.define("flywheel-feedback", FlywheelFeedback);
