import { describe, expect, it } from "vitest";
import { crowded, KIND, lightUp, MARKS_MAX, NOTHING_SHOWN, packMarks, RINGS_MAX } from "./marks";
import { NUMERALS } from "./numerals";
import { FLAG } from "./shaders";

const xyz = Float32Array.from({ length: 15 }, (_, i) => i);
const none = new Uint8Array(5);

describe("packMarks", () => {
  it("draws the answer over the selection over the picks, then the opened sample, ranks last", () => {
    const packed = packMarks({ picks: [0, 1], ranks: [1, 2], selected: [2], lit: [3], opened: 4 }, xyz, none);
    const { PICK, SELECTED, ANSWER, OPENED, RANK } = KIND;
    expect([...packed.kind]).toEqual([PICK, PICK, SELECTED, ANSWER, OPENED, RANK, RANK]);
    expect([...packed.position.slice(0, 3)]).toEqual([3, 4, 5]); // the second pick, under the first
    expect([...packed.rank]).toEqual([0, 0, 0, 0, 0, 2, 1]);
    expect(packed.count).toBe(7);
  });
  it("has no mark for a hidden point, nor for one that is not there", () => {
    const flags = Uint8Array.of(FLAG.HIDDEN, 0, 0, 0, 0);
    const packed = packMarks({ ...NOTHING_SHOWN, lit: [0, 1, 99, -1] }, xyz, flags);
    expect(packed.count).toBe(1);
    expect([...packed.position]).toEqual([3, 4, 5]);
  });
  it("has ranks for the first picks alone, and those of dimmed points lie dimmed under the others", () => {
    const picks = Uint32Array.from({ length: 30 }, (_, i) => i);
    const flags = new Uint8Array(30);
    flags[0] = FLAG.DIM;
    const packed = packMarks({ ...NOTHING_SHOWN, picks, ranks: picks.map((i) => i + 1) }, new Float32Array(90), flags);
    expect([...packed.rank.filter((rank) => rank > 0)]).toEqual([
      1,
      ...Array.from({ length: NUMERALS - 1 }, (_, i) => NUMERALS - i),
    ]);
    expect([...packed.dim.keys()].filter((mark) => packed.dim[mark])).toEqual([0, 30]); // its core and its rank
  });
  it("numbers picks by their ranks, also where others before them were deleted", () => {
    const { rank } = packMarks({ ...NOTHING_SHOWN, picks: [0, 1, 2], ranks: [3, 7, NUMERALS + 1] }, xyz, none);
    expect([...rank].filter((one) => one > 0)).toEqual([7, 3]);
  });
  it("stops at as many as can still be distinguished, and rings no more lit points than a few", () => {
    const many = new Uint32Array(MARKS_MAX + 50);
    expect(packMarks({ ...NOTHING_SHOWN, selected: many }, xyz, none).count).toBe(MARKS_MAX);
    expect(packMarks({ ...NOTHING_SHOWN, lit: new Uint32Array(RINGS_MAX) }, xyz, none).count).toBe(RINGS_MAX);
    expect(packMarks({ ...NOTHING_SHOWN, lit: new Uint32Array(RINGS_MAX + 1) }, xyz, none).count).toBe(0);
  });
});

describe("lightUp", () => {
  const flags = new Uint8Array(RINGS_MAX + 2).fill(FLAG.GAP);
  const dimmed = (shown: Partial<typeof NOTHING_SHOWN>): number => {
    const out = new Uint8Array(flags.length);
    lightUp({ ...NOTHING_SHOWN, flags, ...shown }, out);
    expect(out.every((flag) => flag & FLAG.GAP)).toBe(true);
    return out.filter((flag) => flag & FLAG.DIM).length;
  };
  it("dims the rest around many lit points, around a few where asked, and never around none", () => {
    expect(dimmed({ lit: [1, 2] })).toBe(0);
    expect(dimmed({ lit: [1, 2], dimsRest: true })).toBe(flags.length - 2);
    expect(dimmed({ lit: Uint32Array.from({ length: RINGS_MAX + 1 }, (_, i) => i) })).toBe(1);
    expect(dimmed({ lit: [], dimsRest: true })).toBe(0);
  });
});

describe("crowded", () => {
  it("leaves out a rank that would lie under another, and nothing else", () => {
    const { PICK, RANK } = KIND;
    const kind = Uint8Array.of(PICK, RANK, RANK, RANK, RANK);
    const at: ([number, number] | null)[] = [[0, 0], [50, 0], null, [5, 5], [0, 0]];
    expect([...crowded(kind, (mark) => at[mark])]).toEqual([0, 0, 0, 1, 0]);
  });
  it("keeps the rank of a lit pick where an earlier one is dimmed", () => {
    const flags = Uint8Array.of(FLAG.DIM, 0);
    const { kind, rank } = packMarks({ ...NOTHING_SHOWN, picks: [0, 1], ranks: [1, 2] }, xyz, flags);
    const out = crowded(kind, () => [0, 0]);
    expect([...rank.keys()].filter((mark) => rank[mark] && !out[mark]).map((mark) => rank[mark])).toEqual([2]);
  });
});
