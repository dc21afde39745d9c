// The formula: rendered, as LaTeX, symbol by symbol, and the other ways to read it.

import { percent } from "./choices.js";

const DOUBT = 0.6;
const SMALLEST = 0.55; // of the usual size, when a long formula is made to fit
const XML = "http://www.w3.org/XML/1998/namespace";

/** MathML text as an element whose symbols carry data-symbol, or null when the browser cannot parse it. */
function mathElement(text, block) {
  const parsed = new DOMParser().parseFromString(text, "application/xml").documentElement;
  if (parsed.localName !== "math") return null;
  const math = document.importNode(parsed, true);
  math.setAttribute("display", block ? "block" : "inline");
  for (const node of [math, ...math.querySelectorAll("*")]) {
    const mark = node.getAttribute("id") ?? node.getAttributeNS(XML, "id");
    node.removeAttribute("id");
    node.removeAttributeNS(XML, "id");
    if (mark?.startsWith("symbol-")) node.setAttribute("data-symbol", mark.slice(7));
  }
  return math;
}

/** Whether a symbol of a formula should be looked at; none should of one that the person wrote. */
export const isDoubtful = (symbol, formula) => !formula.own && (symbol.alternatives[0]?.probability ?? 1) < DOUBT;

const OWN = { writer: ["as you wrote it", "yours"], file: ["as the file says", "the file's"] };

const sureness = (formula) => OWN[formula.own]?.[0] ?? `${percent(formula.confidence)} sure`;

/** Events: `symbol` {index, focus} to open its choices, `hover` {index or null}, `take` {index} of a reading. */
export class Result extends EventTarget {
  formula = null;

  constructor(choices) {
    super();
    this.choices = choices;
    const find = (id) => document.getElementById(id);
    this.parts = {
      result: find("result"), math: find("formula"), empty: find("formula-empty"), latex: find("latex"),
      confidence: find("confidence"), symbols: find("symbols"), others: find("others"), othersEmpty: find("others-empty"), list: find("alternatives"), live: find("live"),
    };
    this.parts.math.addEventListener("click", (event) => {
      const index = symbolOf(event.target);
      if (index !== null) this.#tell("symbol", { index, focus: false });
    });
    this.parts.math.addEventListener("pointerover", (event) => this.#tell("hover", { index: symbolOf(event.target) }));
    this.parts.math.addEventListener("pointerleave", () => this.#tell("hover", { index: null }));
    this.parts.symbols.addEventListener("keydown", (event) => this.#walk(event));
    window.addEventListener("resize", () => this.#fit());
    document.fonts.addEventListener("loadingdone", () => this.#fit()); // Its letters are of another width than those before.
  }

  /** Say what stands where the formula will be. */
  explain(words = "Your formula appears here, after each stroke.") { this.parts.empty.textContent = words; }

  setState(state) { this.parts.result.dataset.state = state; }

  clear() {
    this.formula = null;
    const { math, empty, latex, confidence, symbols, list } = this.parts;
    math.replaceChildren();
    latex.textContent = "";
    refill(symbols, []);
    empty.hidden = false;
    this.explain();
    confidence.hidden = true;
    refill(list, []);
    this.#countReadings(0);
    this.setState("empty");
  }

  /** Show one of the readings, `taken`, and the list; `isChosen(symbol)` says whether a person decided on a symbol. */
  show(readings, taken, isChosen) {
    const formula = readings[taken];
    const { math, empty, latex, confidence, symbols, list, live } = this.parts;
    const changed = formula.latex !== this.formula?.latex || formula.own !== this.formula.own;
    this.formula = formula;
    const rendered = mathElement(formula.mathml, true);
    math.replaceChildren(rendered ?? document.createTextNode(formula.compact));
    latex.textContent = formula.compact;
    empty.hidden = true;
    confidence.hidden = false;
    const gauge = confidence.querySelector(".gauge");
    gauge.dataset.level = formula.confidence < 0.4 ? "low" : formula.confidence < 0.75 ? "fair" : "good";
    gauge.firstChild.style.width = `${100 * formula.confidence}%`;
    confidence.querySelector(".words").textContent = sureness(formula);
    // The elements of the formula stand in reading order, its symbols in the order in which they were written.
    const order = [...math.querySelectorAll("[data-symbol]")].map(({ dataset }) => dataset.symbol);
    const buttons = formula.symbols.map((symbol, index) => this.#symbol(symbol, index, isChosen(symbol)));
    refill(symbols, buttons.sort((a, b) => order.indexOf(a.dataset.symbol) - order.indexOf(b.dataset.symbol)));
    this.#countReadings(readings.length);
    refill(list, readings.map((reading, index) => this.#reading(reading, index, index === taken)));
    this.#fit();
    this.setState("shown");
    if (changed) live.textContent = `${formula.compact}, ${sureness(formula)}`;
  }

  /** Show which symbol the pointer is at. */
  mark(index) {
    for (const node of document.querySelectorAll("#formula [data-symbol], #symbols [data-symbol], #overlay [data-symbol]")) {
      node.classList.toggle("near", index !== null && node.dataset.symbol === String(index));
    }
  }

  /** Shrink what is too wide, rather than hide its end. */
  #fit() {
    const { math, list } = this.parts;
    const formulas = [math, ...list.querySelectorAll(".small-math")].filter((box) => box.firstElementChild);
    for (const box of formulas) box.firstElementChild.style.fontSize = "";
    const shares = formulas.map((box) => box.clientWidth / box.scrollWidth);
    for (const [index, box] of formulas.entries()) {
      if (shares[index] < 1) box.firstElementChild.style.fontSize = `${Math.max(SMALLEST, 0.98 * shares[index])}em`;
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

  #reading(reading, index, taken) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.ariaPressed = String(taken);
    const confidence = OWN[reading.own]?.[1] ?? percent(reading.confidence);
    button.ariaLabel = `${reading.compact}, ${confidence}`;
    const key = document.createElement("kbd");
    key.textContent = index + 1;
    const math = document.createElement("span");
    math.className = "small-math";
    math.append(mathElement(reading.mathml, false) ?? reading.compact);
    const share = document.createElement("span");
    share.className = "share";
    share.textContent = confidence;
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

/** Give a list other buttons. The focus stays at its place in the list, or leaves an empty one for the writing area. */
function refill(list, items) {
  const place = [...list.children].findIndex((item) => item.contains(document.activeElement));
  list.replaceChildren(...items);
  if (place < 0) return;
  const item = items[Math.min(place, items.length - 1)];
  const next = item ? item.querySelector("button") ?? item : document.getElementById("ink");
  next.focus({ preventScroll: true });
}

function symbolOf(target) {
  const index = target.closest("[data-symbol]")?.dataset.symbol;
  return index === undefined ? null : Number(index);
}
