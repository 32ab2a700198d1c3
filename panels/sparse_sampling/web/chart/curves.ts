/** The columns of one sequence, decoded. */

import { decodeBytes, decodeFloat32, IdColumn } from "../../../web/shared/wire/columns";
import { METRICS, type CurvesPayload, type Metric } from "../contract.gen";
import { axisOf, nearest } from "./plot";

export type Figures = Record<Metric, Float32Array>;

export interface Curves {
  /** Equal for curves of the same frames in the same order. */
  key: string;
  n: number;
  ids: IdColumn;
  /** Frame numbers, and their positions on the chart's axis. */
  numbers: Float64Array;
  axis: Float64Array;
  time: boolean;
  cuts: readonly number[];
  /** By suffix. */
  columns: ReadonlyMap<string, Figures>;
}

export function decodeCurves(payload: CurvesPayload): Curves {
  const { n, time, cuts } = payload;
  const bytes = decodeBytes(payload.numbers);
  if (bytes.length !== 8 * n) throw new Error("The frame numbers arrived cut short.");
  const numbers = new Float64Array(bytes.buffer);
  const columns = Object.entries(payload.columns).map(([suffix, column]): [string, Figures] => {
    const decoded = METRICS.map((name) => [name, decodeFloat32(column[name], n, name)]);
    return [suffix, Object.fromEntries(decoded) as Figures];
  });
  const ids = IdColumn.decode(payload.ids, n);
  return { key: payload.ids, n, ids, numbers, axis: axisOf(numbers), time, cuts, columns: new Map(columns) };
}

/** The place of the current frame in other curves: the same frame, or the nearest one. */
export function follow(before: Curves | null, at: number, after: Curves): number {
  if (!before || at >= before.n) return Math.min(Math.max(at, 0), after.n - 1);
  const same = after.ids.indexOf(before.ids.at(at));
  return same >= 0 ? same : nearest(after.axis, before.axis[at]);
}
