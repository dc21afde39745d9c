// Talking to the server. Answers are kept for states that undo and redo come back to.

import { byIds } from "./ink.js";
import { partsOf } from "./parts.js";
import { tab } from "./storage.js";

const KEPT = 60;
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
 * Reads the newest state only: an answer that is not of the last state is dropped, and the requests before are abandoned
 * when a newer one begins.
 */
export class Reader {
  #running = null; // What abandons the requests of the newest state.
  #kept = new Map();
  #most = Infinity; // strokes that the server takes at once, once it has said so

  /** Let what is being read go unanswered. */
  abandon() {
    this.#running?.abort();
    this.#running = null;
  }

  /**
   * Resolves to the readings of each row from the top down, the best first, all of which obey these choices, or to null
   * when a newer state has taken its place. What is too much for one request is read in parts.
   */
  async read(state, choices) {
    this.abandon();
    const running = new AbortController();
    this.#running = running;
    const together = [...choices.map(({ strokes }) => strokes), ...state.joined];
    const parts = state.whole ? [state.strokes] : partsOf(state.strokes, this.#most, together);
    try {
      const read = await Promise.all(parts.map((strokes) => this.#readPart({ ...state, strokes, choices }, running)));
      return this.#running === running ? read.flat() : null;
    } catch (error) {
      if (this.#running !== running) return null;
      this.abandon(); // the other parts
      if (error.kind !== "too-many-strokes" || error.limit.value >= this.#most) throw error;
      this.#most = error.limit.value;
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
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return read;
  }
}
