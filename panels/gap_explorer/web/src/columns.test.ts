import { describe, expect, it } from "vitest";
import {
  Bitmask,
  ColumnError,
  decodeColumn,
  decodeFloat32,
  decodePositions,
  decodeRouteGeometry,
  decodeUint16,
  firstBeyond,
  IdColumn,
  MISSING,
  numericColumn,
  valueAt,
} from "./columns";

const encode = (array: ArrayBufferView): string =>
  btoa(String.fromCharCode(...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)));

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

describe("typed columns", () => {
  it("come back as they were sent", () => {
    const values = new Float32Array([1.5, -2, 3e-8]);
    expect([...decodeFloat32(encode(values), 3)]).toEqual([...values]);
    expect([...decodeUint16(encode(new Uint16Array([0, 65535])), 2)]).toEqual([0, 65535]);
  });
  it("refuse another length: a shifted column would colour the wrong images", () => {
    const text = encode(new Float32Array(3));
    expect(() => decodeFloat32(text, 4)).toThrow(ColumnError);
    expect(() => decodeUint16("not base64!", 4)).toThrow(ColumnError);
  });
  it("refuse positions beyond the points", () => {
    expect([...decodePositions(encode(new Uint32Array([0, 4])), 5)]).toEqual([0, 4]);
    expect(() => decodePositions(encode(new Uint32Array([5])), 5)).toThrow(ColumnError);
  });
});

describe("Bitmask", () => {
  it("reads little bit order and ignores the padding", () => {
    const mask = Bitmask.decode(encode(new Uint8Array([0b0000_0101, 0b1111_1110])), 10);
    expect([0, 1, 2, 8, 9].map((i) => mask.has(i))).toEqual([true, false, true, false, true]);
    expect(mask.count()).toBe(3);
  });
  it("has a byte for every eight points", () => {
    expect(() => new Bitmask(new Uint8Array(1), 9)).toThrow(ColumnError);
  });
});

describe("numeric columns", () => {
  const raw = new Float32Array([0, 0.25, NaN, 1]);
  const column = numericColumn("x", raw);
  it("keep values to a 65534th and mark what is missing", () => {
    expect(valueAt(column, 1)).toBeCloseTo(0.25, 4);
    expect(valueAt(column, 2)).toBeNull();
    expect(column.values[2]).toBe(MISSING);
  });
  it("find what is beyond a threshold as the numbers themselves would", () => {
    const many = Float32Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5000) / 5000);
    const squeezed = numericColumn("x", many);
    for (const threshold of [-1, 0, 0.1001, 0.5, 0.99995, 1, 2]) {
      const first = firstBeyond(squeezed, threshold);
      const counted = squeezed.values.filter((v) => v !== MISSING && v >= first).length;
      expect(counted).toBe(many.filter((v) => v > threshold).length);
    }
  });
  it("say that nothing is beyond a threshold in a constant column", () => {
    expect(firstBeyond(numericColumn("x", new Float32Array([0, 0]), 0, 0), 0)).toBe(MISSING);
  });
  it("decode what Python sends", () => {
    const payload = {
      field: "night",
      kind: "categorical" as const,
      values: encode(new Uint16Array([1, 0])),
      min: 0,
      max: 0,
      classes: ["no", "yes"],
    };
    const decoded = decodeColumn(payload, 2);
    expect([...decoded.values].map((v) => decoded.classes[v])).toEqual(["yes", "no"]);
  });
});

describe("IdColumn", () => {
  const ids = ["65f0000000000000000000ff", "000000000000000000000001", "ffffffffffffffffffffffff"];
  const column = new IdColumn(fromHex(ids.join("")));
  it("finds ids both ways", () => {
    ids.forEach((id, index) => {
      expect(column.at(index)).toBe(id);
      expect(column.indexOf(id)).toBe(index);
    });
  });
  it("says -1 for a stranger and for what is no id", () => {
    expect(column.indexOf("65f0000000000000000000fe")).toBe(-1);
    expect(column.indexOf("car")).toBe(-1);
  });
  it("finds each of many", () => {
    const many = Array.from({ length: 3000 }, (_, i) =>
      ((i * 2654435761) % 2 ** 32).toString(16).padStart(8, "0").repeat(3),
    );
    const large = new IdColumn(fromHex(many.join("")));
    many.forEach((id, index) => expect(large.indexOf(id)).toBe(index));
  });
  it("refuses half an id", () => {
    expect(() => new IdColumn(new Uint8Array(13))).toThrow(ColumnError);
  });
});

describe("FiftyOne's geometry route", () => {
  const reply = (n: number, width = 3, magic = 0x464f4531): ArrayBuffer => {
    const buffer = new ArrayBuffer(16 + 4 * n * width);
    const header = new DataView(buffer);
    header.setUint32(0, magic, true);
    header.setUint16(4, 1, true);
    header.setUint8(6, 1);
    header.setUint8(7, width);
    header.setUint32(8, n, true);
    new Float32Array(buffer, 16).set(Array.from({ length: n * width }, (_, i) => i));
    return buffer;
  };
  it("turns its planar columns into points", () => {
    expect([...decodeRouteGeometry(reply(2))]).toEqual([0, 2, 4, 1, 3, 5]);
  });
  it("is refused when it is something else", () => {
    expect(() => decodeRouteGeometry(reply(2, 2))).toThrow(ColumnError);
    expect(() => decodeRouteGeometry(reply(2, 3, 7))).toThrow(ColumnError);
    expect(() => decodeRouteGeometry(reply(2).slice(0, 20))).toThrow(ColumnError);
    expect(() => decodeRouteGeometry(new ArrayBuffer(4))).toThrow(ColumnError);
  });
});
