/**
 * Binary columns: base64 to typed arrays, bitmasks, and sample ids that stay bytes.
 *
 * A million samples as hex strings are some 100 MB of JavaScript heap; as 12-byte ids they are
 * 12 MB, and a lookup is a binary search in an order that is made once, when the first is needed.
 */

export const ID_BYTES = 12;

export class ColumnError extends Error {}

export function decodeBytes(base64: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    throw new ColumnError("A column arrived that is not base64.");
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function expectLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) {
    throw new ColumnError(`The ${what} column has ${bytes.length} bytes where ${length} are due.`);
  }
}

export function decodeFloat32(base64: string, count: number, what = "float32"): Float32Array {
  const bytes = decodeBytes(base64);
  expectLength(bytes, count * 4, what);
  return new Float32Array(bytes.buffer);
}

export function decodeUint16(base64: string, count: number, what = "uint16"): Uint16Array {
  const bytes = decodeBytes(base64);
  expectLength(bytes, count * 2, what);
  return new Uint16Array(bytes.buffer);
}

export function decodeUint32(base64: string, count: number, what = "uint32"): Uint32Array {
  const bytes = decodeBytes(base64);
  expectLength(bytes, count * 4, what);
  return new Uint32Array(bytes.buffer);
}

/** Positions below `n` as a bitmask, base64: what {@link Bitmask}.decode reads. */
export function encodeBitmask(positions: ArrayLike<number>, n: number): string {
  const bytes = new Uint8Array(Math.ceil(n / 8));
  for (let k = 0; k < positions.length; k++) bytes[positions[k] >> 3] |= 1 << (positions[k] & 7);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Positions, any number of them, each below `n`. */
export function decodePositions(base64: string, n: number): Uint32Array {
  const bytes = decodeBytes(base64);
  if (bytes.length % 4) throw new ColumnError("A list of positions is cut short.");
  const positions = new Uint32Array(bytes.buffer);
  for (const position of positions) {
    if (position >= n) throw new ColumnError(`Position ${position} is beyond the ${n} points.`);
  }
  return positions;
}

export class Bitmask {
  constructor(
    readonly bytes: Uint8Array,
    readonly n: number,
  ) {
    expectLength(bytes, Math.ceil(n / 8), "bitmask");
  }

  static decode(base64: string, n: number): Bitmask {
    return new Bitmask(decodeBytes(base64), n);
  }

  has(index: number): boolean {
    return (this.bytes[index >> 3] & (1 << (index & 7))) !== 0;
  }

  count(): number {
    let total = 0;
    for (let i = 0; i < this.n; i++) total += (this.bytes[i >> 3] >> (i & 7)) & 1;
    return total;
  }
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Sample ids of a column, found in both directions without ever holding them all as text. */
export class IdColumn {
  readonly n: number;
  private order: Uint32Array | null = null;

  constructor(private readonly bytes: Uint8Array) {
    if (bytes.length % ID_BYTES) throw new ColumnError("The id column is cut short.");
    this.n = bytes.length / ID_BYTES;
  }

  static decode(base64: string, n: number): IdColumn {
    const bytes = decodeBytes(base64);
    expectLength(bytes, n * ID_BYTES, "id");
    return new IdColumn(bytes);
  }

  at(index: number): string {
    let text = "";
    for (let i = index * ID_BYTES; i < (index + 1) * ID_BYTES; i++) text += HEX[this.bytes[i]];
    return text;
  }

  /** Position of an id, -1 when it is not among the points. */
  indexOf(id: string): number {
    const wanted = parseId(id);
    if (!wanted) return -1;
    const order = (this.order ??= this.sort());
    let low = 0;
    let high = this.n - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const sign = this.compare(order[middle], wanted);
      if (sign === 0) return order[middle];
      if (sign < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  private compare(index: number, wanted: Uint8Array): number {
    const base = index * ID_BYTES;
    for (let k = 0; k < ID_BYTES; k++) {
      const difference = this.bytes[base + k] - wanted[k];
      if (difference) return difference;
    }
    return 0;
  }

  private sort(): Uint32Array {
    const order = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i++) order[i] = i;
    return order.sort((a, b) => {
      for (let k = 0; k < ID_BYTES; k++) {
        const difference = this.bytes[a * ID_BYTES + k] - this.bytes[b * ID_BYTES + k];
        if (difference) return difference;
      }
      return 0;
    });
  }
}

function parseId(id: string): Uint8Array | null {
  if (!/^[0-9a-f]{24}$/i.test(id)) return null;
  const bytes = new Uint8Array(ID_BYTES);
  for (let i = 0; i < ID_BYTES; i++) bytes[i] = parseInt(id.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
