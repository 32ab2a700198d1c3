/** Colour columns of the points, and replies of FiftyOne's own column routes. */

import { ColumnError, decodeUint16, ID_BYTES, IdColumn } from "../../../web/shared/wire/columns";
import { MISSING, STEPS as U16_STEPS, type ColourColumn } from "../contract.gen";

export { MISSING, U16_STEPS };

/** A numeric or categorical column, ready to be drawn. */
export interface Column {
  field: string;
  kind: "numeric" | "categorical";
  /** 0..65534 over [min, max], or the index of the class; {@link MISSING} where there is none. */
  values: Uint16Array;
  min: number;
  max: number;
  classes: string[];
}

export function decodeColumn(payload: ColourColumn, n: number): Column {
  return { ...payload, values: decodeUint16(payload.values, n, payload.field) };
}

/** A column of our own numbers, squeezed the way Python squeezes its. */
export function numericColumn(field: string, raw: Float32Array, min = 0, max = 1): Column {
  const values = new Uint16Array(raw.length);
  const scale = U16_STEPS / (max - min || 1);
  for (let i = 0; i < raw.length; i++) {
    const value = raw[i];
    values[i] = Number.isNaN(value) ? MISSING : Math.round((value - min) * scale);
  }
  return { field, kind: "numeric", values, min, max, classes: [] };
}

/** The smallest stored value that is beyond `threshold`; every larger one is too. */
export function firstBeyond(column: Column, threshold: number): number {
  if (threshold < column.min) return 0;
  const span = column.max - column.min;
  if (span <= 0 || threshold >= column.max) return MISSING;
  return Math.floor(((threshold - column.min) / span) * U16_STEPS) + 1;
}

const ROUTE_HEADER = 16;
const ROUTE_FLOAT32 = 1;
const ROUTE_ID = 4;

/**
 * A reply of FiftyOne's `/embeddings/v2` routes: a 16-byte header, then whole columns.  The layout is
 * in the docstring of its Python module; anything else throws, and the panel asks its own Python.
 */
function readRoute(buffer: ArrayBuffer, dtype: number, width: number, bytes: number): number {
  if (buffer.byteLength < ROUTE_HEADER) throw new ColumnError("A route's reply is cut short.");
  const header = new DataView(buffer);
  const known =
    header.getUint32(0, true) === 0x464f4531 &&
    header.getUint16(4, true) === 1 &&
    header.getUint8(6) === dtype &&
    header.getUint8(7) === width;
  if (!known) throw new ColumnError("A route's reply is of a kind this panel does not know.");
  const n = header.getUint32(8, true);
  if (buffer.byteLength !== ROUTE_HEADER + n * width * bytes) {
    throw new ColumnError("A route's reply is cut short.");
  }
  return n;
}

/** `/embeddings/v2/geometry`: planar float32 columns, returned interleaved. */
export function decodeRouteGeometry(buffer: ArrayBuffer): Float32Array {
  const n = readRoute(buffer, ROUTE_FLOAT32, 3, 4);
  const planar = new Float32Array(buffer, ROUTE_HEADER);
  const xyz = new Float32Array(n * 3);
  for (let i = 0; i < n; i++) {
    xyz[3 * i] = planar[i];
    xyz[3 * i + 1] = planar[n + i];
    xyz[3 * i + 2] = planar[2 * n + i];
  }
  return xyz;
}

/** `/embeddings/v2/ids`: 12 bytes a point. */
export function decodeRouteIds(buffer: ArrayBuffer, n: number): IdColumn {
  if (readRoute(buffer, ROUTE_ID, 1, ID_BYTES) !== n) throw new ColumnError("The route serves another run.");
  return new IdColumn(new Uint8Array(buffer, ROUTE_HEADER));
}

/** The same array, when it is of the length that is due. */
export function expectCount<T extends ArrayLike<number>>(values: T, count: number): T {
  if (values.length !== count) throw new ColumnError("The route serves another run.");
  return values;
}
