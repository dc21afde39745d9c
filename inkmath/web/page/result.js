// The formula: rendered, as LaTeX, symbol by symbol, and the other ways to read it.

import { percent } from "./choices.js";
import { latexOf, leftOut } from "./rows.js";

const DOUBT = 0.6;
const BAR = "\u203e";
const HIGHEST_BAR = 0.15; // of the size of letters, with the room beneath it
const REACH = 10; // Pixels from an accent: no finger meets a bar of two.
const SMALLEST = 0.55; // of the usual size, when a long formula is made to fit
const PAPER = "600px"; // What printed sheets of A4 or letter size leave between their margins.
const XML = "http://www.w3.org/XML/1998/namespace";

/** MathML text as an element whose symbols carry data-symbol, from `first` on, or null when the browser cannot parse it. */
function mathElement(text, block, first = 0) {
  const parsed = new DOMParser().parseFromString(text, "application/xml").documentElement;
  if (parsed.localName !== "math") return null;
  const math = document.importNode(parsed, true);
  math.setAttribute("display", block ? "block" : "inline");
  for (const node of [math, ...math.querySelectorAll("*")]) {
    const mark = node.getAttribute("id") ?? node.getAttributeNS(XML, "id");
    node.removeAttribute("id");
    node.removeAttributeNS(XML, "id");
    if (mark?.startsWith("symbol-")) node.setAttribute("data-symbol", first + Number(mark.slice(7)));
  }
  return math;
}

/** Whether a symbol of a formula should be looked at; none should of one that the person wrote. */
export const isDoubtful = (symbol, formula) => !formula.own && (symbol.alternatives[0]?.probability ?? 1) < DOUBT;

const OWN = { writer: ["as you wrote it", "yours"], file: ["as the file says", "the file's"] };

const sureness = (formula) => OWN[formula.own]?.[0] ?? `${percent(formula.confidence)} sure`;

/**
 * Events: `symbol` {index, focus} to open its choices, `hover` {index or null}, `take` {index} of a reading, `row`
 * {index} to take it in hand. Indices of symbols count through all rows.
 */
export class Result extends EventTarget {
  formula = null; // That of the row in hand.
  #place = ""; // Which row that is, where there are several.
  #aim = null; // The row that the arrow keys have come to, until it is shown in hand.

  constructor(choices) {
    super();
    this.choices = choices;
    const find = (id) => document.getElementById(id);
    this.parts = {
      result: find("result"), math: find("formula"), empty: find("formula-empty"), latex: find("latex"),
      confidence: find("confidence"), symbols: find("symbols"), others: find("others"), othersTitle: find("others-title"), othersEmpty: find("others-empty"), list: find("alternatives"), live: find("live"),
    };
    this.parts.math.addEventListener("click", (event) => {
      const index = this.#meantBy(event);
      const row = event.target.closest("[data-row]");
      if (index !== null) this.#tell("symbol", { index, focus: false });
      else if (row) this.#tell("row", { index: Number(row.dataset.row) });
    });
    for (const part of [this.parts.math, this.parts.symbols]) part.addEventListener("keydown", (event) => this.#climb(event));
    this.parts.math.addEventListener("pointermove", (event) => this.#tell("hover", { index: this.#meantBy(event) }));
    this.parts.math.addEventListener("pointerleave", () => this.#tell("hover", { index: null }));
    this.parts.symbols.addEventListener("keydown", (event) => this.#walk(event));
    window.addEventListener("resize", () => this.#fit());
    window.addEventListener("beforeprint", () => {
      const { style } = this.parts.math;
      style.maxWidth = PAPER;
      this.#fit(0); // Paper cannot be scrolled.
      style.maxWidth = "";
    });
    window.addEventListener("afterprint", () => this.#fit());
    document.fonts.addEventListener("loadingdone", () => this.#fit()); // Its letters are of another width than those before.
  }

  /** Say what stands where the formula will be. */
  explain(words = "Your formula appears here, after each stroke.") { this.parts.empty.textContent = words; }

  setState(state) { this.parts.result.dataset.state = state; }

  clear() {
    this.formula = null;
    const { empty, latex, confidence, symbols, othersTitle, list } = this.parts;
    this.#place = "";
    this.#setRows([]);
    latex.textContent = "";
    refill(symbols, []);
    empty.hidden = false;
    this.explain();
    confidence.hidden = true;
    othersTitle.textContent = "Read as";
    refill(list, []);
    this.#countReadings(0);
    this.setState("empty");
  }

  /** Show all rows, and the readings of the one in hand; `isChosen(symbol)` says whether a person decided on a symbol. */
  show(rows, isChosen) {
    const { formula, readings, taken, first } = rows.inHand;
    const { empty, latex, confidence, symbols, othersTitle, list, live } = this.parts;
    const place = rows.list.length > 1 ? `Row ${rows.hand + 1} of ${rows.list.length}: ` : "";
    const changed = formula.latex !== this.formula?.latex || formula.own !== this.formula.own || place !== this.#place;
    this.formula = formula;
    this.#place = place;
    this.#aim = null;
    this.#setRows(rows.list, rows.hand);
    latex.textContent = latexOf(rows);
    latex.ariaMultiLine = String(rows.list.length > 1);
    empty.hidden = true;
    confidence.hidden = false;
    const gauge = confidence.querySelector(".gauge");
    gauge.dataset.level = formula.confidence < 0.4 ? "low" : formula.confidence < 0.75 ? "fair" : "good";
    gauge.firstChild.style.width = `${100 * formula.confidence}%`;
    confidence.querySelector(".words").textContent = sureness(formula);
    // A reading that the tab keeps from an earlier page may not tell its order.
    const order = formula.reading_order ?? [...formula.symbols.keys()];
    refill(symbols, order.map((index) => this.#symbol(formula.symbols[index], first + index, isChosen(formula.symbols[index]))));
    othersTitle.textContent = place ? `Row ${rows.hand + 1} read as` : "Read as";
    this.#countReadings(readings.length);
    refill(list, readings.map((reading, index) => {
      const share = leftOut(rows.inHand, reading).length ? "without a dot" : OWN[reading.own]?.[1] ?? percent(reading.confidence);
      return this.#reading(reading, index, index === taken, share);
    }));
    this.#fit();
    if (changed) this.#seeRow(rows.hand);
    this.setState("shown");
    if (changed) live.textContent = `${place}${formula.compact}, ${sureness(formula)}`;
  }

  /** Render the formula, or beneath each other those of several rows, each with a button that takes it in hand. */
  #setRows(list, hand) {
    const { math } = this.parts;
    const several = list.length > 1;
    const focused = math.contains(document.activeElement);
    const scrolled = [...math.querySelectorAll(".line")].map(({ scrollLeft }) => scrollLeft);
    const rendered = list.map(({ formula, first }) => mathElement(formula.mathml, true, first) ?? document.createTextNode(formula.compact));
    math.classList.toggle("several", several);
    math.role = several ? "radiogroup" : null;
    math.ariaLabel = several ? "Rows: choose the one to look at" : null;
    math.replaceChildren(...(several
      ? rendered.map((element, index) => this.#row(element, index, list[index].formula, index === hand))
      : rendered));
    for (const [index, line] of math.querySelectorAll(".line").entries()) line.scrollLeft = scrolled[index] ?? 0;
    if (focused) (math.querySelector("[aria-checked=true]") ?? document.getElementById("ink")).focus({ preventScroll: true });
  }

  #row(element, index, formula, inHand) {
    const row = document.createElement("div");
    row.className = "row";
    row.dataset.row = index;
    const button = document.createElement("button");
    button.type = "button";
    button.role = "radio";
    button.ariaChecked = String(inHand);
    button.tabIndex = inHand ? 0 : -1;
    button.textContent = index + 1;
    button.ariaLabel = `Row ${index + 1}: ${formula.compact}`;
    const line = document.createElement("div");
    line.className = "line";
    line.append(element);
    row.append(button, line);
    return row;
  }

  /** Scroll to the row in hand and its LaTeX, but not the page: that may be at its writing area. */
  #seeRow(hand) {
    const { math, latex } = this.parts;
    const row = math.querySelector("[aria-checked=true]")?.parentElement;
    if (!row) return;
    bring(math, row.getBoundingClientRect());
    const lines = latex.textContent.split("\n"); // The first and the last of them are of no row.
    const begin = lines.slice(0, hand + 1).join("\n").length + 1;
    const range = document.createRange();
    range.setStart(latex.firstChild, begin);
    range.setEnd(latex.firstChild, begin + lines[hand + 1].length);
    bring(latex, range.getBoundingClientRect());
  }

  /** Up and down to other rows. */
  #climb(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [...this.parts.math.querySelectorAll("[role=radio]")];
    if (!step || !rows.length) return;
    const from = this.#aim ?? rows.findIndex(({ ariaChecked }) => ariaChecked === "true");
    this.#aim = (from + step + rows.length) % rows.length;
    this.#tell("row", { index: this.#aim });
    event.preventDefault();
  }

  /**
   * The symbol of the formula at or under a pointer, or null. What is close above its letters is an accent, which
   * browsers make as thin as its ink and, where it is stretched, of no width.
   */
  #meantBy({ target, clientX: x, clientY: y }) {
    const under = symbolOf(target);
    for (const accent of this.parts.math.querySelectorAll("[accent] > [data-symbol]:last-child")) {
      const { left, right } = accent.parentElement.getBoundingClientRect();
      const { top, bottom } = accent.getBoundingClientRect();
      const reach = under === null || accent.parentElement.contains(target) ? REACH : 2; // Else it is on something else.
      if (x >= left && x <= right && y >= top - reach && y <= bottom + 2) return Number(accent.dataset.symbol);
    }
    return under;
  }

  /** Show which symbol the pointer is at. */
  mark(index) {
    for (const node of document.querySelectorAll("#formula [data-symbol], #symbols [data-symbol], #overlay [data-symbol]")) {
      node.classList.toggle("near", index !== null && node.dataset.symbol === String(index));
    }
  }

  /** Shrink what is too wide, rather than hide its end. */
  #fit(smallest = SMALLEST) {
    const { math, list } = this.parts;
    for (const box of [math, list]) lowerBars(box);
    const shown = math.classList.contains("several") ? math.querySelectorAll(".line") : [math];
    const formulas = [...shown, ...list.querySelectorAll(".small-math")].filter((box) => box.firstElementChild);
    for (const box of formulas) box.firstElementChild.style.fontSize = "";
    const shares = formulas.map((box) => box.clientWidth / box.scrollWidth);
    for (const [index, box] of formulas.entries()) {
      if (shares[index] < 1) box.firstElementChild.style.fontSize = `${Math.max(smallest, 0.98 * shares[index])}em`;
    }
  }

  #countReadings(count) {
    this.parts.others.toggleAttribute("data-empty", count === 0);
    this.parts.othersEmpty.hidden = count > 0;
  }

  #symbol(symbol, index, chosen) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.choices.show(symbol.label);
    button.dataset.symbol = index;
    const doubtful = isDoubtful(symbol, this.formula) && !chosen;
    button.className = chosen ? "chosen" : doubtful ? "doubt" : "";
    button.ariaLabel = `${this.choices.spoken(symbol.label)}${chosen ? ", your choice" : doubtful ? ", doubtful" : ""}`;
    button.addEventListener("click", () => this.#tell("symbol", { index, focus: true }));
    for (const type of ["pointerenter", "focus"]) button.addEventListener(type, () => this.#tell("hover", { index }));
    for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => this.#tell("hover", { index: null }));
    return button;
  }

  #reading(reading, index, taken, said) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.ariaPressed = String(taken);
    button.ariaLabel = `${reading.compact}, ${said}`;
    const key = document.createElement("kbd");
    key.textContent = index + 1;
    const math = document.createElement("span");
    math.className = "small-math";
    math.append(mathElement(reading.mathml, false) ?? reading.compact);
    const share = document.createElement("span");
    share.className = "share";
    share.textContent = said;
    button.append(key, math, share);
    button.addEventListener("click", () => this.#tell("take", { index }));
    item.append(button);
    return item;
  }

  #walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...this.parts.symbols.querySelectorAll("button")];
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  }

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

/** WebKit draws a stretched bar as high above its letters as their font has it above the line: let it lie on them. */
function lowerBars(box) {
  for (const bar of box.querySelectorAll("mover > mo:last-child")) {
    const high = bar.getBoundingClientRect().height / parseFloat(getComputedStyle(bar).fontSize);
    if (bar.textContent === BAR && high > HIGHEST_BAR) bar.style.translate = `0 ${high - HIGHEST_BAR}em`;
  }
}

/** Give a list other buttons. The focus stays at its place in the list, or leaves an empty one for the writing area. */
function refill(list, items) {
  const place = [...list.children].findIndex((item) => item.contains(document.activeElement));
  list.replaceChildren(...items);
  if (place < 0) return;
  const item = items[Math.min(place, items.length - 1)];
  const next = item ? item.querySelector("button") ?? item : document.getElementById("ink");
  next.focus({ preventScroll: true });
}

/** Scroll a box as little as shows what lies at a place of the window. */
function bring(box, { top, bottom }) {
  const { top: highest } = box.getBoundingClientRect();
  const over = top - highest - box.clientTop;
  const under = bottom - highest - box.clientTop - box.clientHeight;
  if (over < 0) box.scrollTop += over;
  else if (under > 0) box.scrollTop += Math.min(under, over);
}

function symbolOf(target) {
  const index = target.closest("[data-symbol]")?.dataset.symbol;
  return index === undefined ? null : Number(index);
}
