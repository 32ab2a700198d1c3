/**
 * The chart's arithmetic, without any DOM: the positions of frames, the ticks of an axis, and
 * lines of ten thousand frames in a few hundred columns of pixels.
 */

export type Range = readonly [low: number, high: number];

/** Positions of frames: their numbers where these only ever rise, else 0, 1, 2, ... */
export function axisOf(numbers: Float64Array): Float64Array {
  for (let i = 0; i < numbers.length; i++) {
    const rises = i === 0 || numbers[i] > numbers[i - 1];
    if (!rises || !Number.isFinite(numbers[i])) return Float64Array.from(numbers, (_, at) => at);
  }
  return numbers;
}

/** The frame nearest to a place on a rising axis. */
export function nearest(axis: Float64Array, place: number): number {
  let low = 0;
  let high = axis.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (axis[middle] < place) low = middle + 1;
    else high = middle;
  }
  return low > 0 && place - axis[low - 1] < axis[low] - place ? low - 1 : low;
}

/** Round steps of 1, 2 or 5 times a power of ten, at most `most` of them inside the range. */
export function ticks([low, high]: Range, most: number): number[] {
  const span = high - low;
  if (!(span > 0) || most < 1) return Number.isFinite(low) ? [low] : [];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = power * ([1, 2, 5, 10].find((factor) => span / (factor * power) <= most) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** A tick with as many decimals as make ticks differ. */
export function tickText(value: number, all: readonly number[]): string {
  const step = all.length > 1 ? all[1] - all[0] : 1;
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Smallest and largest value of the columns between two frames, with room around; null for none. */
export function extent(columns: readonly Float32Array[], start: number, stop: number): Range | null {
  let low = Infinity;
  let high = -Infinity;
  for (const values of columns) {
    for (let i = start; i < stop; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return null;
  const room = high > low ? 0.06 * (high - low) : 0.05 * Math.abs(high) || 1;
  return [low - room, high + room];
}

/**
 * A line in pixels: x and y of its points, NaN where the pen is lifted.  Where several frames share
 * a column of pixels, first, lowest, highest and last of them are all that can be seen (M4; Jugel et
 * al. 2014), so a dip of one frame stays a dip.
 */
export function line(
  axis: Float64Array,
  values: Float32Array,
  start: number,
  stop: number,
  toX: (place: number) => number,
  toY: (value: number) => number,
): number[] {
  const points: number[] = [];
  const put = (i: number): void => void points.push(toX(axis[i]), toY(values[i]));
  let i = start;
  while (i < stop) {
    if (!Number.isFinite(values[i])) {
      if (points.length && !Number.isNaN(points[points.length - 1])) points.push(NaN, NaN);
      i++;
      continue;
    }
    const column = Math.floor(toX(axis[i]));
    let [low, high, last] = [i, i, i];
    while (last + 1 < stop && Math.floor(toX(axis[last + 1])) === column && Number.isFinite(values[last + 1])) {
      last++;
      if (values[last] < values[low]) low = last;
      if (values[last] > values[high]) high = last;
    }
    const seen = [i, Math.min(low, high), Math.max(low, high), last];
    seen.forEach((at, k) => (k === 0 || at > seen[k - 1]) && put(at));
    i = last + 1;
  }
  return points;
}

const SIDE = 4;

/** The middle of the bin that a place on the screen falls into. */
export const middleOf = (x: number): number => (Math.floor(x / SIDE) + 0.5) * SIDE;

/**
 * Means of the frames in each bin of four pixels, as points of a line: where many frames share a column,
 * the line of them all is a band, and bands of several policies hide one another.
 */
export function means(
  axis: Float64Array,
  values: Float32Array,
  start: number,
  stop: number,
  toX: (place: number) => number,
  toY: (value: number) => number,
): number[] {
  const points: number[] = [];
  let i = start;
  while (i < stop) {
    const middle = middleOf(toX(axis[i]));
    let [sum, known] = [0, 0];
    for (; i < stop && middleOf(toX(axis[i])) === middle; i++) {
      if (!Number.isFinite(values[i])) continue;
      sum += values[i];
      known++;
    }
    if (known) points.push(middle, toY(sum / known));
    else if (points.length) points.push(NaN, NaN);
  }
  return points;
}

/** The same line as an SVG path; a frame alone between two gaps becomes a dot. */
export function pathOf(points: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < points.length; i += 2) {
    if (Number.isNaN(points[i])) continue;
    const begins = i === 0 || Number.isNaN(points[i - 2]);
    const at = `${points[i].toFixed(1)} ${points[i + 1].toFixed(1)}`;
    parts.push(`${begins ? "M" : "L"}${at}`);
    const ends = i + 2 >= points.length || Number.isNaN(points[i + 2]);
    if (begins && ends) parts.push(`L${at}`);
  }
  return parts.join("");
}

/** Frames that get a mark: all where there is room, else one every `apart` pixels or so. */
export function marked(
  axis: Float64Array,
  values: Float32Array,
  start: number,
  stop: number,
  toX: (place: number) => number,
  offset: number,
  apart = 90,
): number[] {
  const room = stop > start + 1 ? (toX(axis[stop - 1]) - toX(axis[start])) / (stop - start - 1) : apart;
  const found: number[] = [];
  let next = room >= 8 ? -Infinity : toX(axis[start] ?? 0) + offset * apart;
  for (let i = start; i < stop; i++) {
    const x = toX(axis[i]);
    if (x < next || !Number.isFinite(values[i])) continue;
    found.push(i);
    if (room < 8) next = x + apart;
  }
  return found;
}

/** Mean of the frames that have a value, NaN where none has. */
export function meanOf(values: Float32Array, start: number, stop: number): number {
  let [sum, known] = [0, 0];
  for (let i = start; i < stop; i++) {
    if (!Number.isFinite(values[i])) continue;
    sum += values[i];
    known++;
  }
  return known ? sum / known : NaN;
}

/** The `count` frames with the worst values, in the frames' order. */
export function hardest(
  values: Float32Array,
  lowIsWorse: boolean,
  count: number,
  start: number,
  stop: number,
): number[] {
  const frames: number[] = [];
  for (let i = start; i < stop; i++) if (Number.isFinite(values[i])) frames.push(i);
  const sign = lowIsWorse ? 1 : -1;
  frames.sort((a, b) => sign * (values[a] - values[b]) || a - b);
  return frames.slice(0, count).sort((a, b) => a - b);
}
