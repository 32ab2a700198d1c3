/** Where a free cloud lies on the screen: it has no size of its own, so the view is made to fit it. */

import { project, type View } from "./picking";

/** Share of the points that must lie on the near side of each edge: a few strays may not shrink the rest. */
const INSIDE = 0.995;
/** Points that are looked at: as many as a frame has time for. */
const LOOKED_AT = 20_000;

/** Left, right, top and bottom of nearly all points, in CSS pixels. */
export function screenBox(view: View, xyz: Float32Array): [number, number, number, number] {
  const n = xyz.length / 3;
  const step = Math.ceil(n / LOOKED_AT);
  const seen: [number, number][] = [];
  for (let i = 0; i < n; i += step) {
    const at = project(view, xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2]);
    if (at) seen.push(at);
  }
  const ends = (axis: 0 | 1): [number, number] => {
    const sorted = Float32Array.from(seen, (at) => at[axis]).sort();
    const last = sorted.length - 1;
    return [sorted[Math.floor((1 - INSIDE) * last)], sorted[Math.ceil(INSIDE * last)]];
  };
  return seen.length ? [...ends(0), ...ends(1)] : [0, view.width, 0, view.height];
}
