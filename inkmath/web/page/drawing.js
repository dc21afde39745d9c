// Ink on a canvas: on the sheet, and in the picture that is kept of it.

export const PEN_WIDTH = 2.8;
const DENSITY = 2;
const LARGEST_CANVAS = 16e6; // Pixels: an iPad makes no larger one.
const LONGEST_CANVAS = 16_000; // Pixels a side.

/** Draw a stroke of [x, y, pressure] points as a smooth line, thicker where the pen pressed. */
export function drawStroke(context, points) {
  const width = (pressure) => PEN_WIDTH * (0.55 + 0.9 * pressure);
  if (points.length < 3) {
    const [x, y, pressure] = points[0];
    const [endX, endY] = points.at(-1);
    context.lineWidth = width(pressure) + (points.length === 1 ? 1.4 : 0);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(endX, endY + (x === endX && y === endY ? 0.01 : 0));
    context.stroke();
    return;
  }
  let from = points[0];
  for (let i = 1; i < points.length; i++) {
    const last = i === points.length - 1;
    const to = last ? points[i] : [(points[i][0] + points[i + 1][0]) / 2, (points[i][1] + points[i + 1][1]) / 2];
    context.lineWidth = width(points[i][2]);
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.quadraticCurveTo(points[i][0], points[i][1], to[0], to[1]);
    context.stroke();
    from = to;
  }
}

/** Pixels of a canvas for each of a picture of this size, as far as browsers make canvases. */
export const densityFor = (width, height) => Math.min(DENSITY, LONGEST_CANVAS / Math.max(width, height), Math.sqrt(LARGEST_CANVAS / (width * height)));

export function prepare(context, colour) {
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = colour;
}
