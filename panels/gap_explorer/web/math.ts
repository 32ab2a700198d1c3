/**
 * Geometry on the unit sphere and the few statistics the panel draws, as pure functions of
 * numbers and typed arrays.  Everything that can be wrong by a sign lives here, where it is tested
 * without a canvas.
 */

import { MathUtils, Matrix3, Quaternion, Vector3 } from "three";

export type Vec3 = readonly [number, number, number];

export const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);

/** Angle between two unit vectors in radians, exact also where acos loses its digits. */
export function angleBetween(a: Vec3, b: Vec3): number {
  const [from, to] = [new Vector3(...a), new Vector3(...b)];
  return Math.atan2(from.clone().cross(to).length(), from.dot(to));
}

/**
 * `count` directions spread evenly over the sphere, interleaved xyz: the spherical Fibonacci
 * lattice (González 2010, "Measurement of areas on a sphere using Fibonacci and latitude-longitude
 * lattices").
 */
export function fibonacciSphere(count: number): Float32Array {
  const golden = Math.PI * (3 - Math.sqrt(5));
  const xyz = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) {
    const z = 1 - (2 * i + 1) / count;
    const r = Math.sqrt(Math.max(0, 1 - z * z));
    xyz[3 * i] = r * Math.cos(golden * i);
    xyz[3 * i + 1] = r * Math.sin(golden * i);
    xyz[3 * i + 2] = z;
  }
  return xyz;
}

/** The circle of a cap (geodesic disc) as `segments` interleaved points, closed by repetition. */
export function capOutline(center: Vec3, angle: number, segments = 96): Float32Array {
  const turn = new Quaternion().setFromUnitVectors(new Vector3(0, 1, 0), new Vector3(...center));
  const out = new Float32Array((segments + 1) * 3);
  const point = new Vector3();
  for (let i = 0; i <= segments; i++) {
    point.setFromSphericalCoords(1, angle, (2 * Math.PI * i) / segments).applyQuaternion(turn).toArray(out, 3 * i);
  }
  return out;
}

/** Where most of some points of interleaved `xyz` lie; that of the first where they cancel out. */
export function meanDirection(xyz: Float32Array, rows: ArrayLike<number>): Vec3 {
  const sum = new Vector3();
  for (let i = 0; i < rows.length; i++) {
    sum.add(new Vector3().fromArray(xyz, 3 * rows[i]));
  }
  if (sum.length() < 1e-6 * rows.length) sum.fromArray(xyz, 3 * rows[0]);
  return sum.normalize().toArray();
}

/**
 * The direction from which a cloud of interleaved `xyz` is spread widest on the screen: of 200 even
 * ones the one whose projection has the largest variance, by the determinant of its covariance.
 */
export function broadside(xyz: Float32Array): Vec3 {
  const n = xyz.length / 3;
  const middle = [0, 0, 0];
  for (let i = 0; i < xyz.length; i++) middle[i % 3] += xyz[i] / n;
  const spread = new Matrix3().set(0, 0, 0, 0, 0, 0, 0, 0, 0);
  for (let i = 0; i < n; i++) {
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        const product = (xyz[3 * i + row] - middle[row]) * (xyz[3 * i + column] - middle[column]);
        spread.elements[3 * column + row] += product / n;
      }
    }
  }
  // The determinant of a projection along d is d' adj(C) d.
  const [xx, xy, xz, , yy, yz, , , zz] = spread.elements;
  const area = (x: number, y: number, z: number): number =>
    (yy * zz - yz * yz) * x * x +
    (xx * zz - xz * xz) * y * y +
    (xx * yy - xy * xy) * z * z +
    2 * ((xz * yz - xy * zz) * x * y + (xy * yz - xz * yy) * x * z + (xy * xz - xx * yz) * y * z);
  const ways = fibonacciSphere(200);
  let best: Vec3 = [0, 0, 1];
  for (let i = 0; i < 200; i++) {
    const way: Vec3 = [ways[3 * i], ways[3 * i + 1], ways[3 * i + 2]];
    if (area(...way) > area(...best)) best = way;
  }
  return best;
}

/** How many points of interleaved `xyz` lie inside the cap; `keep` leaves others out. */
export function countInCap(
  xyz: Float32Array,
  center: Vec3,
  angle: number,
  keep?: (index: number) => boolean,
): number {
  const limit = Math.cos(angle);
  let count = 0;
  for (let i = 0; i < xyz.length / 3; i++) {
    const c = xyz[3 * i] * center[0] + xyz[3 * i + 1] * center[1] + xyz[3 * i + 2] * center[2];
    if (c >= limit && (!keep || keep(i))) count++;
  }
  return count;
}

/**
 * How crowded the sphere is around each point, 0 (emptiest) to 1 (densest): points are counted in
 * the near-equal cells of a cube map and the counts smoothed with their neighbours in the face.
 * The logarithm is what is scaled, since real clouds span decades.
 */
export function sphereDensity(xyz: Float32Array, cells = 48): Float32Array {
  const n = xyz.length / 3;
  const counts = new Float32Array(6 * cells * cells);
  const cellOf = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const cell = cubeCell(xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2], cells);
    cellOf[i] = cell;
    counts[cell]++;
  }
  const smooth = new Float32Array(counts.length);
  for (let face = 0; face < 6; face++) {
    const base = face * cells * cells;
    for (let r = 0; r < cells; r++) {
      for (let c = 0; c < cells; c++) {
        let sum = 0;
        let weight = 0;
        for (let dr = -2; dr <= 2; dr++) {
          for (let dc = -2; dc <= 2; dc++) {
            const rr = r + dr;
            const cc = c + dc;
            if (rr < 0 || cc < 0 || rr >= cells || cc >= cells) continue;
            const w = 1 / (1 + dr * dr + dc * dc);
            sum += w * counts[base + rr * cells + cc];
            weight += w;
          }
        }
        smooth[base + r * cells + c] = Math.log1p(sum / weight);
      }
    }
  }
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < n; i++) {
    low = Math.min(low, smooth[cellOf[i]]);
    high = Math.max(high, smooth[cellOf[i]]);
  }
  const out = new Float32Array(n);
  const span = high - low;
  for (let i = 0; i < n; i++) out[i] = span > 0 ? (smooth[cellOf[i]] - low) / span : 0;
  return out;
}

function cubeCell(x: number, y: number, z: number, cells: number): number {
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  const az = Math.abs(z);
  let face: number;
  let u: number;
  let v: number;
  if (ax >= ay && ax >= az) {
    face = x > 0 ? 0 : 1;
    u = y / ax;
    v = z / ax;
  } else if (ay >= az) {
    face = y > 0 ? 2 : 3;
    u = x / ay;
    v = z / ay;
  } else {
    face = z > 0 ? 4 : 5;
    u = az === 0 ? 0 : x / az;
    v = az === 0 ? 0 : y / az;
  }
  // atan evens out the cells: a plain grid on the cube is five times finer at its corners.
  const iu = Math.floor((Math.atan(u) / (Math.PI / 2) + 0.5) * cells);
  const iv = Math.floor((Math.atan(v) / (Math.PI / 2) + 0.5) * cells);
  return (face * cells + clamp(iu, 0, cells - 1)) * cells + clamp(iv, 0, cells - 1);
}

/** Values of `values` in `bins` equal steps over [low, high]; NaN and what lies outside is left out. */
export function histogram(
  values: ArrayLike<number>,
  low: number,
  high: number,
  bins: number,
  keep?: (index: number) => boolean,
): Uint32Array {
  const counts = new Uint32Array(bins);
  const scale = bins / (high - low || 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value >= low && value <= high) || (keep && !keep(i))) continue;
    counts[Math.min(bins - 1, Math.floor((value - low) * scale))]++;
  }
  return counts;
}

/**
 * Share of a distribution that lies above `value`, read off its equally spaced quantiles
 * (`table[0]` is the minimum, the last entry the maximum), linear between two entries.
 */
export function shareAbove(table: ArrayLike<number>, value: number): number {
  const last = table.length - 1;
  if (last < 0) return 0;
  if (value < table[0]) return 1;
  if (value >= table[last]) return 0;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table[middle] <= value) low = middle;
    else high = middle;
  }
  const step = table[high] - table[low];
  const inside = step > 0 ? (value - table[low]) / step : 0;
  return 1 - (low + inside) / last;
}

/** A repeatable shuffle of 0..n-1: any prefix of it is an even sample. */
export function shuffledIndices(n: number): Uint32Array {
  const order = new Uint32Array(n).map((_, i) => i);
  MathUtils.seededRandom(51);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(MathUtils.seededRandom() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
