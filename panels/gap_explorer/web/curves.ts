/** Cumulative curves: which share of a distribution lies within a distance. */

import { shareAbove } from "./math";

/** Places at which a curve is read; between them it is straight. */
const STEPS = 96;

export const shareWithin = (table: ArrayLike<number>, value: number): number =>
  table.length ? 1 - shareAbove(table, value) : 0;

/** The curve of equally spaced quantiles over [low, high], as an SVG path in a box of 100 x 100. */
export function curvePath(table: ArrayLike<number>, low: number, high: number): string {
  const points = Array.from({ length: STEPS + 1 }, (_, i) => {
    const share = shareWithin(table, low + (i / STEPS) * (high - low));
    return `${((100 * i) / STEPS).toFixed(2)} ${(100 * (1 - share)).toFixed(2)}`;
  });
  return `M${points.join("L")}`;
}
