import { describe, expect, it } from "vitest";
import { decodeHeat, heatPixels } from "./grids";
import { heatColour } from "../../../web/shared/theme/heatColours";

const grid = (rows: number, columns: number, ...values: number[]) => ({
  rows,
  columns,
  values: Uint8Array.from(values),
});
const at = (pixels: Uint8ClampedArray, width: number, x: number, y: number): number[] => [
  ...pixels.slice(4 * (y * width + x), 4 * (y * width + x) + 4),
];

describe("a heatmap's pixels", () => {
  it("go from black to pale yellow, lighter all the way", () => {
    expect(heatColour(0)).toEqual([0, 0, 4]);
    expect(heatColour(255)).toEqual([252, 255, 164]);
    const light = Array.from({ length: 256 }, (_, v) => {
      const [r, g, b] = heatColour(v);
      return 0.3 * r + 0.59 * g + 0.11 * b;
    });
    light.slice(1).forEach((value, i) => expect(value).toBeGreaterThanOrEqual(light[i]));
  });
  it("keep the image's corners where they are", () => {
    const pixels = heatPixels(grid(2, 2, 0, 255, 100, 200), 8, 6);
    expect(at(pixels, 8, 0, 0)).toEqual([...heatColour(0), 32]);
    expect(at(pixels, 8, 7, 0)).toEqual([...heatColour(255), 255]);
    expect(at(pixels, 8, 0, 5).slice(0, 3)).toEqual(heatColour(100));
    expect(at(pixels, 8, 7, 5).slice(0, 3)).toEqual(heatColour(200));
  });
  it("are linear between the middles of cells, as Pillow draws them", () => {
    // PIL: Image.fromarray([[0, 255]]).resize((4, 1), BILINEAR) is 0, 64, 191, 255.
    const pixels = heatPixels(grid(1, 2, 0, 255), 4, 1);
    const density = (value: number): number => Math.round(255 / 8 + (7 / 8) * value);
    expect([0, 1, 2, 3].map((x) => at(pixels, 4, x, 0)[3])).toEqual([0, 64, 191, 255].map(density));
  });
  it("take a map of one cell", () => {
    expect(at(heatPixels(grid(1, 1, 77), 3, 3), 3, 1, 1).slice(0, 3)).toEqual(heatColour(77));
  });
});

describe("decodeHeat", () => {
  it("refuses a map that is not as large as it says", () => {
    const values = btoa(String.fromCharCode(1, 2, 3, 4));
    expect([...decodeHeat({ rows: 2, columns: 2, values }).values]).toEqual([1, 2, 3, 4]);
    expect(() => decodeHeat({ rows: 3, columns: 2, values })).toThrow("3 x 2");
  });
});
