// What the page tells: the status at the top, notices that stay, messages that go by themselves.

import { Offline, Refusal } from "./api.js";

const $ = (id) => document.getElementById(id);

const STATUS = { ready: "Ready", reading: "Reading", starting: "Starting", offline: "Offline", error: "Not working" };

export function setStatus(state, text = STATUS[state]) {
  $("status").dataset.state = state;
  $("status").querySelector("span").textContent = text;
}

/** Show a notice that stays, or take it away. */
export function say(kind, title, text, again) {
  const notice = $("notice");
  notice.hidden = kind === null;
  if (kind === null || (notice.dataset.kind === kind && notice.dataset.text === text)) {
    if (kind === null) delete notice.dataset.kind;
    return;
  }
  notice.dataset.kind = kind;
  notice.dataset.text = text;
  const words = document.createElement("span");
  const strong = document.createElement("b");
  strong.textContent = title;
  words.append(strong, ` ${text}`);
  notice.replaceChildren(words);
  if (again) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Try again" });
    button.addEventListener("click", again);
    notice.append(button);
  }
}

let toastTimer = 0;

/** Show a short message that goes by itself, with something to do about it. */
export function toast(text, label, action) {
  const box = $("toast");
  box.replaceChildren(text);
  if (label) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.addEventListener("click", () => { box.hidden = true; action(); });
    box.append(button);
  }
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, label ? 6000 : 2500);
}

export const sentence = (words) => words[0].toUpperCase() + words.slice(1);

/** Say that something the person asked for was refused or could not be sent. */
export function complain(error) {
  if (!(error instanceof Refusal || error instanceof Offline)) throw error;
  toast(error instanceof Refusal ? sentence(error.message) : "The server does not answer; try again later");
}
