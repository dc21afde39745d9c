// Talking to the server. Answers are kept for states that undo and redo come back to.

import { byIds } from "./ink.js";
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
 * Reads the newest state only. Each request has a number; an answer whose number is not the last one is dropped, and
 * the request before is abandoned when a newer one begins.
 */
export class Reader {
  #sequence = 0;
  #running = null;
  #kept = new Map();

  /** Let what is being read go unanswered. */
  abandon() {
    this.#sequence++;
    this.#running?.abort();
    this.#running = null;
  }

  /**
   * Resolves to the readings of each row from the top down, the best first, all of which obey these choices, or to null
   * when a newer state has taken its place.
   */
  async read(state, choices) {
    this.abandon();
    const sequence = this.#sequence;
    const ids = state.strokes.map(({ id }) => id);
    const place = new Map(ids.map((id, index) => [id, index]));
    const constraints = choices.map(({ strokes, label }) => ({ strokes: strokes.map((id) => place.get(id)), label }));
    const rows = state.whole ? {} : {
      begins: state.begins.map((id) => place.get(id)), joined: state.joined.map((some) => some.map((id) => place.get(id))),
    };
    const key = JSON.stringify([ids, constraints, state.whole, rows]);
    const known = this.#kept.get(key);
    if (known) return known;
    const running = new AbortController();
    this.#running = running;
    try {
      const answer = await call(state.whole ? "api/recognize" : "api/rows", {
        method: "POST",
        body: { strokes: wire(state.strokes), constraints, alternatives: 5, ...rows },
        controller: running,
      });
      if (sequence !== this.#sequence) return null;
      const read = (answer.rows ?? [answer]).map(({ alternatives }) => alternatives.map((reading) => byIds(reading, ids)));
      this.#kept.set(key, read);
      if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
      return read;
    } catch (error) {
      if (sequence !== this.#sequence || error.name === "AbortError") return null;
      throw error;
    }
  }
}
