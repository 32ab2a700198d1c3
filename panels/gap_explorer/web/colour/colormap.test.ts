import { describe, expect, it } from "vitest";
import { classColour, classTexels, COLOURED, mapTexels, sampleMap } from "./colormap";

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
