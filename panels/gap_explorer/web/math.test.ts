import { Vector3 } from "three";
import { describe, expect, it } from "vitest";
import {
  angleBetween,
  capOutline,
  clamp,
  countInCap,
  fibonacciSphere,
  histogram,
  shareAbove,
  shuffledIndices,
  sphereDensity,
  type Vec3,
} from "./math";

const normalize = (at: Vec3): Vec3 => new Vector3(...at).normalize().toArray();
const norm = (at: readonly number[]): number => Math.hypot(...at);
const at = (xyz: Float32Array, i: number): Vec3 => [xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2]];
const near = (a: Vec3, b: Vec3, digits = 5): void => {
  for (let k = 0; k < 3; k++) expect(a[k]).toBeCloseTo(b[k], digits);
};

describe("angleBetween", () => {
  it("keeps its digits where acos loses them", () => {
    const small = 1e-6;
    expect(angleBetween([1, 0, 0], [Math.cos(small), Math.sin(small), 0]) / small).toBeCloseTo(1, 6);
    expect(angleBetween([1, 0, 0], [-1, 0, 0])).toBeCloseTo(Math.PI);
  });
});

describe("the Fibonacci lattice", () => {
  const n = 500;
  const lattice = fibonacciSphere(n);
  it("lies on the unit sphere and is centred", () => {
    const sum = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      expect(norm(at(lattice, i))).toBeCloseTo(1, 5);
      at(lattice, i).forEach((value, k) => (sum[k] += value / n));
    }
    sum.forEach((value) => expect(Math.abs(value)).toBeLessThan(0.01));
  });
  it("leaves no hole and no crowd", () => {
    const ideal = Math.sqrt((4 * Math.PI) / n);
    for (let i = 0; i < n; i += 7) {
      let nearest = Infinity;
      for (let j = 0; j < n; j++) {
        if (j !== i) nearest = Math.min(nearest, angleBetween(at(lattice, i), at(lattice, j)));
      }
      expect(nearest).toBeGreaterThan(0.6 * ideal);
      expect(nearest).toBeLessThan(1.4 * ideal);
    }
  });
});

describe("caps", () => {
  it("have an outline at their angle all around", () => {
    const centre = normalize([0.3, -0.5, 0.8]);
    const outline = capOutline(centre, 0.4, 24);
    for (let i = 0; i <= 24; i++) expect(angleBetween(centre, at(outline, i))).toBeCloseTo(0.4, 5);
    near(at(outline, 0), at(outline, 24));
  });
  it("hold the share of an even cloud that their area has", () => {
    const cloud = fibonacciSphere(20_000);
    const angle = 0.5;
    const share = countInCap(cloud, [0, 1, 0], angle) / 20_000;
    expect(share).toBeCloseTo((1 - Math.cos(angle)) / 2, 3);
    expect(countInCap(cloud, [0, 1, 0], angle, () => false)).toBe(0);
  });
});

describe("sphereDensity", () => {
  it("is higher in a cluster than in the open", () => {
    const open = fibonacciSphere(400);
    const xyz = new Float32Array(open.length + 900);
    xyz.set(open);
    for (let i = 0; i < 300; i++) {
      const p = normalize([1, 0.02 * Math.cos(i), 0.02 * Math.sin(3 * i)]);
      xyz.set(p, open.length + 3 * i);
    }
    const density = sphereDensity(xyz);
    expect(density[500]).toBeGreaterThan(0.8);
    const far = Array.from({ length: 400 }, (_, i) => i).filter((i) => open[3 * i] < -0.5);
    expect(Math.max(...far.map((i) => density[i]))).toBeLessThan(0.4);
  });
  it("does not depend on where on the cube an even cloud lies", () => {
    const even = fibonacciSphere(30_000);
    const xyz = new Float32Array(even.length + 9000);
    xyz.set(even);
    for (let i = 0; i < 3000; i++) xyz.set([1, 0, 0], even.length + 3 * i);
    const density = sphereDensity(xyz);
    const away = density.slice(0, 30_000).filter((_, i) => even[3 * i] < 0.5);
    expect(Math.max(...away) - Math.min(...away)).toBeLessThan(0.25);
  });
  it("is nothing where all points share one place", () => {
    expect([...sphereDensity(new Float32Array([1, 0, 0, 1, 0, 0]))]).toEqual([0, 0]);
  });
  it("takes a zero vector without a NaN", () => {
    expect(Number.isNaN(sphereDensity(new Float32Array([0, 0, 0, 1, 0, 0]))[0])).toBe(false);
  });
});

describe("histogram", () => {
  it("counts every value once, the largest included, and leaves NaN out", () => {
    expect([...histogram([0, 0.5, 1, NaN, 2], 0, 1, 2)]).toEqual([1, 2]);
    expect([...histogram([0, 0.5, 1], 0, 1, 2, (i) => i !== 1)]).toEqual([1, 1]);
  });
});

describe("shareAbove", () => {
  const values = Array.from({ length: 4001 }, (_, i) => (i / 4000) ** 2);
  const table = Float64Array.from({ length: 257 }, (_, i) => values[Math.round((i / 256) * 4000)]);
  it.each([0.001, 0.1, 0.35, 0.8])("reads the share beyond %d off the quantiles", (value) => {
    const exact = values.filter((v) => v > value).length / values.length;
    expect(shareAbove(table, value)).toBeCloseTo(exact, 2);
  });
  it("is 1 below the smallest, 0 from the largest on, 0 of nothing", () => {
    expect(shareAbove(table, -1)).toBe(1);
    expect(shareAbove(table, 1)).toBe(0);
    expect(shareAbove([], 0.2)).toBe(0);
  });
});

describe("shuffledIndices", () => {
  it("holds every index once, the same way each time", () => {
    const order = shuffledIndices(1000);
    expect(new Set(order).size).toBe(1000);
    expect([...shuffledIndices(1000)]).toEqual([...order]);
  });
  it("has prefixes that sample evenly", () => {
    const mean = shuffledIndices(100_000).slice(0, 5000).reduce((sum, i) => sum + i, 0) / 5000;
    expect(clamp(mean, 48_000, 52_000)).toBe(mean);
  });
});
