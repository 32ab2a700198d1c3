/** Questions that outlive the analysis they were asked of. */

import type { Query } from "../contract.gen";

/** As much of a cloud as names its points. */
interface Places {
  dataset: string;
  sphere: string;
  n: number;
  xyz: Float32Array;
}

/**
 * The same question on a newer analysis; null where it cannot be asked there.  A sample is known by
 * its id or, on the same sphere, by where it lies; a place means nothing once the points have moved.
 */
export function carried(query: Query, from: Places, to: Places): Query | null {
  if (from.dataset !== to.dataset) return null;
  if (query.kind === "drive") return query;
  if (query.kind === "point" && "id" in query && query.id) return { kind: "point", id: query.id };
  // A lasso names points by their positions, and others may be drawn now.
  if (from.sphere !== to.sphere || query.kind === "lasso") return null;
  if (query.kind !== "point" || !("index" in query)) return query;
  const index = indexAt(from.xyz.subarray(3 * query.index, 3 * query.index + 3), to);
  return index < 0 ? null : { kind: "point", index };
}

/** The point that lies exactly there, -1 for none. */
function indexAt([x, y, z]: Float32Array, { n, xyz }: Places): number {
  for (let i = 0; i < n; i++) {
    if (xyz[3 * i] === x && xyz[3 * i + 1] === y && xyz[3 * i + 2] === z) return i;
  }
  return -1;
}
