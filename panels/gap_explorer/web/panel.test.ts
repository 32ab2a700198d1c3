import { describe, expect, it } from "vitest";
import { classColour, classTexels, COLOURED, mapTexels, sampleMap } from "./colour/colormap";
import { Bitmask } from "../../web/shared/wire/columns";
import { ALL_MARKS, makeFlags } from "./legend/flags";
import { numericColumn } from "./cloud/columns";
import { fitToView } from "./sphere/useCartesian";
import { FLAG } from "./scene/marks/shaders";

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
  describe.each([
    ["dark", true, 26],
    ["light", false, 250],
  ] as const)("of classes on the %s theme", (_, dark, background) => {
    it("differ for the first 24 classes, the rest being grey", () => {
      const seen = new Set(Array.from({ length: COLOURED }, (_, i) => classColour(i, dark).join()));
      expect(seen.size).toBe(COLOURED);
      expect(classColour(COLOURED, dark)).toEqual(classColour(200, dark));
      expect(seen.has(classColour(COLOURED, dark).join())).toBe(false);
      expect(classTexels(dark).length).toBe(1024);
    });
    it("stand off the background", () => {
      for (let i = 0; i < 8; i++) expect(contrast(classColour(i, dark), [background, background, background])).toBeGreaterThan(2.3);
    });
    it.each(["seen by all", "without red cones", "without green cones"] as const)("differ for the first eight, %s", (seen) => {
      const lab = Array.from({ length: 8 }, (_, i) => toLab(dichromat(classColour(i, dark), seen)));
      lab.forEach((one, i) =>
        lab.slice(i + 1).forEach((other) => expect(Math.hypot(...one.map((v, k) => v - other[k]))).toBeGreaterThan(13)),
      );
    });
  });
  it("of a numeric map are opaque", () => {
    expect(mapTexels("cividis", true).filter((_, i) => i % 4 === 3).every((a) => a === 255)).toBe(true);
  });
});

type Triple = readonly [number, number, number];
const linear = (v: number): number => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]: Triple): number => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const contrast = (a: Triple, b: Triple): number => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
/** Linear RGB as a dichromat sees it (Viénot, Brettel and Mollon 1999). */
function dichromat(colour: Triple, seen: string): Triple {
  const [r, g, b] = colour.map(linear);
  if (seen === "seen by all") return [r, g, b];
  const red = seen === "without red cones";
  const one = red ? 0.11238 * r + 0.88762 * g : 0.29275 * r + 0.70725 * g;
  const blue = (red ? 0.00401 * r - 0.00401 * g : -0.02234 * r + 0.02234 * g) + b;
  return [one, one, blue];
}
/** CIE L*a*b* of linear RGB. */
function toLab([r, g, b]: Triple): number[] {
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

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
