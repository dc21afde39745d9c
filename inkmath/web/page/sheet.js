// The sheet of paper: draws ink, follows the pen, and lays the outlines of symbols over the ink.

import { densityFor, drawStroke, PEN_WIDTH, prepare } from "./drawing.js";
import { boundsOf } from "./ink.js";
import { scratchedOut, strokeAt, strokesAlong } from "./gestures.js";

const ERASER_REACH = 9;
const TAP_REACH = 14;
const PALM_PAUSE_MS = 800;
const STRIP = 28; // Pixels of the sheet: nothing is begun on a narrower one.
const ROOM = 120; // Of the ink's unit: enough for two symbols more.
const SMALLEST = 0.7; // Of the size as written: a sheet whose ink cannot be seen whole at this is scrolled.
const MOVED = 8; // Pixels: who scrolled less meant to tap.
const SVG = "http://www.w3.org/2000/svg";

/**
 * A sheet in its place on the page. Ink that is too wide or too high is shown smaller, down to a size that one still
 * writes at; what is larger than that is scrolled.
 *
 * Events: `erased` {count} after a scratch-out, `pick` {stroke} for a tap with the select tool, `hover` {stroke},
 * `begin` when the pointer goes down and `dropped` when nothing came of it, `outlined` when the outlines are new ones,
 * `moved` once ink and outlines have another scale or place.
 */
export class Sheet extends EventTarget {
  tool = "pen";

  constructor({ paper, scroller, spacer, canvas, overlay, ink }) {
    super();
    this.paper = paper;
    this.scroller = scroller;
    this.spacer = spacer; // As wide as the whole sheet and as high as what is out of sight of it, where it is scrolled.
    this.canvas = canvas;
    this.overlay = overlay;
    this.ink = ink;
    this.context = canvas.getContext("2d");
    this.written = document.createElement("canvas").getContext("2d"); // All but what is being written, for `#drawLive`.
    this.scale = 1;
    this.corner = [0, 0]; // The ink's coordinates of the sheet's upper left corner, which may be out of sight.
    this.live = null; // The points of the stroke being written.
    this.newest = null; // The box around the stroke that the pen wrote last, until the sheet has room beneath it.
    this.doomed = new Set(); // Strokes under the eraser, gone when it lifts.
    this.isSpread = false; // Whether all of it is on the canvas, not only what is in sight.
    this.shapes = []; // What is outlined.
    this.singled = null; // The strokes that stand out, or null where all do.
    this.pointer = null;
    this.from = [0, 0]; // How far the sheet was scrolled when the pointer went down.
    this.held = null; // The place in the window at which it is held to be scrolled, [x, y].
    this.fingers = new Set(); // Pointers of all fingers, and parts of a hand, on the sheet.
    this.lastPen = -Infinity;
    ink.addEventListener("change", () => {
      this.#forget();
      this.draw();
    });
    new ResizeObserver(() => this.#resize()).observe(scroller);
    scroller.addEventListener("scroll", () => this.#refresh());
    window.addEventListener("beforeprint", () => this.#spread());
    window.addEventListener("afterprint", () => {
      this.isSpread = false;
      this.#resize();
    });
    this.#followDensity();
    for (const [type, handler] of Object.entries({
      pointerdown: this.#down, pointermove: this.#move, pointerup: this.#up, pointercancel: this.#cancel,
    })) canvas.addEventListener(type, (event) => handler.call(this, event));
    canvas.addEventListener("pointerleave", () => this.#hover(null));
    // A tablet that wakes, or a graphics driver that starts again, may bring canvases back empty.
    for (const { canvas: drawn } of [this.context, this.written]) drawn.addEventListener("contextrestored", () => this.draw());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    // Else an iPad may take quick strokes of its pencil for Scribble, and not tell of them (WebKit's bug 217430).
    // Two fingers zoom the page: where the sheet fills the screen, nothing else would lead out of a zoom. They scroll the
    // sheet, too: let the browser do that, and it does it at times with a pen that writes.
    canvas.addEventListener("touchmove", (event) => {
      if (event.touches.length < 2 || this.#isPalm(event)) event.preventDefault();
      else if (visualViewport.scale === 1) { // Else they move the page.
        const [one, other] = event.touches;
        this.#drag([(one.clientX + other.clientX) / 2, (one.clientY + other.clientY) / 2]);
      }
    }, { passive: false });
    canvas.addEventListener("touchstart", () => { this.held = null; }, { passive: true });
  }

  setTool(tool) {
    this.tool = tool;
    this.paper.dataset.tool = tool;
  }

  get isWriting() { return this.pointer !== null && this.using === "pen"; }

  /** What of the ink's coordinates a new sheet shows. */
  get blank() { return { left: 0, top: 0, right: this.scroller.clientWidth, bottom: this.scroller.clientHeight }; }

  /** What of the ink's coordinates is in sight. */
  get view() {
    const [left, top] = this.#origin;
    const { clientWidth, clientHeight } = this.scroller;
    return { left, top, right: left + clientWidth / this.scale, bottom: top + clientHeight / this.scale };
  }

  /** How many pixels of the sheet are out of sight to the left and above. */
  get #scrolled() { return [this.scroller.scrollLeft, this.scroller.scrollTop]; }

  /** The ink's coordinates of the upper left corner of what is in sight. */
  get #origin() {
    const [x, y] = this.corner;
    const [across, down] = this.#scrolled;
    return [x + across / this.scale, y + down / this.scale];
  }

  /** From the ink's coordinates to pixels of the whole sheet. */
  #toWhole({ left, top, right, bottom }) {
    const [x, y] = this.corner;
    const { scale } = this;
    return { left: (left - x) * scale, top: (top - y) * scale, right: (right - x) * scale, bottom: (bottom - y) * scale };
  }

  /** From the ink's coordinates to pixels of what is in sight. */
  toSheet(box) {
    const { left, top, right, bottom } = this.#toWhole(box);
    const [across, down] = this.#scrolled;
    return { left: left - across, top: top - down, right: right - across, bottom: bottom - down };
  }

  /** Outline symbols: [{box, className, symbol}], boxes in the ink's coordinates. */
  outline(shapes) {
    this.shapes = shapes;
    this.overlay.replaceChildren(...shapes.map(({ box, className, symbol }) => {
      const rect = document.createElementNS(SVG, "rect");
      const { left, top, right, bottom } = this.#toWhole(box);
      const margin = 5;
      rect.setAttribute("x", left - margin);
      rect.setAttribute("y", top - margin);
      rect.setAttribute("width", Math.max(2, right - left) + 2 * margin);
      rect.setAttribute("height", Math.max(2, bottom - top) + 2 * margin);
      rect.setAttribute("class", className);
      rect.dataset.symbol = symbol;
      return rect;
    }));
    this.dispatchEvent(new Event("outlined"));
  }

  /** Outline nothing more around strokes that are gone: other ink may lie there now. */
  #forget() {
    const there = new Set(this.ink.state.strokes.map(({ id }) => id));
    const left = this.shapes.filter(({ strokes }) => strokes.every((id) => there.has(id)));
    if (left.length < this.shapes.length) this.outline(left);
  }

  /** Let some strokes stand out before all others, or none (null). */
  single(ids) {
    this.singled = ids && new Set(ids);
    this.draw();
  }

  draw() {
    this.#blank(this.written);
    const { view } = this;
    for (const stroke of this.ink.state.strokes) {
      if (!this.isSpread && !meets(boundsOf([stroke]), view)) continue;
      this.written.globalAlpha = this.doomed.has(stroke.id) ? 0.18 : this.singled?.has(stroke.id) === false ? 0.35 : 1;
      drawStroke(this.written, stroke.points);
    }
    this.written.globalAlpha = 1;
    this.#drawLive();
  }

  /** Draw the stroke being written over the others as they were drawn last: a pen must not lag the more there are. */
  #drawLive() {
    const { context } = this;
    this.#blank(context);
    context.save();
    context.resetTransform();
    context.drawImage(this.written.canvas, 0, 0);
    context.restore();
    if (this.live) drawStroke(context, this.live);
  }

  /** Make a canvas empty, to be drawn on in the ink's coordinates. */
  #blank(context) {
    const [x, y] = this.isSpread ? this.corner : this.#origin;
    const scale = this.density * this.scale;
    context.resetTransform();
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.scale(scale, scale);
    context.translate(-x, -y);
    prepare(context, getComputedStyle(this.paper).getPropertyValue("--ink").trim());
  }

  /** The browser's zoom, or another screen, changes how many pixels the sheet has, and not always its size. */
  #followDensity() {
    matchMedia(`(resolution: ${window.devicePixelRatio || 1}dppx)`).addEventListener("change", () => {
      this.#resize();
      this.#followDensity();
    }, { once: true });
  }

  #resize() {
    if (this.isSpread) return; // It is the paper of a printer that has another size.
    this.#setDensity(window.devicePixelRatio || 1, this.scroller.clientWidth, this.scroller.clientHeight);
    this.fit();
  }

  /** Give the canvases so many pixels for each of the sheet, which is so wide and so high. */
  #setDensity(density, width, height) {
    this.density = density;
    for (const { canvas } of [this.context, this.written]) {
      canvas.width = Math.max(1, Math.round(width * density)); // An empty canvas cannot be copied.
      canvas.height = Math.max(1, Math.round(height * density));
    }
  }

  /** Have all of the sheet that is written on on the canvas, to be printed: paper cannot be scrolled. */
  #spread() {
    const { right, bottom } = this.#toWhole(boundsOf(this.ink.state.strokes));
    const [width, height] = [Math.max(this.scroller.clientWidth, right + STRIP), Math.max(1, bottom + STRIP)];
    this.isSpread = true;
    this.#setDensity(densityFor(width, height), width, height);
    this.draw();
  }

  /** Whether no ink lies beyond the sheet's edges, and there is somewhere to write on to the right and beneath. */
  get hasRoom() {
    const { left, top, right, bottom } = boundsOf(this.ink.state.strokes);
    const [x, y] = this.corner;
    const { view, newest, scale } = this;
    const strip = STRIP / scale;
    const { scrollWidth, scrollHeight } = this.scroller;
    const atPen = newest === null || (newest.right + strip <= view.right && newest.bottom + strip <= view.bottom);
    return left >= x && top >= y && right + strip <= x + scrollWidth / scale && bottom + strip <= y + scrollHeight / scale && atPen; // Without ink, too.
  }

  /** Give the sheet a scale and a size at which all its ink has room; what is in sight stays so. */
  fit() {
    const { left, top, right, bottom } = boundsOf(this.ink.state.strokes);
    const { clientWidth: width, clientHeight: height } = this.scroller;
    const { view, newest } = this;
    const [x, y] = [left, top].map((first) => (first < 0 ? first - ROOM : 0));
    const fits = right + STRIP <= x + width && bottom + STRIP <= y + height; // Without ink, too.
    const [wide, high] = [width / (right + ROOM - x), height / (bottom + ROOM - y)];
    this.corner = [x, y];
    this.scale = fits ? 1 : Math.min(1, Math.max(SMALLEST, Math.min(wide, high)));
    const { scale } = this;
    const [isBroad, isLong] = [!fits && scale > wide, !fits && scale > high];
    this.spacer.style.width = isBroad ? `${(right - x) * scale + width / 2}px` : "0";
    this.spacer.style.height = isLong ? `${(bottom - y) * scale - height / 2}px` : "0";
    this.scroller.scrollTo((view.left - x) * scale, (view.top - y) * scale);
    this.newest = null;
    if (newest) {
      // Half of the sheet lies before the pen that came to its edge: it is not moved again at the next symbol, or row.
      const [beside, beneath] = [newest.right + STRIP / scale > this.view.right, newest.bottom + STRIP / scale > this.view.bottom];
      this.show(newest, beside ? width / 2 : 0, beneath ? height / 2 : 0);
    }
    this.outline(this.shapes);
    this.#refresh();
  }

  /** Whether nothing is out of sight to the left. */
  get isAtStart() { return this.scroller.scrollLeft === 0; }

  toStart() { this.scroller.scrollTo({ left: 0 }); }

  /** Scroll as little as brings a box into sight, with so many pixels beside and beneath it; where there is not room for all, its beginning. */
  show(box, beside = STRIP, beneath = STRIP) {
    const { left, top, right, bottom } = this.#toWhole(box);
    const { clientWidth, clientHeight } = this.scroller;
    const [across, down] = this.#scrolled;
    this.scroller.scrollTo(
      Math.min(left - STRIP, Math.max(across, right + beside - clientWidth)),
      Math.min(top - STRIP, Math.max(down, bottom + beneath - clientHeight)),
    );
  }

  /** Draw what is in sight now. */
  #refresh() {
    this.draw();
    this.overlay.style.translate = this.#scrolled.map((far) => `${-far}px`).join(" ");
    this.dispatchEvent(new Event("moved"));
  }

  /** Scroll with fingers or a pen that hold the sheet at a place in the window. */
  #drag([x, y]) {
    if (this.held) this.scroller.scrollBy(this.held[0] - x, this.held[1] - y);
    this.held = [x, y];
  }

  #point(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const [x, y] = this.#origin;
    // Only pens measure it. Of a finger some phones say 1 and some how much of the screen it covers.
    const pressure = (event.pointerType === "pen" && event.pressure) || 0.5;
    return [x + (event.clientX - left) / this.scale, y + (event.clientY - top) / this.scale, pressure];
  }

  /** Whether a touch is of the hand that holds the pen. */
  #isPalm(event) { return event.timeStamp - this.lastPen < PALM_PAUSE_MS; }

  #down(event) {
    const finger = event.pointerType === "touch";
    if (event.pointerType === "pen") this.lastPen = event.timeStamp;
    if (finger) {
      if (event.isPrimary) this.fingers.clear(); // No other touches the screen.
      this.fingers.add(event.pointerId);
    }
    const wanted = event.pointerType !== "mouse" || event.button === 0;
    if ((finger && this.#isPalm(event)) || !wanted) return;
    if (this.pointer !== null) {
      if (!this.touching || event.pointerType === "mouse") return;
      this.#drop(); // A hand that rests before the pen writes, or the first of two fingers: what it drew was not meant.
    }
    if (finger && this.fingers.size > 1) return; // A hand rests in more places than two, and lifts and lowers them.
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.touching = finger;
    const point = this.#point(event);
    // Button 5 is the eraser at the far end of a pen.
    this.using = event.button === 5 ? "eraser" : this.tool;
    this.dispatchEvent(new CustomEvent("begin"));
    // Else Backspace would still erase the symbol that was corrected before, rather than what is written now.
    if (this.using !== "select") document.activeElement?.blur();
    this.from = this.#scrolled;
    this.held = [event.clientX, event.clientY];
    if (this.using === "pen") { this.live = [point]; this.#drawLive(); }
    if (this.using === "eraser") { this.trail = point; this.#erase(point); }
  }

  #move(event) {
    if (event.pointerType === "pen") this.lastPen = event.timeStamp;
    if (event.pointerId !== this.pointer) {
      if (this.tool === "select" && this.pointer === null) this.#hover(this.#meantAt(this.#point(event)));
      return;
    }
    const samples = event.getCoalescedEvents?.() ?? [];
    for (const sample of samples.length ? samples : [event]) {
      const point = this.#point(sample);
      if (this.using === "pen") this.#extend(point);
      if (this.using === "eraser") this.#erase(point);
    }
    if (this.using === "pen") this.#drawLive();
    if (this.using === "select") this.#drag([event.clientX, event.clientY]);
  }

  #up(event) {
    this.fingers.delete(event.pointerId);
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    if (this.using === "pen") {
      const [x, y] = this.#point(event);
      this.#extend([x, y, this.live.at(-1)[2]]); // A pen that lifts presses no more, which would count as an unknown pressure.
      const points = this.live;
      this.live = null;
      const gone = scratchedOut(points, this.ink.state.strokes);
      if (gone.length) {
        this.ink.remove(gone.map((stroke) => stroke.id));
        this.dispatchEvent(new CustomEvent("erased", { detail: { count: gone.length } }));
      } else {
        this.newest = boundsOf([{ points }]);
        this.ink.add(points);
      }
    }
    if (this.using === "eraser") {
      const gone = [...this.doomed];
      this.doomed.clear();
      this.ink.remove(gone);
      this.draw();
    }
    // Not as it went down: it may have been the first of two fingers, or a hand.
    const [across, down] = this.#scrolled;
    if (this.using === "select" && Math.hypot(across - this.from[0], down - this.from[1]) < MOVED) {
      this.dispatchEvent(new CustomEvent("pick", { detail: { stroke: this.#meantAt(this.#point(event)) } }));
    }
  }

  #cancel(event) {
    this.fingers.delete(event.pointerId);
    if (event.pointerId === this.pointer) this.#drop();
  }

  /** Give up what is being drawn or erased. */
  #drop() {
    this.pointer = null;
    this.live = null;
    this.doomed.clear();
    this.draw();
    this.dispatchEvent(new Event("dropped"));
  }

  #extend(point) {
    const [x, y] = this.live.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) >= 0.7) this.live.push(point);
  }

  #erase(point) {
    const before = this.doomed.size;
    for (const stroke of strokesAlong(this.trail, point, this.ink.state.strokes, ERASER_REACH / this.scale)) this.doomed.add(stroke.id);
    this.trail = point;
    if (this.doomed.size > before) this.draw();
  }

  /** The stroke at a point, else one of the smallest outlined symbol around it. */
  #meantAt(point) {
    const near = strokeAt(point, this.ink.state.strokes, TAP_REACH / this.scale);
    if (near) return near;
    const [x, y] = point;
    const around = this.shapes
      .filter(({ box }) => x >= box.left - 5 && x <= box.right + 5 && y >= box.top - 5 && y <= box.bottom + 5)
      .sort((a, b) => area(a.box) - area(b.box));
    return around.length ? this.ink.stroke(around[0].strokes[0]) : null;
  }

  #hover(stroke) {
    this.paper.toggleAttribute("data-over", stroke !== null);
    this.dispatchEvent(new CustomEvent("hover", { detail: { stroke } }));
  }
}

/** Whether what a pen drew in a box may be seen in another. */
const meets = (box, other) => box.left <= other.right + PEN_WIDTH && box.right >= other.left - PEN_WIDTH
  && box.top <= other.bottom + PEN_WIDTH && box.bottom >= other.top - PEN_WIDTH;

const area = ({ left, top, right, bottom }) => (right - left + 1) * (bottom - top + 1);
