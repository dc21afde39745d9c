// Out of the page and into it: the clipboard, the menu of downloads, files chosen or dropped.

import { download } from "./files.js";
import { complain, putAway, toast } from "./notices.js";

const $ = (id) => document.getElementById(id);

export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    // Pages that came over plain http from another machine have no such clipboard; the old way has no substitute there.
    if (copySelected(text)) return toast(done);
    getSelection().selectAllChildren($("latex"));
    toast("Your browser does not let this page copy: the LaTeX is selected");
  }
}

function copySelected(text) {
  const focused = document.activeElement;
  const box = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
  Object.assign(box.style, { position: "fixed", top: "0", opacity: "0" });
  document.body.append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  focused?.focus({ preventScroll: true });
  return copied;
}

/** MathML without the marks that tie it to the ink. */
export const plainMathml = (text) => text.replace(/ (xml:)?id="symbol-\d+"/g, "");

export function closeMenu() {
  putAway($("download-menu"), $("download"));
  $("download").ariaExpanded = "false";
}

/** Let the menu offer downloads; `makers` has a function for each file, by its name, that gives it as a blob. */
export function offerDownloads(makers) {
  const menu = $("download-menu");
  const items = () => [...menu.querySelectorAll("button:enabled:not([hidden])")];
  $("download").addEventListener("click", () => {
    menu.hidden = !menu.hidden;
    $("download").ariaExpanded = String(!menu.hidden);
    if (!menu.hidden) items()[0].focus();
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const open = items();
    if (step) open[(open.indexOf(document.activeElement) + step + open.length) % open.length].focus();
    if (event.key === "Escape") closeMenu();
    if (step || event.key === "Escape") { event.preventDefault(); event.stopPropagation(); }
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !event.relatedTarget.closest(".actions")) closeMenu();
  });
  menu.addEventListener("click", async (event) => {
    const file = event.target.closest("[data-file]")?.dataset.file;
    if (!file) return;
    closeMenu();
    try {
      download(file, await makers[file]());
    } catch (error) {
      complain(error);
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".actions")) closeMenu();
  });
}

/** Call `open` with a file that is chosen, dropped anywhere on the page, or pasted; of several with the first, named as that. */
export function takeFiles(open) {
  const openFirst = ([file, ...others]) => {
    if (file) open(file, others.length ? `${file.name}, the first of ${others.length + 1} files` : file.name);
  };
  $("file").addEventListener("change", () => {
    openFirst($("file").files);
    $("file").value = "";
  });
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    const text = event.clipboardData.getData("text/plain").trim();
    if (text && event.target.closest("input")) return; // Office programs add a picture of the text.
    if (files.length) {
      openFirst(files);
    } else if (text) {
      // It is sent as UTF-8, whatever its own first line says.
      if (text.startsWith("<")) open(new Blob([text.replace(/^<\?xml[^>]*\?>/, "")]), "InkML from the clipboard");
      else toast("Only InkML and pictures can be pasted");
    }
  });
  let dragging = 0; // Entering a child leaves its parent: count both.
  const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragenter", (event) => { if (isFile(event)) { dragging++; $("drop").hidden = false; } });
  document.addEventListener("dragleave", (event) => { if (isFile(event) && --dragging <= 0) $("drop").hidden = true; });
  document.addEventListener("dragover", (event) => { if (isFile(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return; // Text may be dropped on a field.
    event.preventDefault();
    dragging = 0;
    $("drop").hidden = true;
    openFirst(event.dataTransfer.files);
  });
}
