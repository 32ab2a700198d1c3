/** Which points lie inside a line drawn by hand on the screen. */

import type { Path } from "./gestures";
import { faces, project, type View } from "../camera/picking";

/** Whether a place is inside a closed line: a ray from it crosses the line an odd number of times. */
function inside(path: Path, x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [ax, ay] = path[i];
    const [bx, by] = path[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

/** Positions of the points inside a lasso; those with a flag of `skip`, or behind the horizon, are not. */
export function lassoed(view: View, xyz: Float32Array, flags: Uint8Array, skip: number, path: Path): Uint32Array {
  const xs = path.map(([x]) => x);
  const ys = path.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const found: number[] = [];
  for (let i = 0, k = 0; i < flags.length; i++, k += 3) {
    if (flags[i] & skip) continue;
    const [px, py, pz] = [xyz[k], xyz[k + 1], xyz[k + 2]];
    if (!faces(view, px, py, pz)) continue;
    const at = project(view, px, py, pz);
    if (!at || at[0] < left || at[0] > right || at[1] < top || at[1] > bottom) continue;
    if (inside(path, at[0], at[1])) found.push(i);
  }
  return Uint32Array.from(found);
}
