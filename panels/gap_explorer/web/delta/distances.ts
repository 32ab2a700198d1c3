/** Distributions of distances over the δ bar: shares, bars, and where labels find room. */

import { shareAbove } from "../math";

export const shareWithin = (table: ArrayLike<number>, value: number): number =>
  table.length ? 1 - shareAbove(table, value) : 0;

/** Share of a distribution in each of `n` equal bins of [low, high], off its equally spaced quantiles. */
export function sharesOf(table: ArrayLike<number>, low: number, high: number, n: number): number[] {
  const reached = Array.from({ length: n + 1 }, (_, i) => shareWithin(table, low + (i / n) * (high - low)));
  return Array.from({ length: n }, (_, i) => reached[i + 1] - reached[i]);
}

/** The outline of bars that hang from `y`, as an SVG path; heights are 0 to 1 of `height`. */
export function outline(heights: readonly number[], y: number, height: number): string {
  const steps = heights.map((one, i) => {
    const at = (y + one * height).toFixed(2);
    return `L${i} ${at}L${i + 1} ${at}`;
  });
  return `M0 ${y}${steps.join("")}L${heights.length} ${y}`;
}

interface Room {
  left: number;
  row: number;
}

/**
 * Where labels go over their places so that none covers another: the first row with room, else the
 * last one.
 *
 * @param labels ascending places and the width of each, in pixels of a bar `total` wide
 */
export function labelRooms(
  labels: readonly { at: number; width: number }[],
  total: number,
  rows: number,
): Room[] {
  const ends: number[] = new Array<number>(rows).fill(-Infinity);
  return labels.map(({ at, width }) => {
    const left = Math.max(0, Math.min(total - width, at - width / 2));
    const free = ends.findIndex((end) => end <= left);
    const row = free < 0 ? rows - 1 : free;
    ends[row] = Math.max(ends[row], left + width + 4);
    return { left, row };
  });
}
