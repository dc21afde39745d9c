// What is written: strokes, what a person decided about them, and the way back to every earlier state.

/**
 * @typedef {{id: number, points: Array<[number, number, number]>}} Stroke  points are [x, y, pressure]
 * @typedef {{strokes: number[], label: string}} Choice  strokes by id
 * @typedef {{strokes: readonly Stroke[], choices: readonly Choice[], reading: ?object}} State  never changed, only replaced;
 *   `reading` is the formula a person took or wrote in place of the best, its strokes indices into `strokes`
 */

/** @type {State} */
const NOTHING = { strokes: [], choices: [], reading: null };

const MAX_HISTORY = 500;

/** Events: `change` {travelled}, which says whether it is an earlier or later state come back. */
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
    this.#go({ ...this.state, strokes: [...this.state.strokes, { id: this.#nextId++, points }], reading: null });
  }

  /** Forget strokes, and every choice about a symbol that one of them belonged to. */
  remove(ids) {
    const gone = new Set(ids);
    if (!this.state.strokes.some((stroke) => gone.has(stroke.id))) return;
    this.#go({
      strokes: this.state.strokes.filter((stroke) => !gone.has(stroke.id)),
      choices: this.state.choices.filter((choice) => !choice.strokes.some((id) => gone.has(id))),
      reading: null,
    });
  }

  /**
   * Decide what strokes are, in place of earlier choices about any of them or of those `freed`, and how the formula as
   * it stands is to be read: the choices hold while writing goes on, the reading until something else is written or
   * decided.
   */
  choose(choices, reading = null, freed = []) {
    const decided = new Set([...freed, ...choices.flatMap((choice) => choice.strokes)]);
    const kept = this.state.choices.filter((choice) => !choice.strokes.some((id) => decided.has(id)));
    this.#go({ ...this.state, choices: [...kept, ...choices], reading });
  }

  /** Leave strokes to the recogniser again. */
  release(ids) {
    const freed = new Set(ids);
    const choices = this.state.choices.filter((choice) => !choice.strokes.some((id) => freed.has(id)));
    this.#go({ ...this.state, choices, reading: null });
  }

  clear() { if (!this.isEmpty) this.#go(NOTHING); }

  /** Replace everything by other ink, as one step that can be undone; `decide` gives its choices and reading by the ids. */
  replace(strokes, decide = () => ({})) {
    const written = strokes.map((points) => ({ id: this.#nextId++, points }));
    this.#go({ ...NOTHING, strokes: written, ...decide(written.map(({ id }) => id)) });
  }

  undo() { this.#travel(this.#past, this.#future); }
  redo() { this.#travel(this.#future, this.#past); }

  /** What to keep when the tab is reloaded. */
  toJSON() { return { ...this.state, nextId: this.#nextId }; }

  restore({ nextId, ...state }) {
    this.state = { ...NOTHING, ...state };
    this.#nextId = nextId;
    this.#changed(true);
  }

  #go(state) {
    this.#past.push(this.state);
    if (this.#past.length > MAX_HISTORY) this.#past.shift();
    this.#future = [];
    this.state = state;
    this.#changed();
  }

  #travel(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push(this.state);
    this.state = state;
    this.#changed(true);
  }

  #changed(travelled = false) { this.dispatchEvent(new CustomEvent("change", { detail: { travelled } })); }
}

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
