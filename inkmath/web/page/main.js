// Puts the parts together: ink -> reader -> result, and the person's decisions back into the ink.

import { call, Offline, Reader, Refusal, token, wire } from "./api.js";
import { Choices, percent } from "./choices.js";
import { closeMenu, copy, offerDownloads, takeFiles } from "./exchange.js";
import { fitted, LARGEST_BODY, readable, toPng, toSvg } from "./files.js";
import { boundsOf, byIds, differing, Ink, strokesOf } from "./ink.js";
import { obeyKeys } from "./keys.js";
import { Learning } from "./learn.js";
import { Mend } from "./mend.js";
import { complain, putAway, say, sentence, setStatus, toast } from "./notices.js";
import { askForToken, permitted, WANTS_TOKEN } from "./permission.js";
import { isDoubtful, Result } from "./result.js";
import { latexOf, leftOut, mathmlOf, nameOf, Rows } from "./rows.js";
import { Sheet } from "./sheet.js";
import { tab } from "./storage.js";
import { followTheme } from "./theme.js";

const $ = (id) => document.getElementById(id);
const RETRY_MS = 2000;
const REST_MS = 1000; // How long nothing is written before the sheet may follow the pen.
const KEEP_MS = 1500; // How much of what is written a browser that crashes may lose.

token.take();
const ink = new Ink();
const reader = new Reader();
const sheet = new Sheet({ paper: $("paper"), scroller: $("scroller"), spacer: $("spacer"), canvas: $("ink"), overlay: $("overlay"), ink });
const choices = new Choices($("choices"));
const result = new Result(choices);
const mend = new Mend(written);
const learning = new Learning();
const rows = new Rows(); // What the server last said,
let readInk = ink.state; // and of which ink.
let waiting = []; // What is to be done once the ink as it is has been read.
let begun = false; // Whether the server has said that it reads, and which symbols.
let askedAgain = null; // The ink that could not be read with the symbols as they were known, so that they were asked for again.
const retries = new Map(); // Timers, by what they will ask again: reading must not keep the beginning from its end.

// Reading

async function read() {
  clearTimeout(retries.get(read));
  const state = ink.state;
  if (ink.isEmpty) {
    reader.abandon();
    forget();
    atRest();
    return;
  }
  if ($("status").dataset.state !== "offline") setStatus("reading"); // Trying again by itself is no news.
  result.setState(result.formula ? "reading" : "loading");
  $("overlay").toggleAttribute("data-stale", true);
  try {
    const given = await reader.read(state, state.choices.filter(isKnown));
    if (!given) return; // Something newer was written meanwhile.
    rows.set(given, state.readings);
    readInk = state;
    show();
    for (const resolve of waiting.splice(0)) resolve();
    atRest();
  } catch (error) {
    // The server may have come back with other models, which do not know a symbol that was chosen.
    if (error.kind === "invalid" && askedAgain !== state) {
      askedAgain = state;
      begin();
      return;
    }
    if (!error.retryAfter) { // A busy server reads it in a moment, and what is waiting for that is done then.
      // What is shown belongs to older ink: nothing may be outlined, chosen or copied by it.
      if (waiting.splice(0).length) sayUnread();
      $("overlay").toggleAttribute("data-stale", false);
      result.setState(result.formula ? "stale" : "empty");
      sheet.outline([]);
      updateButtons();
    }
    fail(error, read);
  }
}

reader.addEventListener("progress", ({ detail: { share } }) => setStatus("reading", `Reading ${percent(share)}`));

function atRest() {
  setStatus("ready");
  say(null);
}

function forget() {
  rows.set([], []);
  result.clear();
  sheet.outline([]);
  updateButtons();
}

/** Whether the reader can obey a choice. Others are kept for one that can. */
const isKnown = ({ label }) => choices.knows(label);

/** Whether the person decided on one of these strokes, as far as the reader can obey. */
const isChosen = (ids) => ink.state.choices.some((choice) => isKnown(choice) && choice.strokes.some((id) => ids.includes(id)));

function show() {
  result.show(rows, ({ strokes }) => isChosen(strokes));
  tab.set("hand", String(rows.inHand.strokes[0]));
  $("overlay").toggleAttribute("data-stale", false);
  outline();
  const focused = document.activeElement?.closest("#symbols [data-symbol]");
  if (focused) result.mark(Number(focused.dataset.symbol));
  updateButtons();
}

const isBeingRead = () => ["reading", "loading"].includes($("result").dataset.state);

const sayUnread = () => toast("What you wrote last has not been read yet");

/**
 * Resolves once the formula that is shown is that of the ink as it is now; never, if something else becomes of the ink.
 * Where it is not being read the person is told: nobody knows when it will be, and who comes back then wants other things.
 */
const upToDate = () => new Promise((resolve) => {
  if ($("result").dataset.state === "shown") resolve();
  else if (isBeingRead()) waiting.push(resolve);
  else sayUnread();
});

function outline() {
  if (readInk !== ink.state) return; // Strokes of the formula may be gone; the next answer outlines what is there.
  const wanted = $("outlines").ariaPressed === "true" || sheet.tool === "select" || choices.isOpen;
  sheet.outline(wanted ? rows.list.flatMap(({ formula, first }) => formula.symbols.map((symbol, index) => {
    const { strokes } = symbol;
    const chosen = isChosen(strokes);
    return {
      box: boxAround(strokes), strokes, symbol: first + index,
      className: chosen ? "chosen" : isDoubtful(symbol, formula) ? "doubt" : "",
    };
  })) : []);
}

function fail(error, again) {
  if (error instanceof Refusal && error.kind === "token") {
    setStatus("error", "Locked");
    askForToken().then((given) => { if (given) again(); else say("error", "No token", `${WANTS_TOKEN} Your ink is safe.`, again); });
  } else if (error instanceof Refusal && error.retryAfter) {
    setStatus(error.kind === "starting" ? "starting" : "reading", error.title);
    if (error.kind === "starting") result.explain("Getting ready; you can start writing.");
    else say("busy", error.title, "Trying again in a moment.");
    later(again, error.retryAfter * 1000);
  } else if (error instanceof Refusal) {
    setStatus("error", error.title);
    result.explain("Nothing could be read.");
    const tooMuch = error.limit && !error.kind.endsWith("too-slow"); // the same ink would be refused again
    // Ink of rows that lie apart would have been read in parts.
    const words = error.kind === "too-many-strokes"
      ? `No more than ${error.limit.value} can be read as one formula. Leave room between rows, and let them be read separately.`
      : error.message;
    say("error", error.kind === "too-slow" ? "Reading took too long." : error.title, words, tooMuch ? undefined : again);
  } else if (error instanceof Offline) {
    setStatus("offline");
    result.explain("Your formula appears here when the server is back.");
    say("offline", "No connection", "The inkmath server does not answer. Your ink is safe; reading goes on when it is back.", again);
    later(again, RETRY_MS);
  } else {
    throw error;
  }
}

function later(again, milliseconds) {
  clearTimeout(retries.get(again));
  retries.set(again, setTimeout(again, milliseconds));
}

// A server that starts again prints another address. Put into the tab that is open already, it loads nothing.
window.addEventListener("hashchange", () => {
  const given = token.take();
  if (!given) return;
  $("token-value").value = given;
  if ($("token").open) $("token").close("given");
  else begin(); // Who could not give it before has it now.
});

function updateButtons() {
  const focused = document.activeElement;
  const nothing = !result.formula || $("result").dataset.state !== "shown";
  for (const id of ["copy-latex", "copy-mathml", "download-inkml", "edit"]) $(id).disabled = nothing;
  const stale = $("result").dataset.state === "stale"; // Its readings are of older ink.
  for (const button of $("alternatives").querySelectorAll("button")) button.disabled = stale;
  $("download").disabled = ink.isEmpty; // Ink can be kept whatever became of its reading.
  if (nothing || rows.list.length > 1) $("download-ink").hidden = false;
  else putAway($("download-ink"), $("download")); // The file of the formula has all of it.
  $("confirm").disabled = nothing || !learning.isOn;
  $("undo").disabled = !ink.canUndo;
  $("redo").disabled = !ink.canRedo;
  $("clear").disabled = ink.isEmpty;
  if (focused?.disabled) $("ink").focus({ preventScroll: true }); // A disabled button lets go of the focus.
  showExtent();
  $("hint").hidden = !ink.isEmpty || sheet.isWriting;
  const count = ink.state.strokes.length;
  $("ink").ariaLabel = count ? `Writing area, ${count} ${count === 1 ? "stroke" : "strokes"}` : "Writing area, empty";
}

/** Say of what belongs to one row only that it does, and offer to read the rows as one formula, or not to. */
function showExtent() {
  const { whole } = ink.state;
  const several = rows.list.length > 1;
  $("whole").textContent = whole ? "Read rows separately" : "Read as one formula";
  if (several || whole) $("whole").hidden = false;
  else if (ink.isEmpty || readInk === ink.state) putAway($("whole")); // Else it may be rows once it is read.
  const edit = several ? "Write the LaTeX of this row yourself" : "Write the LaTeX yourself";
  Object.assign($("edit"), { title: edit, ariaLabel: edit });
  $("download-extent").textContent = several ? "ink and formula of this row" : "ink and formula";
  $("confirm").lastElementChild.textContent = several ? "This row is right" : "This is right";
}

// Ink

let before = ink.state; // The ink as it was before its last change.

ink.addEventListener("change", ({ detail: { elsewhere } }) => {
  rows.follow(before, ink.state);
  const changed = differing(before.strokes, ink.state.strokes);
  before = ink.state;
  waiting = [];
  clearTimeout(retries.get(reopen)); // What is written since is not to be replaced unasked.
  choices.close();
  mend.close();
  if (ink.isEmpty || elsewhere) sheet.fit(); // What comes back may need a larger sheet, or a smaller one.
  if (elsewhere && changed.length) sheet.show(boundsOf([changed.at(-1)])); // Its row is in hand.
  follow();
  keepSoon();
  updateButtons();
  if (begun) read();
});

let following = null; // The timer of `follow`.

/** Let the sheet have room for what was written and the next, but not between two strokes of a symbol: they would not meet. */
function follow() {
  clearTimeout(following);
  if (sheet.hasRoom) return;
  following = setTimeout(() => { if (sheet.pointer === null) sheet.fit(); else follow(); }, REST_MS);
}

let keeping = null; // The timer of `keepSoon`, as long as something is to be kept.

/** Keep the ink for when the tab is loaded again, but not at every stroke nor under the pen: it takes the longer the more there is. */
function keepSoon() {
  keeping ??= setTimeout(() => {
    if (sheet.pointer === null) return keep();
    keeping = null;
    keepSoon();
  }, KEEP_MS);
}

function keep() {
  if (keeping === null) return;
  clearTimeout(keeping);
  keeping = null;
  tab.set("ink", JSON.stringify(ink));
}

window.addEventListener("pagehide", keep);
document.addEventListener("visibilitychange", keep); // A phone may end a page that is hidden without a further word.

sheet.addEventListener("begin", () => {
  if (sheet.isWriting) $("hint").hidden = true;
  if (sheet.using !== "select") choices.close();
});
sheet.addEventListener("dropped", updateButtons);
sheet.addEventListener("erased", ({ detail: { count } }) => {
  offerUndo(`Scratched out ${count} ${count === 1 ? "stroke" : "strokes"}`);
});
sheet.addEventListener("hover", ({ detail: { stroke } }) => result.mark(stroke ? symbolWith(stroke.id) : null));
sheet.addEventListener("pick", ({ detail: { stroke } }) => {
  if (choices.isOpen && choices.grouping) {
    if (stroke) choices.toggle(stroke.id);
    return;
  }
  choices.close();
  if (stroke) openSymbolOf(stroke.id);
});

sheet.addEventListener("outlined", () => markOpened());
sheet.addEventListener("moved", () => {
  if (sheet.isAtStart) putAway($("to-start"));
  else $("to-start").hidden = false;
  if (choices.isOpen) choices.moveTo(placeOf(choices.opened.strokes));
});

// Who writes a row to its end on a small screen begins the next one at the left.
$("to-start").addEventListener("click", () => sheet.toStart());

/** Say what became of the ink, with the way back until something else becomes of it. */
function offerUndo(text) {
  ink.addEventListener("change", toast(text, "Undo", () => ink.undo()), { once: true });
}

function symbolWith(id) {
  const index = rows.symbols.findIndex(({ strokes }) => strokes.includes(id));
  return index < 0 ? null : index;
}

// Rows

/** Take the row in hand that a stroke is of. */
function takeRow(id) {
  if ([-1, rows.hand].includes(rows.of(id))) return;
  mend.close(); // It was about the row before,
  opener = null;
  choices.close(); // and so were these: the focus does not go back there.
  rows.take(id);
  sheet.show(boxAround(rows.inHand.strokes));
  show();
}

result.addEventListener("row", ({ detail: { index } }) => {
  const [id] = rows.list[index].strokes;
  upToDate().then(() => takeRow(id));
});
$("whole").addEventListener("click", () => ink.setWhole(!ink.state.whole));

// Symbols and readings

/** Offer what else the symbol of a stroke may be, once the ink as it is has been read. */
async function openSymbolOf(id, focus = false) {
  await upToDate();
  const index = symbolWith(id);
  if (index === null || sheet.isWriting) return; // The stroke is gone or of no symbol, or the page must not move under a pen.
  takeRow(id);
  const symbol = rows.symbols[index];
  const { strokes } = symbol;
  sheet.show(boxAround(strokes));
  const [mayBegin, mayJoin] = ink.state.whole ? [] : [Math.min(...strokes) > rows.inHand.strokes[0], rows.hand > 0];
  choices.open({ ...symbol, chosen: isChosen(strokes), mayBegin, mayJoin }, placeOf(strokes), { focus });
  outline();
  opener = focus ? index : null;
}

/** The box around strokes. */
const boxAround = (strokes) => boundsOf(strokes.map((id) => ink.stroke(id)));

/** The same in pixels of the sheet. */
const placeOf = (strokes) => sheet.toSheet(boxAround(strokes));

let opener = null; // The symbol whose button opened the choices, to come back to.
let toolBefore = null; // The tool to come back to once a symbol has its strokes.

function markOpened() {
  for (const [index, rect] of [...$("overlay").children].entries()) {
    const strokes = sheet.shapes[index].strokes;
    rect.classList.toggle("open", choices.isOpen && strokes.some((id) => choices.opened.strokes.includes(id)));
  }
}

result.addEventListener("symbol", ({ detail: { index, focus } }) => openSymbolOf(rows.symbols[index].strokes[0], focus));
result.addEventListener("hover", ({ detail: { index } }) => result.mark(index));
result.addEventListener("take", ({ detail: { index } }) => takeNumber(index));
choices.addEventListener("group", () => {
  const before = sheet.tool;
  if (choices.grouping && before !== "select") {
    setTool("select");
    toolBefore = before;
  }
  sheet.single(choices.grouping ? choices.opened.strokes : null);
  markOpened();
});
choices.addEventListener("choose", ({ detail: { strokes, label } }) => ink.choose([{ strokes, label }]));
choices.addEventListener("release", ({ detail: { strokes } }) => ink.release(strokes));
choices.addEventListener("erase", ({ detail: { strokes } }) => ink.remove(strokes));
choices.addEventListener("begin", ({ detail: { strokes } }) => ink.beginRow(Math.min(...strokes)));
choices.addEventListener("join", () => ink.joinRows([rows.hand - 1, rows.hand].flatMap((row) => rows.list[row].strokes)));
choices.addEventListener("close", () => {
  sheet.single(null);
  outline();
  markOpened();
  if (opener !== null) $("symbols").querySelector(`[data-symbol="${opener}"]`)?.focus();
  opener = null;
  if (toolBefore !== null) setTool(toolBefore);
});

/** Let the row in hand be read so. What the reading takes for a stray tap is erased: it is read so by itself then. */
function take(reading) {
  const { best, strokes } = rows.inHand;
  const stray = leftOut(rows.inHand, reading);
  if (stray.length) {
    ink.remove(stray);
    offerUndo("Erased a dot");
    return;
  }
  const { decided, other } = differences(reading, best);
  ink.choose(decided, { freed: strokesOf({ symbols: other }), row: strokes, reading: reading === best ? null : reading });
}

/**
 * The symbols that a reading has other than the best one, and those of them that stay decided while writing goes on:
 * all but what the reader knows no such symbol as.
 */
function differences(reading, best) {
  const key = (symbol) => `${symbol.label} ${symbol.strokes}`;
  const usual = new Set(best.symbols.map(key));
  const other = reading.symbols.filter((symbol) => !usual.has(key(symbol)));
  const decided = other.filter(({ label }) => choices.knows(label)).map(({ strokes, label }) => ({ strokes, label }));
  return { decided, other };
}

function takeNumber(index) {
  const reading = rows.inHand?.readings[index];
  if (!reading || reading === result.formula) return;
  if ($("result").dataset.state === "shown") take(reading);
  else sayUnread(); // It is one of the ink before.
}

$("edit").addEventListener("click", () => upToDate().then(() => mend.open(result.formula.compact)));
mend.addEventListener("arranged", ({ detail: { formula } }) => {
  const { best, strokes } = rows.inHand;
  take(withAlternatives({ ...byIds(formula, strokes), own: "writer" }, best));
});

/** A symbol of a formula that nothing read, with what the reader takes the same strokes for. */
function withAlternatives(reading, best) {
  return {
    ...reading,
    symbols: reading.symbols.map((symbol) => {
      const same = best.symbols.find(({ strokes }) => String(strokes) === String(symbol.strokes));
      return { ...symbol, alternatives: same?.alternatives ?? symbol.alternatives };
    }),
  };
}

// Tools and commands

const toolButtons = [...document.querySelectorAll("button[data-tool]")];

function setTool(tool) {
  toolBefore = null;
  sheet.setTool(tool);
  for (const button of toolButtons) {
    button.ariaChecked = String(button.dataset.tool === tool);
    button.tabIndex = button.dataset.tool === tool ? 0 : -1;
  }
  outline();
}

for (const button of toolButtons) button.addEventListener("click", () => setTool(button.dataset.tool));
document.querySelector("[role=radiogroup]").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const checked = toolButtons.findIndex((button) => button.ariaChecked === "true");
  const next = toolButtons[(checked + step + toolButtons.length) % toolButtons.length];
  setTool(next.dataset.tool);
  next.focus();
  event.preventDefault();
});

const commands = {
  undo: () => ink.undo(),
  redo: () => ink.redo(),
  clear: () => {
    if (ink.isEmpty) return;
    ink.clear();
    offerUndo("Cleared");
  },
  outlines: () => {
    $("outlines").ariaPressed = String($("outlines").ariaPressed !== "true");
    outline();
  },
  erase: () => {
    if (choices.isOpen) return ink.remove([...choices.opened.strokes]);
    const focused = document.activeElement?.closest?.("#symbols [data-symbol]");
    if (focused) return ink.remove(rows.symbols[Number(focused.dataset.symbol)].strokes);
    const last = ink.state.strokes.at(-1);
    if (last) ink.remove([last.id]);
  },
  leave: () => {
    choices.close();
    closeMenu();
  },
  open: () => $("file").click(),
  keys: () => $("shortcuts").showModal(),
  copyLatex: () => { if (!ink.isEmpty) upToDate().then(() => copy(latexOf(rows), "LaTeX copied")); },
  copyMathml: () => upToDate().then(() => copy(mathmlOf(rows), "MathML copied")),
};

$("undo").addEventListener("click", commands.undo);
$("redo").addEventListener("click", commands.redo);
$("clear").addEventListener("click", commands.clear);
$("outlines").addEventListener("click", commands.outlines);
$("open").addEventListener("click", commands.open);
$("keys").addEventListener("click", commands.keys);
$("copy-latex").addEventListener("click", commands.copyLatex);
$("copy-mathml").addEventListener("click", commands.copyMathml);

obeyKeys({ commands, setTool, takeNumber });

// Out of the page and into it

/** The formula of the row in hand with the ink it was read from, as the server takes it. */
function written() {
  const { strokes: ids, formula } = rows.inHand;
  return {
    strokes: wire(readInk.strokes.filter(({ id }) => ids.includes(id))),
    symbols: formula.symbols.map(({ label, strokes }) => ({ label, strokes: strokes.map((id) => ids.indexOf(id)) })),
    relations: formula.relations,
  };
}

/** All ink with what the person decided about symbols, as the server takes it: a truth would have to be one formula. */
function sheetOf({ strokes, choices: decided }) {
  const place = new Map(strokes.map(({ id }, index) => [id, index]));
  return { strokes: wire(strokes), constraints: decided.map(({ label, strokes: some }) => ({ label, strokes: some.map((id) => place.get(id)) })) };
}

const toInkml = (body) => permitted(() => call("api/inkml", { method: "POST", body, raw: true }));

offerDownloads({
  "formula.inkml": () => upToDate().then(() => toInkml(written())),
  "ink.inkml": () => toInkml(sheetOf(ink.state)),
  "formula.svg": async () => new Blob([toSvg(ink.state.strokes)], { type: "image/svg+xml" }),
  "formula.png": () => toPng(ink.state.strokes),
});

/** What a file says of its strokes, where that is another formula than the reader takes them for. */
function said(truth, best) {
  if (nameOf(truth) === nameOf(best)) return {};
  return { choices: differences(truth, best).decided, readings: [withAlternatives({ ...truth, own: "file" }, best)] };
}

/**
 * The strokes of a file, the symbols that it names and, where it is no more than is read at once, the formula that it
 * says they are, what they are read as, and whether all of them are one formula: where the file says so, or rows take
 * too long.
 */
async function readFile(file) {
  const sent = await readable(file);
  const ask = (path) => permitted(() => patiently(() => call(path, { method: "POST", ...sent })));
  // The page reads them as it reads what is written.
  const unread = async () => {
    const { strokes, constraints } = await ask("api/ink");
    return { strokes, constraints, whole: false };
  };
  if (sent.body.size > LARGEST_BODY) return unread();
  try {
    const { rows: [best, ...others], ...told } = await ask("api/rows");
    if (!told.truth || !others.length) return { ...told, best, whole: false };
  } catch (error) {
    if (error.isTooMuch) return unread();
    if (error.kind !== "too-slow") throw error;
  }
  try {
    // What a file says of all its strokes is one formula, and beside it belongs what they are read as if they are one.
    const best = await ask("api/recognize");
    return { ...best, best, whole: true };
  } catch (error) {
    if (error.kind !== "too-slow") throw error;
    return unread();
  }
}

let opening = 0; // Which file is the last that was to be opened.
let reopen = null; // Opens the one again that could not be sent.

async function openFile(file, name = file.name) {
  const mine = ++opening;
  clearTimeout(retries.get(reopen));
  if ($("status").dataset.state !== "offline") setStatus("reading", "Opening");
  try {
    const { strokes, truth, constraints = [], best, whole } = await readFile(file);
    if (mine !== opening) return;
    ink.replace(fitted(strokes, sheet.blank), (ids) => ({
      whole,
      choices: constraints.map(({ label, strokes: places }) => ({ label, strokes: places.map((place) => ids[place]) })),
      ...(truth && said(byIds(truth, ids), byIds(best, ids))),
    }));
    const [{ id }] = ink.state.strokes; // A file is read from its beginning.
    rows.take(id);
    sheet.show(boxAround([id]));
    setTool("pen");
    offerUndo(`Opened ${name}`);
    if (!begun) begin(); // The token was given for the file, and not when the page began.
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Offline)) throw error;
    if (mine !== opening) return;
    if (error instanceof Offline) {
      reopen = () => openFile(file, name);
      fail(error, reopen);
      return;
    }
    if (error.kind === "token") setStatus("error", "Locked");
    else if (!isBeingRead()) setStatus("ready");
    say("error", `${name} cannot be read.`, error.limit ? `${error.title}. ${error.message}` : sentence(error.message));
  }
}

/** Ask again, for a while, when the server says that it is busy or not ready yet. */
async function patiently(ask, tries = 20) {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Refusal && error.retryAfter && tries > 1)) throw error;
    setStatus(error.kind === "starting" ? "starting" : "reading", error.title);
    await new Promise((resolve) => { setTimeout(resolve, error.retryAfter * 1000); });
    return patiently(ask, tries - 1);
  }
}

takeFiles(openFile);
$("example").addEventListener("click", async () => {
  try {
    await openFile(await call("example.inkml", { raw: true }), "the example");
    $("ink").focus();
  } catch (error) {
    complain(error);
  }
});

// The correction loop

learning.addEventListener("change", updateButtons);
$("confirm").addEventListener("click", () => upToDate().then(() => permitted(() => learning.save(written()))).catch(complain));

// Beginning

async function begin() {
  clearTimeout(retries.get(begin));
  try {
    const [known, kept] = await Promise.all([call("api/symbols"), call("api/corrections")]);
    choices.setKnown(known.symbols);
    learning.set(kept);
  } catch (error) {
    fail(error, begin);
    return;
  }
  begun = true;
  result.explain();
  read(); // What was written meanwhile, or in this tab before.
}

followTheme(() => sheet.draw());
setTool("pen");
updateButtons();
result.clear();
const kept = tab.get("ink");
const hand = tab.get("hand"); // A stroke of the row that was in hand.
if (kept) ink.restore(JSON.parse(kept));
if (hand) rows.take(Number(hand));
if (ink.stroke(Number(hand))) sheet.show(boxAround([Number(hand)]));
begin();
