// Light or dark: as the system has it, unless the person says otherwise.

import { browser } from "./storage.js";

const NAMES = { auto: "as the system has them", light: "light", dark: "dark" };
const ORDER = Object.keys(NAMES);

const system = matchMedia("(prefers-color-scheme: dark)");
const forced = matchMedia("(forced-colors: active)"); // The system's own, whichever the page would have.
const wanted = () => browser.get("theme") ?? "auto";

function apply() {
  const theme = wanted();
  document.documentElement.dataset.theme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
}

apply(); // The page waits for this before it shows anything: it must not be light first and dark then.

/** Follow the system, and let the button go round. `redraw` is called after each change. */
export function followTheme(redraw) {
  const button = document.getElementById("theme");
  const follow = () => {
    apply();
    button.ariaLabel = `Colours: ${NAMES[wanted()]}`;
    button.title = button.ariaLabel;
    redraw();
  };
  button.addEventListener("click", () => {
    browser.set("theme", ORDER[(ORDER.indexOf(wanted()) + 1) % ORDER.length]);
    follow();
  });
  for (const change of [system, forced]) change.addEventListener("change", follow);
  follow();
}
