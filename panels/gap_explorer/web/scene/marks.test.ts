import { describe, expect, it } from "vitest";
import { crowded, KIND, MARKS_MAX, NO_MARKS, packMarks } from "./marks";
import { NUMERALS } from "./numerals";
import { FLAG } from "./shaders";

const xyz = Float32Array.from({ length: 15 }, (_, i) => i);
const none = new Uint8Array(5);

describe("packMarks", () => {
  it("draws the answer over the selection over the picks, then the opened sample, ranks last", () => {
    const packed = packMarks({ picks: [0, 1], selected: [2], answer: [3], opened: 4 }, xyz, none);
    const { PICK, SELECTED, ANSWER, OPENED, RANK } = KIND;
    expect([...packed.kind]).toEqual([PICK, PICK, SELECTED, ANSWER, OPENED, RANK, RANK]);
    expect([...packed.position.slice(0, 3)]).toEqual([3, 4, 5]); // the second pick, under the first
    expect([...packed.rank]).toEqual([0, 0, 0, 0, 0, 2, 1]);
    expect(packed.count).toBe(7);
  });
  it("has no mark for a hidden point, nor for one that is not there", () => {
    const flags = Uint8Array.of(FLAG.HIDDEN, 0, 0, 0, 0);
    const packed = packMarks({ ...NO_MARKS, answer: [0, 1, 99, -1] }, xyz, flags);
    expect(packed.count).toBe(1);
    expect([...packed.position]).toEqual([3, 4, 5]);
  });
  it("has ranks for the first picks alone, and dims those of dimmed points", () => {
    const picks = Uint32Array.from({ length: 30 }, (_, i) => i);
    const flags = new Uint8Array(30);
    flags[0] = FLAG.DIM;
    const packed = packMarks({ ...NO_MARKS, picks }, new Float32Array(90), flags);
    expect(packed.rank.filter((rank) => rank > 0).length).toBe(NUMERALS);
    expect([packed.rank[packed.count - 1], packed.dim[packed.count - 1]]).toEqual([1, 1]);
    expect(packed.dim.reduce((sum, one) => sum + one, 0)).toBe(2); // its core and its rank
  });
  it("stops at as many as can still be distinguished", () => {
    const many = new Uint32Array(MARKS_MAX + 50);
    expect(packMarks({ ...NO_MARKS, answer: many }, xyz, none).count).toBe(MARKS_MAX);
  });
});

describe("crowded", () => {
  it("leaves out a rank that would lie over an earlier one, and nothing else", () => {
    const { PICK, RANK } = KIND;
    const columns = { kind: Uint8Array.of(PICK, RANK, RANK, RANK, RANK), rank: Uint8Array.of(0, 4, 3, 2, 1) };
    const at: ([number, number] | null)[] = [[0, 0], [50, 0], null, [5, 5], [0, 0]];
    expect([...crowded(columns, (mark) => at[mark])]).toEqual([0, 0, 0, 1, 0]);
  });
});
