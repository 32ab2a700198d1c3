/**
 * Which point is under the pointer, by projecting all of them.  A million projections take about
 * as long as a frame on a CPU, need no second render target, and can be tested without a canvas.
 */

import type { Vec3 } from "../../math";

export interface View {
  /** Column-major view-projection matrix. */
  matrix: ArrayLike<number>;
  width: number;
  height: number;
  eye: Vec3;
  /** Points behind the horizon of the unit sphere do not count. */
  spherical: boolean;
}

/** Whether a point can be seen from here: the sphere hides its far side, a free cloud hides nothing. */
export function faces({ spherical, eye }: View, x: number, y: number, z: number): boolean {
  return !spherical || x * eye[0] + y * eye[1] + z * eye[2] > 1;
}

/** Screen position in CSS pixels, or null behind the eye. */
export function project(view: View, x: number, y: number, z: number): [number, number] | null {
  const m = view.matrix;
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  if (w <= 0) return null;
  const px = (m[0] * x + m[4] * y + m[8] * z + m[12]) / w;
  const py = (m[1] * x + m[5] * y + m[9] * z + m[13]) / w;
  return [(px * 0.5 + 0.5) * view.width, (0.5 - py * 0.5) * view.height];
}

/**
 * Index of the pickable point nearest to (x, y) within `reach` pixels, or -1.  `flags` with a bit
 * of `skip` set are left out.
 */
export function pick(
  view: View,
  xyz: Float32Array,
  flags: Uint8Array,
  skip: number,
  x: number,
  y: number,
  reach: number,
): number {
  const m = view.matrix;
  const [ex, ey, ez] = view.eye;
  const { width, height, spherical } = view;
  let best = -1;
  let bestScore = reach * reach;
  let bestDepth = Infinity;
  for (let i = 0, k = 0; i < flags.length; i++, k += 3) {
    if (flags[i] & skip) continue;
    const px = xyz[k];
    const py = xyz[k + 1];
    const pz = xyz[k + 2];
    if (spherical && px * ex + py * ey + pz * ez <= 1) continue;
    const w = m[3] * px + m[7] * py + m[11] * pz + m[15];
    if (w <= 0) continue;
    const dx = ((m[0] * px + m[4] * py + m[8] * pz + m[12]) / w + 1) * 0.5 * width - x;
    if (dx > reach || dx < -reach) continue;
    const dy = (1 - (m[1] * px + m[5] * py + m[9] * pz + m[13]) / w) * 0.5 * height - y;
    const score = dx * dx + dy * dy;
    // In a free cloud the nearer of two points under the pointer hides the other.
    if (score < bestScore || (!spherical && score < 9 && bestScore < 9 && w < bestDepth)) {
      best = i;
      bestScore = score;
      bestDepth = w;
    }
  }
  return best;
}
