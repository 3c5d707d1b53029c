// What the pages do beyond links and forms: dialogs, sliders, completion of formulas. Nothing here computes; every number
// comes from the server. The server sends it in one file with vendor/ and the script of the charts (web.go).

const lang = document.documentElement.lang;
const $ = (id) => document.getElementById(id);

// --- dialogs -------------------------------------------------------------------------------------------------------

const dialog = $("dialog");
let opener = null;

document.addEventListener("htmx:afterSwap", (e) => {
  if (e.detail.target.id === "dialog-body" && !dialog.open) {
    opener = e.detail.requestConfig?.elt;
    dialog.showModal();
  }
});
document.addEventListener("click", (e) => {
  if (e.target.closest("[data-close]") || e.target === dialog) dialog.close();
  const print = e.target.closest("[data-print]");
  if (print) { e.preventDefault(); window.print(); }
  const menu = e.target.closest("details.menu");
  document.querySelectorAll("details.menu[open]").forEach((d) => { if (d !== menu) d.removeAttribute("open"); });
  const select = e.target.closest("[data-select]");
  if (select) select.select();
  const sure = e.target.closest("[data-sure]");
  if (sure && !confirm(sure.dataset.sure)) e.preventDefault();
  const line = e.target.closest("[data-line]");
  if (line) place(line);
});
dialog?.addEventListener("close", () => {
  $("dialog-body").replaceChildren();
  if (opener?.isConnected) opener.focus();
});
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((d) => { d.removeAttribute("open"); d.querySelector("summary").focus(); });
  if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
  const key = e.shiftKey && e.key.toLowerCase() === "z" ? "y" : e.key.toLowerCase();
  if (key !== "s" && e.target.matches?.("textarea, input[type=text], input[type=search], input:not([type])")) return; // the field has its own
  const button = document.querySelector(`[data-key="${key}"]:not(:disabled)`);
  if (button && !dialog.open) { e.preventDefault(); button.click(); }
});

// A form in the dialog closes it when the server took it; else the answer's text stands in the form.
document.addEventListener("htmx:afterRequest", (e) => {
  const form = e.detail.elt.closest?.("form[data-close-on-success]");
  if (form && e.detail.successful && e.detail.requestConfig.path === form.getAttribute("hx-post")) dialog.close();
});
document.addEventListener("htmx:beforeSwap", (e) => {
  const status = e.detail.xhr.status;
  if (status < 400) return;
  e.detail.shouldSwap = false;
  let text = e.detail.xhr.getResponseHeader("X-Message");
  text = text ? decodeURIComponent(text) : String(status);
  const wrong = $("edit-wrong"), waiting = e.detail.target.querySelector?.("[data-wait]");
  if (dialog.open && wrong) wrong.textContent = text;
  else if (waiting) waiting.textContent = text;
  else toast(text);
  // The explanation is asked for again where the server says when.
  const again = e.detail.xhr.getResponseHeader("Retry-After");
  if (e.detail.target.id === "why" && again) setTimeout(() => htmx.trigger(document.body, "why"), again * 1000);
});
document.addEventListener("htmx:sendError", () => toast(document.body.dataset.offline || "…"));
document.addEventListener("toast", (e) => toast(e.detail.value ?? e.detail));

// A file that the server would refuse is not sent at all.
document.addEventListener("change", (e) => {
  const form = e.target.closest?.("form[data-most]");
  if (!form || e.target.type !== "file" || !(e.target.files[0]?.size > form.dataset.most)) return;
  e.target.value = "";
  toast(form.dataset.big);
});
// A large file says how much of it has gone; what comes after is the server's to say.
document.addEventListener("htmx:xhr:progress", (e) => {
  const bar = e.target.closest?.("form[data-upload]")?.querySelector("progress");
  if (!bar || !e.detail.lengthComputable || !e.detail.total) return;
  bar.hidden = false;
  bar.value = 100 * e.detail.loaded / e.detail.total;
});
document.addEventListener("htmx:afterRequest", (e) => {
  const bar = e.detail.elt.closest?.("form[data-upload]")?.querySelector("progress");
  if (bar) bar.hidden = true;
});

// On a narrow window the row of tabs is wider than the window: the current one is in sight. Asked with the first frame: before
// it, the browser would lay out the page a time more than it has to.
requestAnimationFrame(() => {
  const current = document.querySelector(".tabs [aria-current]");
  if (current) current.parentElement.scrollLeft = current.offsetLeft + current.offsetWidth / 2 - current.parentElement.clientWidth / 2;
});

let toastTimer;
function toast(text) {
  const t = $("toast");
  t.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { t.textContent = ""; }, 6000);
}
document.querySelectorAll("[data-toast]").forEach((t) => setTimeout(() => t.remove(), 5000));

// --- sliders -------------------------------------------------------------------------------------------------------

// RangeInput holds one input per handle. While one moves, a quick run answers; where it stops, the value is taken.
// One request is on its way at a time; what came meanwhile is sent after it, so that the last position always counts.
class RangeInput extends HTMLElement {
  #busy = false;
  #next = null;

  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.addEventListener("input", (e) => { e.target.moved = true; this.#keepOrder(e.target); this.#draw(); this.#send("live"); });
    this.addEventListener("change", () => this.#send("edit"));
    this.addEventListener("pointerdown", (e) => this.#grab(e));
    this.addEventListener("focusin", () => this.#draw());
    this.addEventListener("focusout", () => this.#draw());
  }

  get inputs() { return [...this.querySelectorAll("input")]; }

  // The handles lie above each other, so the pointer moves the nearest one.
  #grab(e) {
    if (e.button) return;
    const box = this.getBoundingClientRect();
    const at = (x) => {
      const i = this.inputs[0];
      return +i.min + (i.max - i.min) * Math.min(1, Math.max(0, (x - box.left) / box.width));
    };
    const x = at(e.clientX);
    const input = this.inputs.reduce((a, b) => Math.abs(b.value - x) < Math.abs(a.value - x) ? b : a);
    const before = input.value;
    const offset = Math.abs(input.value - x) < (input.max - input.min) * 10 / box.width ? input.value - x : 0;
    const move = (m) => {
      const old = input.value;
      input.value = at(m.clientX) + offset;
      if (input.value !== old) input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    e.preventDefault();
    input.focus({ preventScroll: true });
    this.setPointerCapture(e.pointerId);
    move(e);
    this.addEventListener("pointermove", move);
    const stop = () => {
      this.removeEventListener("pointermove", move);
      if (input.value !== before) input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    this.addEventListener("pointerup", stop, { once: true });
    this.addEventListener("pointercancel", stop, { once: true });
  }

  // The middle takes its range along, in the way that keeps the range's shape: by a factor where values are positive, by
  // odds where they are shares, else by a distance.
  #shift(middle) {
    const [low, , high] = this.inputs, unit = +this.dataset.whole || 1;
    const to = { factor: Math.log, odds: (v) => Math.log(v / unit / (1 - v / unit)), distance: (v) => v }[this.dataset.scale];
    const from = { factor: Math.exp, odds: (y) => unit / (1 + Math.exp(-y)), distance: (y) => y }[this.dataset.scale];
    const was = (i) => +i.getAttribute("value");
    const by = to(+middle.value) - to(was(middle));
    if (!Number.isFinite(by)) return;
    for (const i of [low, high]) { i.value = from(to(was(i)) + by); i.moved = true; }
  }

  // Low stays below the middle, the middle below high.
  #keepOrder(moved) {
    if (moved.name === "middle") this.#shift(moved);
    const all = this.inputs, k = all.indexOf(moved), step = +moved.step;
    const digits = (String(moved.step).split(".")[1] ?? "").length;
    const push = (i, v) => { all[i].value = v.toFixed(digits); all[i].moved = true; };
    for (let i = k + 1; i < all.length; i++) if (+all[i].value <= +all[i - 1].value) push(i, +all[i - 1].value + step);
    for (let i = k - 1; i >= 0; i--) if (+all[i].value >= +all[i + 1].value) push(i, +all[i + 1].value - step);
  }

  #draw() {
    const all = this.inputs, svg = this.querySelector("svg");
    const share = (i) => 100 * (i.value - i.min) / (i.max - i.min) + "%";
    const middle = all.length > 1 ? all[1] : all[0];
    svg.querySelector(".thumb").setAttribute("cx", share(middle));
    svg.querySelector(".thumb").classList.toggle("focus", document.activeElement === middle);
    const span = svg.querySelector(".span");
    if (span) {
      span.setAttribute("x1", share(all[0]));
      span.setAttribute("x2", share(all[2]));
      const ends = svg.querySelectorAll(".end");
      ends[0].setAttribute("cx", share(all[0]));
      ends[1].setAttribute("cx", share(all[2]));
      ends[0].classList.toggle("focus", document.activeElement === all[0]);
      ends[1].classList.toggle("focus", document.activeElement === all[2]);
    }
    const value = this.closest(".row")?.querySelector("[data-value]");
    if (value && all.some((i) => i.moved)) {
      const format = new Intl.NumberFormat(lang, { maximumFractionDigits: +this.dataset.digits || 0 });
      for (const i of all) if (i.moved) i.setAttribute("aria-valuetext", i.getAttribute("aria-valuetext").replace(/\d([\d.,'\s]*\d)?/, format.format(i.value)));
      value.textContent = all.map((i) => format.format(i.moved ? i.value : i.getAttribute("value"))).join("–");
    }
  }

  async #send(kind) {
    if (this.#busy) {
      this.#next = kind === "edit" || this.#next === "edit" ? "edit" : "live";
      return;
    }
    this.#busy = true;
    const values = { path: this.dataset.path, scenario: this.dataset.scenario };
    // A handle nobody moved stays where the file says, also between two steps of the slider.
    for (const i of this.inputs) values[i.name] = i.moved ? i.value : i.getAttribute("value");
    if (kind === "edit") values.op = "range";
    else if (matchMedia("(max-width: 760px)").matches) values.narrow = 1;
    let refused = false;
    const watch = (e) => { if (e.detail.elt === this && !e.detail.successful) refused = true; };
    document.addEventListener("htmx:afterRequest", watch);
    try {
      await htmx.ajax("POST", this.dataset[kind], { source: this, swap: "none", values });
      if (kind === "edit" && !this.#next) {
        for (const i of this.inputs) { i.moved = false; if (refused) i.value = i.getAttribute("value"); }
        this.#draw();
      }
    } finally {
      document.removeEventListener("htmx:afterRequest", watch);
      this.#busy = false;
      const next = this.#next;
      this.#next = null;
      if (next) this.#send(next);
    }
  }
}
customElements.define("range-input", RangeInput);

// --- values typed in the dialog ------------------------------------------------------------------------------------

document.addEventListener("input", (e) => {
  if (!e.target.matches("[data-preview]")) return;
  const form = e.target.form, written = form.elements.value;
  const [low, middle, high] = ["low", "middle", "high"].map((n) => form.elements[n].value.trim());
  const unit = written.value.match(/[\p{L}%€$].*$/u)?.[0] ?? "";
  const point = (s) => lang === "de" ? s.replaceAll(".", "").replace(",", ".") : s.replaceAll(",", "");
  const parts = [low, middle, high].filter(Boolean).map(point);
  written.value = parts.join(" .. ") + (unit ? " " + unit : "");
  written.dispatchEvent(new Event("input", { bubbles: true }));
});

// --- the file as text ----------------------------------------------------------------------------------------------

function place(mark) {
  const area = $("text");
  if (!area) return;
  const lines = area.value.split("\n");
  let at = 0;
  for (let i = 0; i < mark.dataset.line - 1; i++) at += lines[i].length + 1;
  at += Math.max(0, mark.dataset.column - 1);
  area.focus();
  area.setSelectionRange(at, at);
  area.scrollTop = area.scrollHeight * (mark.dataset.line - 6) / lines.length;
}

// Names complete while they are typed: the server lists what fits before the cursor.
class Completion {
  constructor(field) {
    this.field = field;
    this.list = Object.assign(document.createElement("menu"), { className: "pop complete", role: "listbox", hidden: true });
    this.list.id = "complete-" + Math.random().toString(36).slice(2);
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-expanded", "false");
    field.setAttribute("aria-controls", this.list.id);
    field.parentElement.classList.add("completes");
    field.after(this.list);
    field.addEventListener("keydown", (e) => this.key(e));
    field.addEventListener("blur", () => setTimeout(() => this.close(), 120));
    this.list.addEventListener("pointerdown", (e) => { e.preventDefault(); this.take(e.target.closest("[data-word]")); });
  }
  word() { return this.field.value.slice(0, this.field.selectionStart).match(/[\p{L}_][\p{L}\p{N}_.]*$/u)?.[0] ?? ""; }
  async ask() {
    const word = this.word();
    if (word.length < 2) return this.close();
    const url = new URL(this.field.dataset.complete, location.href);
    url.searchParams.set("word", word);
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (!answer.ok || this.word() !== word) return;
    const found = await answer.json();
    this.list.replaceChildren(...found.map((f, i) => {
      const li = document.createElement("li"), b = document.createElement("span");
      li.append(b);
      b.dataset.word = f.word;
      b.id = this.list.id + "-" + i;
      b.setAttribute("role", "option");
      b.append(Object.assign(document.createElement("b"), { textContent: f.word }), " ", Object.assign(document.createElement("small"), { textContent: f.text }));
      return li;
    }));
    this.at = -1;
    this.list.hidden = !found.length;
    this.field.setAttribute("aria-expanded", String(found.length > 0));
  }
  close() { this.list.hidden = true; this.field.setAttribute("aria-expanded", "false"); this.field.removeAttribute("aria-activedescendant"); }
  key(e) {
    if (this.list.hidden) return;
    const all = [...this.list.querySelectorAll("[data-word]")];
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      this.at = (this.at + (e.key === "ArrowDown" ? 1 : -1) + all.length) % all.length;
      all.forEach((o, i) => o.setAttribute("aria-selected", String(i === this.at)));
      this.field.setAttribute("aria-activedescendant", all[this.at].id);
      all[this.at].scrollIntoView({ block: "nearest" });
    } else if (e.key === "Enter" || e.key === "Tab") {
      if (this.at < 0 && e.key === "Enter") return this.close();
      e.preventDefault();
      this.take(all[Math.max(0, this.at)]);
    } else if (e.key === "Escape") { e.stopPropagation(); e.preventDefault(); this.close(); }
  }
  take(option) {
    if (!option) return;
    const end = this.field.selectionStart, start = end - this.word().length;
    this.field.setRangeText(option.dataset.word, start, end, "end");
    this.close();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
const completions = new WeakMap();
document.addEventListener("input", (e) => {
  const field = e.target;
  if (!field.dataset?.complete || e.isTrusted === false) return;
  if (!completions.has(field)) completions.set(field, new Completion(field));
  const c = completions.get(field);
  clearTimeout(c.timer);
  c.timer = setTimeout(() => c.ask(), 120);
});
