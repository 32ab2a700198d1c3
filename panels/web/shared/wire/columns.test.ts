import { describe, expect, it } from "vitest";
import { Bitmask, ColumnError, decodeFloat32, decodePositions, decodeUint16, encodeBitmask, IdColumn } from "./columns";

const encode = (array: ArrayBufferView): string =>
  btoa(String.fromCharCode(...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)));

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

describe("typed columns", () => {
  it("go out as a bitmask that reads the same", () => {
    const mask = Bitmask.decode(encodeBitmask([0, 7, 8, 18], 19), 19);
    expect([...Array(19).keys()].filter((i) => mask.has(i))).toEqual([0, 7, 8, 18]);
  });
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

describe("IdColumn", () => {
  const ids = ["65f0000000000000000000ff", "000000000000000000000001", "ffffffffffffffffffffffff"];
  const column = new IdColumn(fromHex(ids.join("")));
  it("finds ids both ways", () => {
    ids.forEach((id, index) => {
      expect(column.at(index)).toBe(id);
      expect(column.indexOf(id)).toBe(index);
    });
  });
  it("gives -1 for an unknown id and for what is not an id", () => {
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

