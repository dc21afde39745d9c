// Ink in parts that are read each for itself: a server takes only so many strokes at once, and rows hardly need each other.

const SLOPES = [0, 0.04, -0.04, 0.08, -0.08, 0.12, -0.12]; // how far down per unit to the right a row may run
const TRIM = 0.1; // of the height of a stroke, at either end, may reach between rows: descenders do

/**
 * Strokes in parts of at most so many, from the top down. They are parted where an empty band runs across all of them,
 * and none of a set that is `together` (by id); what no band parts is left too large.
 */
export function partsOf(strokes, most, together) {
  if (strokes.length <= most) return [strokes];
  const above = aboveBand(strokes, together);
  if (!above) return [strokes];
  const sides = [strokes.filter(({ id }) => above.has(id)), strokes.filter(({ id }) => !above.has(id))];
  return sides.flatMap((side) => partsOf(side, most, together));
}

/** The strokes above a band: of those that leave a quarter of all on either side the widest, or else of all; null without one. */
function aboveBand(strokes, together) {
  const fair = strokes.length / 4;
  let [best, widest, isFair] = [null, 0, false];
  for (const slope of SLOPES) {
    const spans = spansOf(strokes, slope, together);
    let end = spans[0].bottom;
    for (let count = 1; count < spans.length; count++) {
      const width = spans[count].top - end;
      const divides = Math.min(count, spans.length - count) >= fair;
      if (width > 0 && (divides === isFair ? width > widest : divides)) {
        [best, widest, isFair] = [new Set(spans.slice(0, count).map(({ id }) => id)), width, divides];
      }
      end = Math.max(end, spans[count].bottom);
    }
  }
  return best;
}

/** From where to where each stroke, with what it is together with, reaches down a sheet of such a slope; the highest first. */
function spansOf(strokes, slope, together) {
  const spans = new Map(strokes.map((stroke) => [stroke.id, { id: stroke.id, ...reachesOf(stroke).get(slope) }]));
  for (const ids of together) {
    const some = ids.map((id) => spans.get(id)).filter(Boolean);
    const [top, bottom] = [Math.min(...some.map((span) => span.top)), Math.max(...some.map((span) => span.bottom))];
    for (const span of some) Object.assign(span, { top, bottom });
  }
  return [...spans.values()].sort((a, b) => a.top - b.top);
}

const known = new WeakMap(); // What `reachesOf` gave: strokes never change, and a page of them has many points.

/** How far a stroke reaches down a sheet, {top, bottom}, by the slope of the sheet. */
function reachesOf(stroke) {
  if (!known.has(stroke)) {
    known.set(stroke, new Map(SLOPES.map((slope) => {
      const [top, bottom] = [Math.min, Math.max].map((outer) => stroke.points.map(([x, y]) => y - slope * x).reduce((a, b) => outer(a, b)));
      const trim = TRIM * (bottom - top);
      return [slope, { top: top + trim, bottom: bottom - trim }];
    })));
  }
  return known.get(stroke);
}
