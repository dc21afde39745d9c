// What no reading says, the person writes: the formula in LaTeX, for the strokes as they were read.

import { call, Refusal } from "./api.js";
import { complain, putAway, sentence } from "./notices.js";
import { permitted } from "./permission.js";

const $ = (id) => document.getElementById(id);

/** Events: `arranged` {formula}, the strokes of the formula in hand given to the LaTeX that the person wrote. */
export class Mend extends EventTarget {
  #arranging = null; // What abandons the request.

  /** `written` gives the formula in hand with its ink, as the server takes it. */
  constructor(written) {
    super();
    this.written = written;
    this.form = $("mend");
    this.form.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#leave(); });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#arrange();
    });
    $("mend-close").addEventListener("click", () => this.#leave()); // A tablet has no Escape.
  }

  open(latex) {
    this.form.hidden = false;
    $("mend-wrong").textContent = "";
    $("mend-latex").value = latex;
    $("mend-latex").select();
  }

  close() {
    this.#arranging?.abort();
    putAway(this.form);
  }

  #leave() {
    this.close();
    $("edit").focus();
  }

  async #arrange() {
    $("mend-wrong").textContent = "";
    this.#arranging?.abort();
    const controller = new AbortController();
    this.#arranging = controller;
    try {
      const body = { ...this.written(), latex: $("mend-latex").value };
      const formula = await permitted(() => call("api/arrange", { method: "POST", body, controller }));
      const focused = this.form.contains(document.activeElement);
      this.dispatchEvent(new CustomEvent("arranged", { detail: { formula } }));
      if (focused) $("edit").focus();
    } catch (error) {
      if (error.name === "AbortError") return; // Closed, mended or written over meanwhile.
      if (!(error instanceof Refusal)) return complain(error);
      $("mend-wrong").textContent = sentence(error.message); // Beside the field, until it is mended.
    }
  }
}
