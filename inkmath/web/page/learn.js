// The correction loop: what a person confirms is saved for the next training, if the person wants that.

import { call } from "./api.js";

/** Events: `change` when saving is switched on or off. */
export class Learning extends EventTarget {
  constructor() {
    super();
    this.box = document.getElementById("learn-on");
    this.box.addEventListener("change", () => {
      localStorage.setItem("learn", String(this.box.checked));
      this.dispatchEvent(new Event("change"));
    });
  }

  get isOn() { return this.box.checked && !document.getElementById("learn").hidden; }

  /** Say where formulas would go; without a place, nothing of this is shown. */
  set({ enabled, directory, saved }) {
    document.getElementById("learn").hidden = !enabled;
    this.box.checked = enabled && localStorage.getItem("learn") === "true";
    const place = document.createElement("code");
    place.textContent = directory;
    document.getElementById("learn-notice").replaceChildren(
      "Off unless you switch it on. What you confirm, your strokes and the formula, is then saved as InkML on the server's computer in ",
      place, ` (${saved} so far), and the next training learns from it. Nothing else is kept, and nothing leaves that computer.`,
    );
    this.dispatchEvent(new Event("change"));
  }
}

/** Save a formula, and offer to take that back. */
export async function saveFormula(formula, toast) {
  const { name } = await call("api/corrections", { method: "POST", body: formula });
  toast("Saved for the next training", "Undo", async () => {
    await call(`api/corrections/${name}`, { method: "DELETE" });
    toast("Deleted again");
  });
}
