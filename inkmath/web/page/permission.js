// The token that a server may want: the person is asked for it.

import { Refusal, token } from "./api.js";

const $ = (id) => document.getElementById(id);

export const WANTS_TOKEN = "This server wants its token.";

/** Resolves to whether one was given. */
export function askForToken() {
  const dialog = $("token");
  if (!dialog.open) {
    $("token-wrong").textContent = token.isGiven ? "That token was not accepted. Check it and try again." : "";
    dialog.returnValue = "";
    dialog.showModal();
    $("token-value").select();
  }
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "given";
      if (given) token.set($("token-value").value);
      resolve(given);
    }, { once: true });
  });
}

/** Resolves to what is asked for; where the server wants its token, the person is asked for that first. */
export async function permitted(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error.kind !== "token") throw error;
    if (!await askForToken()) throw new Refusal({ type: "token", detail: WANTS_TOKEN });
    return permitted(ask);
  }
}
