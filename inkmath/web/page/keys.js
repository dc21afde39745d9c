// What keys do, and single ones only for who wants that.

import { browser } from "./storage.js";

const $ = (id) => document.getElementById(id);

const withControl = { z: "undo", y: "redo", c: "copyLatex", o: "open", backspace: "clear" };
const withControlAndShift = { z: "redo" };
const plain = { o: "outlines", "?": "keys", backspace: "erase", delete: "erase" };
const tools = { p: "pen", e: "eraser", s: "select" };

/** What a key types; of an alphabet without these letters, the Latin one at the same place. */
const letterOf = ({ key, code }) => (/^(?!\p{Script=Latin})\p{Letter}$/u.test(key) && code.startsWith("Key") ? code.at(-1) : key);

/** Let keys give these commands, choose a tool by its name, and take a reading by its place. */
export function obeyKeys({ commands, setTool, takeNumber }) {
  // Speech input types what it hears: who uses it must be able to keep single characters from being commands.
  $("single-keys").checked = browser.get("single-keys") !== "false";
  $("single-keys").addEventListener("change", () => browser.set("single-keys", String($("single-keys").checked)));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input:not([type=checkbox]), textarea");
    if (typing || document.querySelector("dialog[open]") || event.altKey) return;
    if (event.key === "Escape") return commands.leave();
    let command = null;
    const key = letterOf(event).toLowerCase(); // Caps Lock makes capitals of letters, which is no Shift.
    if (event.ctrlKey || event.metaKey) {
      // Selected text is what the person wants to copy.
      if (key === "c" && String(getSelection())) return;
      command = commands[(event.shiftKey ? withControlAndShift : withControl)[key]];
    } else if (key.length === 1 && !$("single-keys").checked) {
      return;
    } else if (tools[key]) {
      command = () => setTool(tools[key]);
    } else if (/^[1-9]$/.test(key)) {
      command = () => takeNumber(Number(key) - 1);
    } else {
      command = commands[plain[key]];
    }
    if (!command) return;
    event.preventDefault();
    command();
  });
}
