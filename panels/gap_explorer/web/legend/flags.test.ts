import { describe, expect, it } from "vitest";
import { Bitmask } from "../../../web/shared/wire/columns";
import { numericColumn } from "../cloud/columns";
import { FLAG } from "../scene/marks/shaders";
import { ALL_MARKS, makeFlags } from "./flags";

describe("makeFlags", () => {
  // Points: S, U near, U far, U without a distance.
  const sets = new Bitmask(new Uint8Array([0b0001]), 4);
  const dist = numericColumn("dist_to_S", new Float32Array([NaN, 0.1, 0.9, NaN]));
  const inputs = { sets, dist, delta: 0.5, gaps: null, picks: [3], show: "both", match: null, hidden: null } as const;
  const made = (changes: object): ReturnType<typeof makeFlags> =>
    makeFlags(4, { ...inputs, marks: ALL_MARKS, ...changes });
  const run = (changes: object): number[] => [...made(changes).flags];
  it("marks S, and gaps among U alone", () => {
    expect(run({})).toEqual([FLAG.S, 0, FLAG.GAP, 0]);
    expect(run({ delta: 0.05 })).toEqual([FLAG.S, FLAG.GAP, FLAG.GAP, 0]);
    expect(run({ delta: 2 })).toEqual([FLAG.S, 0, 0, 0]);
  });
  it("marks the gaps of the run instead, whatever the distance says", () => {
    const gaps = new Bitmask(new Uint8Array([0b0010]), 4);
    expect(run({ gaps })).toEqual([FLAG.S, FLAG.GAP, 0, 0]);
  });
  it("hides the other set", () => {
    expect(run({ show: "S" }).map((f) => f & FLAG.HIDDEN)).toEqual([0, 8, 8, 8]);
    expect(run({ show: "U" }).map((f) => f & FLAG.HIDDEN)).toEqual([8, 0, 0, 0]);
  });
  it("dims what the grid filters out", () => {
    const match = new Bitmask(new Uint8Array([0b0110]), 4);
    expect(run({ match }).map((f) => f & FLAG.DIM)).toEqual([4, 0, 0, 4]);
  });
  it("hides what the legend hides, by class or by mark", () => {
    const hidden = (changes: object): number[] => run(changes).map((f) => (f & FLAG.HIDDEN ? 1 : 0));
    expect(hidden({ hidden: Uint8Array.of(0, 1, 0, 1) })).toEqual([0, 1, 0, 1]);
    expect(hidden({ marks: { alone: null, gapsHidden: true } })).toEqual([0, 0, 1, 0]);
    expect(hidden({ marks: { alone: "gap", gapsHidden: false } })).toEqual([1, 1, 0, 1]);
    expect(hidden({ marks: { alone: "pick", gapsHidden: false } })).toEqual([1, 1, 1, 0]);
  });
  it("counts the gaps that the set on show and the grid leave", () => {
    expect(made({}).gaps).toBe(1);
    expect(made({ show: "S" }).gaps).toBe(0);
    expect(made({ match: new Bitmask(new Uint8Array([0b0011]), 4) }).gaps).toBe(0);
  });
});
