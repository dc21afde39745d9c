// What the page tells: the status at the top, notices that stay, messages that go by themselves.

import { Offline, Refusal } from "./api.js";

const $ = (id) => document.getElementById(id);

const STATUS = { ready: "Ready", reading: "Reading", starting: "Starting", offline: "Offline", error: "Not working" };

export function setStatus(state, text = STATUS[state]) {
  $("status").dataset.state = state;
  $("status").querySelector("span").textContent = text;
}

let said = []; // Kind, title, text and way out of the notice that is shown.

/** Show a notice that stays, with a button that tries again or else dismisses it; or take it away. */
export function say(...told) {
  const [kind, title, text, again] = told;
  const notice = $("notice");
  if (kind === null) {
    putAway(notice);
    said = [];
    return;
  }
  notice.hidden = false;
  if (said.length === told.length && told.every((part, index) => part === said[index])) return; // Its button keeps the focus.
  said = told;
  notice.dataset.kind = kind;
  const words = document.createElement("span");
  const strong = document.createElement("b");
  strong.textContent = title;
  words.append(strong, ` ${text}`);
  notice.replaceChildren(words);
  const button = Object.assign(document.createElement("button"), { type: "button" }, again
    ? { textContent: "Try again" }
    : { textContent: "×", className: "quiet icon", title: "Dismiss", ariaLabel: "Dismiss" });
  button.addEventListener("click", again ?? (() => say(null)));
  notice.append(button);
}

/** Hide a part of the page; the focus, if the part has it, goes to another, else the writing area, rather than nowhere. */
export function putAway(part, other = $("ink")) {
  const focused = part.contains(document.activeElement);
  part.hidden = true;
  if (focused) other.focus({ preventScroll: true });
}

let hideShown = null; // Takes away the message that is shown.

/** Show a short message that goes by itself, with something to do about it. Returns what takes it away sooner. */
export function toast(text, label, action) {
  const box = $("toast");
  const hide = () => { if (hideShown === hide) putAway(box); };
  hideShown = hide;
  const words = Object.assign(document.createElement("span"), { textContent: text });
  box.replaceChildren(words);
  if (label) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.addEventListener("click", () => { hide(); action(); });
    box.append(button);
  }
  box.hidden = false;
  setTimeout(hide, label ? 6000 : 2500);
  return hide;
}

export const sentence = (words) => words[0].toUpperCase() + words.slice(1);

/** Say that something the person asked for was refused or could not be sent. */
export function complain(error) {
  if (!(error instanceof Refusal || error instanceof Offline)) throw error;
  toast(error instanceof Refusal ? sentence(error.message) : "The server does not answer; try again later");
}
