import { describe, expect, it } from "vitest";
import { ColumnError } from "../../../web/shared/wire/columns";
import { decodeColumn, decodeRouteGeometry, firstBeyond, MISSING, numericColumn, U16_STEPS } from "./columns";

const encode = (array: ArrayBufferView): string =>
  btoa(String.fromCharCode(...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)));

describe("numeric columns", () => {
  const raw = new Float32Array([0, 0.25, NaN, 1]);
  const column = numericColumn("x", raw);
  it("keep values to a 65534th and mark what is missing", () => {
    expect(column.values[1] / U16_STEPS).toBeCloseTo(0.25, 4);
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
