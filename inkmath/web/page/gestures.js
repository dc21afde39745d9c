// What a movement of the pen means besides ink: erasing, scratching out, pointing at a stroke.

import { boundsOf } from "./ink.js";

/** Distance from a point to the segment between two others. */
function distance([x, y], [ax, ay], [bx, by]) {
  const dx = bx - ax;
  const dy = by - ay;
  const length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** How far a point is from a stroke. */
function distanceTo(point, { points }) {
  if (points.length === 1) return distance(point, points[0], points[0]);
  let nearest = Infinity;
  for (let i = 1; i < points.length; i++) nearest = Math.min(nearest, distance(point, points[i - 1], points[i]));
  return nearest;
}

/** Strokes within `reach` of the way from `a` to `b`. */
export function strokesAlong(a, b, strokes, reach) {
  const steps = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / (reach / 2)));
  const way = Array.from({ length: steps + 1 }, (_, i) => [a[0] + ((b[0] - a[0]) * i) / steps, a[1] + ((b[1] - a[1]) * i) / steps]);
  return strokes.filter((stroke) => way.some((point) => distanceTo(point, stroke) <= reach));
}

/** The stroke nearest to a point, if one is within `reach`. */
export function strokeAt(point, strokes, reach) {
  let best = null;
  let nearest = reach;
  for (const stroke of strokes) {
    const away = distanceTo(point, stroke);
    if (away <= nearest) [best, nearest] = [stroke, away];
  }
  return best;
}

/**
 * The strokes that a new stroke scratches out, or none when it is ink.
 *
 * A scratch runs to and fro at least five times over what it deletes: that lies mostly beneath it, and at least a third
 * of the scratch lies on it. An m or a \sin in one stroke turns as often, but only passes by what is older. A stroke
 * traced a few times more lies on what is older from end to end, and turns where that does.
 */
export function scratchedOut(points, strokes) {
  if (points.length < 12) return [];
  const box = boundsOf([{ points }]);
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  const size = Math.max(width, height);
  const turns = turnsOf(points);
  if (turns < 5) return [];
  const margin = Math.max(4, Math.min(width, height) * 0.15);
  const covered = strokes.filter((stroke) => {
    const inside = stroke.points.filter(([x, y]) =>
      x >= box.left - margin && x <= box.right + margin && y >= box.top - margin && y <= box.bottom + margin);
    return inside.length >= 0.6 * stroke.points.length;
  });
  const near = Math.max(8, size * 0.12);
  const touched = covered.filter((stroke) => stroke.points.some((point) => distanceTo(point, { points }) < near));
  if (!touched.length) return [];
  const passes = (turns + 1) / (Math.max(...touched.map((stroke) => turnsOf(stroke.points))) + 1);
  const reach = Math.max(4, size * 0.08);
  const along = points.filter((point) => touched.some((stroke) => distanceTo(point, stroke) < reach));
  if (passes < 5 && along.length >= 0.9 * points.length) return [];
  const under = boundsOf(touched);
  const over = points.filter(([x, y]) => (x >= under.left && x <= under.right && y >= under.top && y <= under.bottom)
    || touched.some((stroke) => distanceTo([x, y], stroke) < near));
  return over.length * 3 >= points.length ? touched : [];
}

/** How often a stroke turns back, sideways or up and down. */
function turnsOf(points) {
  const box = boundsOf([{ points }]);
  return Math.max(...[box.right - box.left, box.bottom - box.top].map((extent, axis) =>
    extent < 12 ? 0 : reversals(points.map((point) => point[axis]), extent * 0.3)));
}

/** How often a coordinate turns back by at least `least`. */
function reversals(values, least) {
  let turns = 0;
  let direction = 0;
  let extreme = values[0];
  for (const value of values) {
    if (direction >= 0 && value > extreme) { extreme = value; if (!direction && value - values[0] > least) direction = 1; }
    if (direction <= 0 && value < extreme) { extreme = value; if (!direction && values[0] - value > least) direction = -1; }
    if (direction && (extreme - value) * direction > least) {
      turns += 1;
      direction = -direction;
      extreme = value;
    }
  }
  return turns;
}
