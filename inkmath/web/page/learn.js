// The correction loop: what a person confirms is saved for the next training, if the person wants that.

import { call } from "./api.js";
import { complain, toast } from "./notices.js";
import { browser } from "./storage.js";

/** Events: `change` when saving is switched on or off. */
export class Learning extends EventTarget {
  #saved = new Map(); // What lies on the server, or is on its way to it, as it was sent, to the promise of its name there.

  constructor() {
    super();
    this.box = document.getElementById("learn-on");
    this.box.addEventListener("change", () => {
      browser.set("learn", String(this.box.checked));
      this.dispatchEvent(new Event("change"));
    });
  }

  get isOn() { return this.box.checked && !document.getElementById("learn").hidden; }

  /** Say where formulas would go; without a place, nothing of this is shown. */
  set({ enabled, directory, saved }) {
    document.getElementById("learn").hidden = !enabled;
    this.box.checked = enabled && browser.get("learn") === "true";
    const place = document.createElement("code");
    place.textContent = directory;
    this.count = document.createElement("span");
    document.getElementById("learn-notice").replaceChildren(
      "Off unless you switch it on. What you confirm, your strokes and the formula, is then saved as InkML on the server's computer in ",
      place, " (", this.count, " so far), so that a later model can learn from it. The server keeps nothing else.",
    );
    this.count.textContent = saved;
    this.dispatchEvent(new Event("change"));
  }

  /** Save a formula with its ink, as the server takes it, once, and offer to take that back. */
  async save(written) {
    const key = JSON.stringify(written);
    const known = this.#saved.has(key);
    if (!known) this.#saved.set(key, this.#send(key, written));
    const name = await this.#saved.get(key);
    toast(known ? "Saved already" : "Saved for learning", "Undo", () => this.#forget(key, name).catch(complain));
  }

  async #send(key, written) {
    try {
      const { name, saved } = await call("api/corrections", { method: "POST", body: written });
      this.count.textContent = saved;
      return name;
    } catch (error) {
      this.#saved.delete(key);
      throw error;
    }
  }

  async #forget(key, name) {
    await call(`api/corrections/${name}`, { method: "DELETE" });
    this.#saved.delete(key);
    toast("Deleted");
    this.count.textContent = (await call("api/corrections")).saved;
  }
}
