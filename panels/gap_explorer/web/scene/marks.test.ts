import { describe, expect, it } from "vitest";
import { KIND, MARKS_MAX, NO_MARKS, packMarks, pointColour, type SceneColour } from "./marks";
import { FLAG } from "./shaders";

const xyz = Float32Array.from({ length: 15 }, (_, i) => i);
const none = new Uint8Array(5);
const grey = (): [number, number, number] => [0.5, 0.5, 0.5];

describe("packMarks", () => {
  it("draws the answer over the selection over the picks, the opened sample last", () => {
    const packed = packMarks({ picks: [0, 1], selected: [2], answer: [3], opened: 4 }, xyz, none, grey);
    expect([...packed.kind]).toEqual([KIND.PICK, KIND.PICK, KIND.SELECTED, KIND.ANSWER, KIND.OPENED]);
    expect([...packed.position.slice(0, 3)]).toEqual([3, 4, 5]); // the second pick, under the first
    expect(packed.count).toBe(5);
  });
  it("has no mark for a hidden point, nor for one that is not there", () => {
    const flags = Uint8Array.of(FLAG.HIDDEN, 0, 0, 0, 0);
    const packed = packMarks({ ...NO_MARKS, answer: [0, 1, 99, -1] }, xyz, flags, grey);
    expect(packed.count).toBe(1);
    expect([...packed.position]).toEqual([3, 4, 5]);
  });
  it("stops at as many as can still be distinguished", () => {
    const many = new Uint32Array(MARKS_MAX + 50);
    expect(packMarks({ ...NO_MARKS, answer: many }, xyz, none, grey).count).toBe(MARKS_MAX);
  });
});

describe("pointColour", () => {
  const texels = Uint8Array.from({ length: 1024 }, (_, i) => Math.floor(i / 4));
  const numeric: SceneColour = { values: Uint16Array.of(0, 500, 1000, 65535), classes: false, low: 0, high: 1000, texels };
  it("follows the legend's range and keeps what is beyond it at its ends", () => {
    expect(pointColour(numeric, 0, grey())[0]).toBe(0);
    expect(pointColour(numeric, 2, grey())[0]).toBe(1);
    expect(pointColour({ ...numeric, high: 400 }, 2, grey())[0]).toBe(1);
    expect(pointColour(numeric, 1, grey())[0]).toBeCloseTo(0.5, 1);
  });
  it("is that of S without a value", () => {
    expect(pointColour(numeric, 3, grey())).toEqual([0.5, 0.5, 0.5]);
    expect(pointColour(null, 0, grey())).toEqual([0.5, 0.5, 0.5]);
  });
  it("takes a class by its number", () => {
    expect(pointColour({ ...numeric, classes: true, values: Uint16Array.of(51) }, 0, grey())[0]).toBeCloseTo(0.2, 6);
  });
});
