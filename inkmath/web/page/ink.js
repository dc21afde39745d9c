// What is written: strokes, what a person decided about them, and the way back to every earlier state.

/**
 * @typedef {{id: number, points: Array<[number, number, number]>}} Stroke  points are [x, y, pressure]
 * @typedef {{strokes: number[], label: string}} Choice  strokes by id
 * @typedef {{strokes: readonly Stroke[], choices: readonly Choice[], readings: readonly object[], begins: readonly number[],
 *   joined: readonly (readonly number[])[], whole: boolean}} State
 *   never changed, only replaced; `readings` are formulas a person took or wrote in place of the best, each for the
 *   row of just its strokes (by id); `begins` are strokes that begin a row, `joined` sets of strokes that are of one;
 *   `whole` says that all is one formula, whatever lies beneath each other
 */

/** @type {State} */
const NOTHING = { strokes: [], choices: [], readings: [], begins: [], joined: [], whole: false };

const MAX_HISTORY = 500;

/** Events: `change` {elsewhere}, which says whether it may be where nobody looks: an earlier or later state come back, or other ink. */
export class Ink extends EventTarget {
  /** @type {State} */
  state = NOTHING;
  #past = [];
  #future = [];
  #nextId = 0;

  get isEmpty() { return this.state.strokes.length === 0; }
  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }

  stroke(id) { return this.state.strokes.find((stroke) => stroke.id === id); }

  add(points) {
    this.#go({ ...this.state, strokes: [...this.state.strokes, { id: this.#nextId++, points }] });
  }

  /** Forget strokes, and every choice about a symbol that one of them belonged to. */
  remove(ids) {
    const gone = new Set(ids);
    const strokes = this.state.strokes.filter((stroke) => !gone.has(stroke.id));
    if (strokes.length === this.state.strokes.length) return;
    if (!strokes.length) return this.#go(NOTHING);
    // Who erases what a row begins with writes it anew: what was written next holds its place.
    const begins = this.state.begins.map((id) => strokes.find((stroke) => stroke.id >= id)?.id).filter((id) => id > strokes[0].id);
    const joined = this.state.joined.map((ids) => ids.filter((id) => !gone.has(id))).filter(({ length }) => length > 1);
    this.#go({
      ...this.state, strokes, choices: this.#choicesBeside(gone), readings: this.#readingsBeside(gone), begins: [...new Set(begins)], joined,
    });
  }

  /**
   * Decide what strokes are, in place of earlier choices about any of them or of those `freed`, and how the row of some
   * strokes is to be read (null: as the reader thinks best): the choices hold while writing goes on, the reading until
   * something else is written or decided in its row.
   */
  choose(choices, { freed = [], row = [], reading = null } = {}) {
    const decided = new Set([...freed, ...choices.flatMap((choice) => choice.strokes)]);
    const kept = this.#readingsBeside(new Set([...decided, ...row]));
    this.#go({
      ...this.state,
      choices: [...this.#choicesBeside(decided), ...choices],
      readings: reading ? [...kept, reading] : kept,
    });
  }

  /** Leave strokes to the recogniser again. */
  release(ids) {
    const freed = new Set(ids);
    this.#go({ ...this.state, choices: this.#choicesBeside(freed), readings: this.#readingsBeside(freed) });
  }

  /** Let a row begin with a stroke. */
  beginRow(id) {
    this.#go({
      ...this.state, begins: [...this.state.begins, id], joined: this.state.joined.filter((ids) => !parts(id, ids)), whole: false,
    });
  }

  /** Let strokes be of one row. */
  joinRows(ids) {
    const others = this.state.joined.filter((some) => !some.every((id) => ids.includes(id)));
    this.#go({ ...this.state, joined: [...others, ids] });
  }

  /** Read all as one formula, or rows for themselves. */
  setWhole(whole) { this.#go({ ...this.state, whole }); }

  clear() { if (!this.isEmpty) this.#go(NOTHING); }

  /** Replace everything by other ink, as one step that can be undone; `decide` gives the rest of its state by the ids. */
  replace(strokes, decide = () => ({})) {
    const written = strokes.map((points) => ({ id: this.#nextId++, points }));
    this.#go({ ...NOTHING, strokes: written, ...decide(written.map(({ id }) => id)) }, true);
  }

  undo() { this.#travel(this.#past, this.#future); }
  redo() { this.#travel(this.#future, this.#past); }

  /** What to keep when the tab is reloaded. */
  toJSON() {
    // To a hundredth: a browser keeps five million letters, and the points of a file have as many digits as there are.
    const strokes = this.state.strokes.map(({ id, points }) => ({ id, points: points.map((point) => point.map(toHundredth)) }));
    return { ...this.state, strokes, nextId: this.#nextId };
  }

  restore({ nextId, reading, ...state }) {
    // The page kept one reading once, of the whole ink, its strokes by their places.
    const before = reading ? { readings: [byIds(reading, state.strokes.map(({ id }) => id))], whole: true } : {};
    this.state = { ...NOTHING, ...state, ...before };
    this.#nextId = nextId;
    this.#changed(true);
  }

  #choicesBeside(ids) { return this.state.choices.filter(({ strokes }) => !strokes.some((id) => ids.has(id))); }

  #readingsBeside(ids) { return this.state.readings.filter((reading) => !strokesOf(reading).some((id) => ids.has(id))); }

  #go(state, elsewhere = false) {
    const together = [...state.joined, ...state.choices.map(({ strokes }) => strokes)];
    state = { ...state, begins: state.begins.filter((id) => !together.some((ids) => parts(id, ids))) };
    this.#past.push(this.state);
    if (this.#past.length > MAX_HISTORY) this.#past.shift();
    this.#future = [];
    this.state = state;
    this.#changed(elsewhere);
  }

  #travel(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push(this.state);
    this.state = state;
    this.#changed(true);
  }

  #changed(elsewhere) { this.dispatchEvent(new CustomEvent("change", { detail: { elsewhere } })); }
}

const toHundredth = (value) => Math.round(100 * value) / 100;

/** Whether a row that begins with a stroke would part some. */
const parts = (id, ids) => ids.includes(id) && Math.min(...ids) < id;

/** A formula as the server tells it, its strokes by id rather than by their places among `ids`. */
export const byIds = (formula, ids) => ({
  ...formula,
  symbols: formula.symbols.map((symbol) => ({ ...symbol, strokes: symbol.strokes.map((index) => ids[index]) })),
});

/** What only one of two lists has. */
export const differing = (some, others) => [...some.filter((one) => !others.includes(one)), ...others.filter((one) => !some.includes(one))];

/** The strokes of a formula by id, in writing order. */
export const strokesOf = ({ symbols }) => symbols.flatMap(({ strokes }) => strokes).sort((a, b) => a - b);

/** The box around points, as {left, top, right, bottom}. */
export function boundsOf(strokes) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { points } of strokes) {
    for (const [x, y] of points) {
      box.left = Math.min(box.left, x);
      box.top = Math.min(box.top, y);
      box.right = Math.max(box.right, x);
      box.bottom = Math.max(box.bottom, y);
    }
  }
  return box;
}
