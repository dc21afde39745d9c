// Light or dark: as the system has it, unless the person says otherwise.

import { browser } from "./storage.js";

const NAMES = { auto: "as the system has them", light: "light", dark: "dark" };
const ORDER = Object.keys(NAMES);

/** Apply the theme, follow the system, and let the button go round. `redraw` is called after each change. */
export function followTheme(redraw) {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const wanted = () => browser.get("theme") ?? "auto";
  const apply = () => {
    const theme = wanted();
    document.documentElement.dataset.theme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
    button.ariaLabel = `Colours: ${NAMES[theme]}`;
    button.title = button.ariaLabel;
    redraw();
  };
  button.addEventListener("click", () => {
    browser.set("theme", ORDER[(ORDER.indexOf(wanted()) + 1) % ORDER.length]);
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
