import { describe, expect, it } from "vitest";
import { axisOf, extent, hardest, line, marked, means, nearest, pathOf, ticks, tickText } from "./plot";

const axis = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i);
const same = (value: number): number => value;

describe("the axis", () => {
  it("places frames at their numbers, gaps included", () => {
    expect([...axisOf(Float64Array.from([930, 960, 1020]))]).toEqual([930, 960, 1020]);
  });
  it("counts frames whose numbers repeat, fall or are not there", () => {
    for (const numbers of [[1, 1, 2], [3, 2, 1], [1, NaN, 2]]) {
      expect([...axisOf(Float64Array.from(numbers))]).toEqual([0, 1, 2]);
    }
  });
  it("finds the frame nearest to a place, as a search through all would", () => {
    const places = Float64Array.from([0, 1, 4, 10, 11, 30]);
    for (let x = -3; x < 35; x += 0.7) {
      const best = Math.min(...places.map((place) => Math.abs(place - x)));
      expect(Math.abs(places[nearest(places, x)] - x)).toBeCloseTo(best);
    }
  });
});

describe("ticks", () => {
  it("are round, inside the range, and no more than wanted", () => {
    for (const [low, high] of [[19.3, 28.1], [0, 1], [-5, 123456], [0.7011, 0.7019]] as const) {
      const found = ticks([low, high], 6);
      expect(found.length).toBeGreaterThan(1);
      expect(found.length).toBeLessThanOrEqual(6);
      expect(Math.min(...found)).toBeGreaterThanOrEqual(low - 1e-9);
      expect(Math.max(...found)).toBeLessThanOrEqual(high + 1e-9);
      const digits = ((found[1] - found[0]).toExponential().match(/^[\d.]+/) as RegExpMatchArray)[0];
      expect([1, 2, 5]).toContain(Math.round(Number(digits)));
    }
  });
  it("are one for a single value, and have enough decimals to differ", () => {
    expect(ticks([600, 600], 5)).toEqual([600]);
    expect([0.1, 0.15, 0.2].map((tick) => tickText(tick, [0.1, 0.15]))).toEqual(["0.10", "0.15", "0.20"]);
    expect(tickText(20, [20, 22])).toBe("20");
  });
});

describe("extent", () => {
  it("holds every value of the window and none outside it", () => {
    const [low, high] = extent([Float32Array.from([99, 2, NaN, 4, -99])], 1, 4) as [number, number];
    expect(low).toBeLessThan(2);
    expect(low).toBeGreaterThan(1);
    expect(high).toBeGreaterThan(4);
    expect(high).toBeLessThan(5);
  });
  it("has room around one value, and is null without values", () => {
    const [low, high] = extent([Float32Array.from([600, 600])], 0, 2) as [number, number];
    expect(high - low).toBeGreaterThan(0);
    expect(extent([Float32Array.from([NaN])], 0, 1)).toBeNull();
    expect(extent([], 0, 5)).toBeNull();
  });
});

describe("a line", () => {
  it("passes through every frame where there is room", () => {
    const values = Float32Array.from([3, 1, 2]);
    expect(line(axis(3), values, 0, 3, (x) => 10 * x, same)).toEqual([0, 3, 10, 1, 20, 2]);
  });
  it("of ten thousand frames in 300 columns keeps each column's lowest and highest", () => {
    const n = 10_000;
    const values = Float32Array.from({ length: n }, (_, i) => Math.sin(i / 50) + ((i * 7919) % 101) / 101);
    values[7777] = -9;
    const toX = (x: number): number => (x * 300) / n;
    const points = line(axis(n), values, 0, n, toX, same);
    expect(points.length / 2).toBeLessThanOrEqual(4 * 300);
    const want = new Map<number, [number, number]>();
    for (let i = 0; i < n; i++) {
      const column = Math.floor(toX(i));
      const [low, high] = want.get(column) ?? [Infinity, -Infinity];
      want.set(column, [Math.min(low, values[i]), Math.max(high, values[i])]);
    }
    const got = new Map<number, [number, number]>();
    for (let k = 0; k < points.length; k += 2) {
      const column = Math.floor(points[k]);
      const [low, high] = got.get(column) ?? [Infinity, -Infinity];
      got.set(column, [Math.min(low, points[k + 1]), Math.max(high, points[k + 1])]);
    }
    expect(got).toEqual(want);
  });
  it("is lifted over frames without a value, and a frame alone is a dot", () => {
    const values = Float32Array.from([NaN, 1, 2, NaN, NaN, 3, NaN]);
    const points = line(axis(7), values, 0, 7, (x) => 10 * x, same);
    expect(pathOf(points)).toBe("M10.0 1.0L20.0 2.0M50.0 3.0L50.0 3.0");
  });
  it("of means runs through the middle of each four pixels, and lifts where none has a value", () => {
    const values = Float32Array.from([1, 3, NaN, 5, NaN, NaN, NaN, NaN, 7, 9, 7, 9]);
    expect(means(axis(12), values, 0, 12, same, same)).toEqual([2, 3, NaN, NaN, 10, 8]);
  });
  it("without any value is nothing", () => {
    expect(pathOf(line(axis(2), Float32Array.from([NaN, NaN]), 0, 2, same, same))).toBe("");
  });
});

describe("marks", () => {
  it("are drawn on every frame where there is room, and spaced where there is not", () => {
    const values = new Float32Array(1000).fill(1);
    values[3] = NaN;
    expect(marked(axis(1000), values, 0, 5, (x) => 20 * x, 0)).toEqual([0, 1, 2, 4]);
    const found = marked(axis(1000), values, 0, 1000, same, 0.5);
    expect(found).toEqual([45, 135, 225, 315, 405, 495, 585, 675, 765, 855, 945]);
  });
});

describe("the hardest frames", () => {
  const values = Float32Array.from([5, NaN, 1, 3, 2, 9]);
  it("are those with the lowest or the highest values, in the frames' order", () => {
    expect(hardest(values, true, 2, 0, 6)).toEqual([2, 4]);
    expect(hardest(values, false, 2, 0, 6)).toEqual([0, 5]);
  });
  it("are taken from the range only, and are at most as many as it has", () => {
    expect(hardest(values, true, 9, 0, 3)).toEqual([0, 2]);
    expect(hardest(values, true, 3, 1, 2)).toEqual([]);
  });
});
