// The small panel beside a symbol: what else it may be, every other symbol, and which strokes belong to it.

import { putAway } from "./notices.js";

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export class Choices extends EventTarget {
  /**
   * Events: `choose` {strokes, label}, `release` {strokes}, `erase` {strokes}, `begin` and `join` {strokes} for the row,
   * `group` when its strokes may have changed, `close`.
   */
  constructor(panel) {
    super();
    this.panel = panel;
    this.known = [];
    this.opened = null;
    panel.addEventListener("keydown", (event) => this.#key(event));
  }

  setKnown(symbols) {
    this.known = symbols;
    this.text = new Map(symbols.map(({ label, text }) => [label, text]));
    this.names = new Map(symbols.map(({ label, name }) => [label, name]));
  }

  /** Whether the reader can be told that strokes are this. */
  knows(label) { return this.text?.has(label) ?? false; }

  show(label) { return this.text?.get(label) ?? label.replace(/^\\/, ""); }

  /** What a screen reader says: of a sign its name, for it passes over most signs. */
  spoken(label) {
    const plain = label.replace(/^\\/, "");
    return (!/\w/.test(plain) && this.names?.get(label)) || plain;
  }

  get isOpen() { return this.opened !== null; }

  /**
   * Open beside a box of the sheet (in its pixels).
   * `symbol` is {label, alternatives, strokes (ids), chosen, mayBegin, mayJoin}: a row, or its row the one above.
   */
  open(symbol, box, { focus = false } = {}) {
    this.opened = { ...symbol, strokes: [...symbol.strokes] };
    this.#render();
    this.panel.hidden = false;
    this.moveTo(box);
    this.#see();
    if (focus) this.panel.querySelector("li button")?.focus();
  }

  /** Stand beside another box: the sheet has another size. */
  moveTo(box) {
    this.box = box;
    this.#place();
  }

  close() {
    if (!this.isOpen) return;
    this.opened = null;
    putAway(this.panel);
    this.dispatchEvent(new Event("close"));
  }

  /** Add or remove a stroke of the opened symbol. */
  toggle(id) {
    const { strokes } = this.opened;
    const place = strokes.indexOf(id);
    if (place < 0) strokes.push(id);
    else if (strokes.length > 1) strokes.splice(place, 1);
    this.#count();
  }

  #render() {
    const { label, alternatives, chosen, mayBegin, mayJoin } = this.opened;
    const likely = [...alternatives];
    if (!likely.some((candidate) => candidate.label === label)) likely.unshift({ label, probability: null });
    const search = element("input", {
      type: "search", placeholder: "Any other symbol…", ariaLabel: "Search all symbols", autocomplete: "off", spellcheck: false,
    });
    search.setAttribute("autocapitalize", "off");
    const found = element("ul", { className: "found", hidden: true });
    for (const type of ["focus", "input"]) search.addEventListener(type, () => this.#search(search.value.trim(), found));
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !search.value.trim()) return;
      event.preventDefault(); // Choosing moves the focus to the symbol's button, which the same key would press.
      found.querySelector("button")?.click();
    });
    this.regroup = element("button", { type: "button", textContent: "Change strokes", ariaPressed: "false" });
    this.regroup.addEventListener("click", () => this.#setGrouping(!this.grouping));
    const foot = element("div", { className: "foot" }, this.regroup);
    const offer = (type, textContent) => {
      const button = element("button", { type: "button", textContent });
      button.addEventListener("click", () => this.#tell(type));
      foot.append(button);
      return button;
    };
    offer("erase", "Erase");
    if (chosen) offer("release", "Undo my choice");
    this.ofRow = [];
    if (mayBegin) this.ofRow.push(offer("begin", "New row from here"));
    if (mayJoin) this.ofRow.push(offer("join", "Join the row above"));
    const close = element("button", { type: "button", textContent: "×", ariaLabel: "Close" });
    close.addEventListener("click", () => this.close());
    this.explain = element("p", { hidden: true });
    this.panel.replaceChildren(
      element("h2", {}, element("span", { id: "choices-title", textContent: "What is this symbol?" }), close),
      element("ul", {}, ...likely.slice(0, 5).map((candidate) => this.#item(candidate))),
      search, found, this.explain, foot,
    );
    this.#setGrouping(false);
  }

  #item({ label, probability }) {
    const share = probability === undefined ? [] : [probability === null ? "chosen" : percent(probability)];
    const button = element("button", {
      type: "button", title: label, ariaLabel: [this.spoken(label), ...share].join(", "), ariaPressed: String(label === this.opened.label),
    }, element("b", { textContent: this.show(label) }), ...share.map((textContent) => element("small", { textContent })));
    button.dataset.label = label;
    button.addEventListener("click", () => this.#tell("choose", { label }));
    return element("li", {}, button);
  }

  #search(words, found) {
    const spaced = (name) => name.replaceAll("-", " "); // Unicode writes plus-minus.
    const wanted = words.toLowerCase();
    const hits = words
      ? this.known.filter(({ label, text, name }) => label === words || text === words || label.toLowerCase().includes(wanted)
          || (wanted.length > 1 && spaced(name).includes(spaced(wanted))))
          .sort((a, b) => (b.label === words) - (a.label === words) || a.label.length - b.label.length)
      : this.known;
    found.hidden = false;
    found.replaceChildren(...(hits.length ? hits.map(({ label }) => this.#item({ label })) : [element("li", { textContent: "No such symbol. Close this and write the LaTeX yourself instead.", className: "none" })]));
    this.#place();
  }

  #setGrouping(grouping) {
    this.grouping = grouping;
    this.regroup.ariaPressed = String(grouping);
    this.explain.hidden = !grouping;
    for (const button of this.ofRow) button.hidden = grouping; // The less room this takes, the more strokes can be tapped.
    this.#count();
    this.#place();
  }

  #count() {
    const count = this.opened.strokes.length;
    this.explain.textContent = `Tap strokes on the sheet to add or remove them (${count} now), then say what the symbol is.`;
    this.dispatchEvent(new Event("group"));
  }

  #tell(type, detail = {}) {
    const { strokes } = this.opened;
    this.close();
    this.dispatchEvent(new CustomEvent(type, { detail: { strokes, ...detail } }));
  }

  #place() {
    const sheet = this.panel.offsetParent;
    if (!sheet || !this.box) return;
    const { offsetWidth: width, offsetHeight: height } = this.panel;
    // The symbol may have been scrolled out of sight.
    const [first, last] = [this.box.top, this.box.bottom].map((at) => Math.max(0, Math.min(sheet.clientHeight, at)));
    const centre = (this.box.left + this.box.right) / 2 - width / 2;
    this.panel.style.left = `${Math.max(8, Math.min(sheet.clientWidth - width - 8, centre))}px`;
    const below = last + 14;
    const fitsAbove = first - height - 14 >= 8;
    // Above when there is no room below; otherwise below, over whatever follows the sheet.
    let top = below + height > sheet.clientHeight && fitsAbove ? first - height - 14 : below;
    // Strokes can only be tapped where nothing lies over them.
    const under = sheet.clientHeight + 8;
    if (this.grouping && sheet.getBoundingClientRect().top + under + height <= window.innerHeight) top = under;
    this.panel.style.top = `${top}px`;
  }

  /** Scroll to the panel, and to as much of the symbol beside it as the screen has room for. */
  #see() {
    const { offsetTop: top, offsetHeight: height, style } = this.panel;
    const room = Math.max(0, window.innerHeight - height - 16);
    const margin = (beside) => `${8 + Math.min(room, Math.max(0, beside))}px`;
    style.scrollMarginTop = margin(top - this.box.top);
    style.scrollMarginBottom = margin(this.box.bottom - top - height);
    this.panel.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const buttons = [...this.panel.querySelectorAll("li button")];
    const place = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") { this.close(); event.stopPropagation(); }
    if (place >= 0 && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      buttons[(place + (event.key === "ArrowRight" ? 1 : -1) + buttons.length) % buttons.length].focus();
      event.preventDefault();
    }
  }
}

export const percent = (share) => (share > 0.995 ? "> 99 %" : share < 0.01 ? "< 1 %" : `${Math.round(share * 100)} %`);
