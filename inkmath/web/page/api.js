// Talking to the server. Answers are kept for states that undo and redo come back to.

import { byIds } from "./ink.js";
import { partsOf } from "./parts.js";
import { tab } from "./storage.js";

const KEPT = 60; // parts, besides those of the newest state
const LARGEST_PART = 300; // strokes, the server's limit; one of a lower limit says so
const SMALLEST_PART = 100; // strokes: fewer may be one formula, and are not parted where it takes long
const PATIENCE_MS = 30_000; // The server itself answers or refuses within 20 seconds.

/** A refusal by the server, as its problem document tells it. */
export class Refusal extends Error {
  constructor(problem, retryAfter) {
    super(problem.detail);
    this.kind = problem.type.split(":").at(-1);
    this.title = problem.title;
    this.limit = problem.limit;
    this.retryAfter = retryAfter;
  }

  /** Whether it is too much to be read at once. */
  get isTooMuch() { return ["too-many-strokes", "too-many-points", "body-too-large"].includes(this.kind); }
}

/** The server cannot be reached. */
export class Offline extends Error {}

/** The token came in the address's fragment, which browsers send to no server; it stays in this tab. */
export const token = {
  take() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given) {
      this.set(given);
      history.replaceState(null, "", location.pathname);
    }
    return given;
  },
  get isGiven() { return Boolean(tab.get("token")); },
  // What is copied from a message brings spaces and quotation marks along; no header can hold those.
  set(value) { tab.set("token", value.replace(/[^!-~]/g, "")); },
  headers() { return this.isGiven ? { Authorization: `Bearer ${tab.get("token")}` } : {}; },
};

/** Ask the server. `controller` lets the caller give up sooner; the answer is JSON, or with `raw` a blob. */
export async function call(path, { method = "GET", body, type = "application/json", controller = new AbortController(), raw = false } = {}) {
  // A connection that a tablet leaves behind with its network may be silent for minutes before it is given up.
  const patience = setTimeout(() => controller.abort(new Offline()), PATIENCE_MS);
  let refusal;
  try {
    const response = await fetch(path, {
      method,
      signal: controller.signal,
      headers: { ...token.headers(), ...(body === undefined ? {} : { "Content-Type": type }) },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    });
    if (response.ok) return response.status === 204 ? null : await (raw ? response.blob() : response.json());
    refusal = new Refusal(await response.json(), Number(response.headers.get("Retry-After")) || 0);
  } catch (error) {
    // No answer, one that broke off, or one of something that stands in the server's place.
    if (error.name === "AbortError") throw error;
    throw new Offline("The server does not answer.");
  } finally {
    clearTimeout(patience);
  }
  throw refusal;
}

/** Round for the wire: a tenth of a pixel is finer than any pen. */
export const wire = (strokes) => strokes.map(({ points }) => points.map(([x, y]) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10]));

/**
 * Reads the newest state only: an answer that is not of the last state is dropped, and the request before is abandoned
 * when a newer one begins.
 *
 * Events: `progress` {share} when some of several parts have been read, how much of all strokes they are.
 */
export class Reader extends EventTarget {
  #running = null; // What abandons the request for the newest state.
  #kept = new Map();
  #most = LARGEST_PART; // strokes in a part, if bands part them

  /** Let what is being read go unanswered. */
  abandon() {
    this.#running?.abort();
    this.#running = null;
  }

  /**
   * Resolves to the readings of each row from the top down, the best first, all of which obey these choices, or to null
   * when a newer state has taken its place. What is too much for one request is read in parts, and these in smaller ones
   * where they are still too much or take too long.
   */
  async read(state, choices) {
    this.abandon();
    const running = new AbortController();
    this.#running = running;
    const together = [...choices.map(({ strokes }) => strokes), ...state.joined];
    const partsFor = (most) => (state.whole ? [state.strokes] : partsOf(state.strokes, most, together));
    const parts = partsFor(this.#most);
    this.#forget(KEPT + parts.length);
    try {
      const read = [];
      // One after the other: together, each would take as long as all, and time is limited for each.
      let count = 0;
      for (const strokes of parts) {
        read.push(...await this.#readPart({ ...state, strokes, choices }, running));
        if (this.#running !== running) return null;
        count += strokes.length;
        if (count < state.strokes.length) this.dispatchEvent(new CustomEvent("progress", { detail: { share: count / state.strokes.length } }));
      }
      return read;
    } catch (error) {
      if (this.#running !== running) return null;
      const most = fewer(error, parts);
      if (partsFor(most).length <= parts.length) throw error;
      this.#most = most;
      return this.read(state, choices);
    }
  }

  async #readPart({ strokes, choices, whole, begins, joined }, controller) {
    const ids = strokes.map(({ id }) => id);
    const place = new Map(ids.map((id, index) => [id, index]));
    const placesIn = (some) => some.filter((id) => place.has(id)).map((id) => place.get(id));
    const constraints = choices.map(({ strokes: some, label }) => ({ strokes: placesIn(some), label })).filter((one) => one.strokes.length);
    const rows = whole ? {} : { begins: placesIn(begins), joined: joined.map(placesIn).filter(({ length }) => length) };
    const key = JSON.stringify([ids, constraints, whole, rows]);
    let read = this.#kept.get(key);
    if (!read) {
      const answer = await call(whole ? "api/recognize" : "api/rows", {
        method: "POST",
        body: { strokes: wire(strokes), constraints, alternatives: 5, ...rows },
        controller,
      });
      read = (answer.rows ?? [answer]).map(({ alternatives }) => alternatives.map((reading) => byIds(reading, ids)));
    }
    this.#kept.delete(key); // What was needed last is kept longest.
    this.#kept.set(key, read);
    return read;
  }

  /** Keep so many parts at most. */
  #forget(most) {
    for (const key of [...this.#kept.keys()].slice(0, Math.max(0, this.#kept.size - most))) this.#kept.delete(key);
  }
}

/** How many strokes are to be in a part when one of some was refused; Infinity where it was not for its size. */
function fewer({ kind, isTooMuch, limit }, parts) {
  if (kind === "too-many-strokes") return limit.value;
  if (!isTooMuch && kind !== "too-slow") return Infinity;
  return Math.max(SMALLEST_PART, Math.floor(Math.max(...parts.map(({ length }) => length)) / 2));
}
