import { describe, expect, it } from "vitest";
import { fitToView } from "./useCartesian";

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
