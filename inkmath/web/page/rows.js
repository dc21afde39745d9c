// Formulas written beneath each other: how each is read, and which of them is in hand.

import { differing, strokesOf } from "./ink.js";
import { plainMathml } from "./exchange.js";

/** What readings are told apart by: what they say, and which strokes are together. */
export const nameOf = ({ latex, symbols }) => JSON.stringify([latex, symbols.map(({ strokes }) => String(strokes)).sort()]);

/**
 * @typedef {{strokes: number[], readings: object[], best: object, taken: number, formula: object, first: number}} Row
 *   its strokes by id; the reader's readings and that of the person; which of them is shown, by its place and itself; and
 *   the number of its first symbol: symbols count through all rows
 */

export class Rows {
  /** @type {Row[]} */
  list = [];
  /** The number of the row that is corrected, saved and kept. */
  hand = 0;
  #near = []; // Strokes of the row in hand, the likeliest to tell it first.

  get inHand() { return this.list[this.hand]; }

  /** The symbols of all rows. */
  get symbols() { return this.list.flatMap(({ formula }) => formula.symbols); }

  /** Which row a stroke is of, or -1. */
  of(id) { return this.list.findIndex(({ strokes }) => strokes.includes(id)); }

  /** Hold what the reader answered, the readings of each row, with those that a person took or wrote. */
  set(answer, wanted) {
    let first = 0;
    this.list = answer.map((readings) => {
      const row = { ...rowOf(readings, wanted), first };
      first += row.formula.symbols.length;
      return row;
    });
    const hand = this.#near.map((id) => this.of(id)).find((row) => row >= 0);
    this.hand = hand ?? Math.max(0, Math.min(this.hand, this.list.length - 1));
  }

  /** Take the row in hand that a stroke is of. */
  take(id) {
    this.#near = [id];
    this.hand = Math.max(0, this.of(id));
  }

  /** Take the row in hand that was written or decided on last, once it is read. */
  follow(before, after) {
    const changed = [
      ...differing(before.strokes, after.strokes).map(({ id }) => id),
      ...differing(before.choices, after.choices).flatMap(({ strokes }) => strokes),
      ...differing(before.readings, after.readings).flatMap(strokesOf),
      ...differing(before.joined, after.joined).flat(),
      ...differing(before.begins, after.begins),
    ];
    if (!changed.length) return;
    // Of what was erased, the rest of its row tells where it was; where all of a row is gone, the one in hand stays.
    const beside = changed.flatMap((id) => this.list[this.of(id)]?.strokes ?? []);
    this.#near = [...changed.reverse(), ...beside, ...(this.inHand?.strokes ?? [])];
  }
}

function rowOf(readings, wanted) {
  const [best] = readings;
  const strokes = strokesOf(best);
  const own = wanted.find((reading) => String(strokesOf(reading)) === String(strokes));
  let shown = own ? readings.findIndex((reading) => nameOf(reading) === nameOf(own)) : 0;
  if (shown < 0) {
    readings = [own, ...readings];
    shown = 0;
  } else if (own?.own) {
    const { confidence } = own;
    readings = readings.map((reading, index) => (index === shown ? { ...reading, own: own.own, confidence } : reading));
  }
  return { strokes, readings, best, taken: shown, formula: readings[shown] };
}

/** The strokes of a row that a reading leaves out: dots that may be stray taps. */
export const leftOut = ({ strokes }, reading) => {
  const read = strokesOf(reading);
  return strokes.filter((id) => !read.includes(id));
};

/** The LaTeX of all rows. */
export function latexOf({ list }) {
  if (list.length === 1) return list[0].formula.compact;
  return `\\begin{aligned}\n${list.map(({ formula }) => `&${formula.compact}`).join(" \\\\\n")}\n\\end{aligned}`;
}

/** One MathML element of all rows, without the marks that tie it to the ink. */
export function mathmlOf({ list }) {
  const [first, ...others] = list.map(({ formula }) => plainMathml(formula.mathml));
  if (!others.length) return first;
  // Browsers know the style only, other programs the attributes.
  const cells = [first, ...others].map((math) => `<mtr><mtd style="text-align: left">${math.replace(/^<math[^>]*>|<\/math>$/g, "")}</mtd></mtr>`);
  return `${first.match(/^<math[^>]*>/)[0]}<mtable columnalign="left" displaystyle="true">${cells.join("")}</mtable></math>`;
}
