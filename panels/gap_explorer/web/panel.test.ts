import { describe, expect, it } from "vitest";
import { classColour, classTexels, mapTexels, sampleMap } from "./colormap";
import { Bitmask } from "../../web/shared/columns";
import { MISSING, numericColumn } from "./columns";
import { classCounts } from "./components/Legend";
import { writeFlags } from "./flags";
import { fitToView } from "./hooks/useCartesian";
import { FLAG } from "./scene/shaders";

describe("writeFlags", () => {
  // Points: S, U near, U far, U without a distance.
  const sets = new Bitmask(new Uint8Array([0b0001]), 4);
  const dist = numericColumn("dist_to_S", new Float32Array([NaN, 0.1, 0.9, NaN]));
  const run = (changes: object): number[] => {
    const flags = new Uint8Array(4);
    writeFlags(flags, { sets, dist, delta: 0.5, gaps: null, show: "both", match: null, only: null, ...changes });
    return [...flags];
  };
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
  it("dims what the grid filters out and what a large answer leaves out", () => {
    const match = new Bitmask(new Uint8Array([0b0110]), 4);
    expect(run({ match }).map((f) => f & FLAG.DIM)).toEqual([4, 0, 0, 4]);
    expect(run({ only: Uint8Array.of(1, 0, 1, 0) }).map((f) => f & FLAG.DIM)).toEqual([0, 4, 0, 4]);
  });
  it("counts what it marks", () => {
    const flags = new Uint8Array(4);
    const counts = writeFlags(flags, { sets, dist, delta: 0.5, gaps: null, show: "both", match: null, only: null });
    expect(counts).toEqual({ gaps: 1, U: 3 });
  });
});

describe("colours", () => {
  const light = ([r, g, b]: readonly [number, number, number]): number => 0.3 * r + 0.59 * g + 0.11 * b;
  it.each(["viridis", "cividis"] as const)("%s gets lighter all the way", (palette) => {
    const steps = Array.from({ length: 20 }, (_, i) => light(sampleMap(palette, i / 19, true)));
    steps.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(steps[i]));
  });
  it("keep off the background of each theme", () => {
    expect(light(sampleMap("viridis", 0, true))).toBeGreaterThan(45);
    expect(light(sampleMap("viridis", 1, false))).toBeLessThan(205);
  });
  it("differ for the first 24 classes", () => {
    const seen = new Set(Array.from({ length: 24 }, (_, i) => classColour(i).join()));
    expect(seen.size).toBe(24);
    expect(classTexels().length).toBe(1024);
    expect(mapTexels("cividis", true).filter((_, i) => i % 4 === 3).every((a) => a === 255)).toBe(true);
  });
});

describe("classCounts", () => {
  it("follows the filter and leaves missing values out", () => {
    const column = {
      field: "weather",
      kind: "categorical" as const,
      values: Uint16Array.of(0, 1, 1, MISSING),
      min: 0,
      max: 0,
      classes: ["dry", "rain"],
    };
    expect(classCounts(column, null)).toEqual([1, 2]);
    expect(classCounts(column, new Bitmask(Uint8Array.of(0b1011), 4))).toEqual([1, 1]);
  });
});

describe("fitToView", () => {
  it("centres a cloud and is not shrunk by a stray point", () => {
    const xyz = new Float32Array(300);
    for (let i = 0; i < 100; i++) xyz.set([10 + Math.cos(i), 10 + Math.sin(i), 10], 3 * i);
    xyz.set([60, 10, 10], 0);
    const fitted = fitToView(xyz);
    const radius = Math.hypot(fitted[30], fitted[31], fitted[32]);
    expect(radius).toBeGreaterThan(0.5);
    expect(radius).toBeLessThan(1.1);
  });
});
