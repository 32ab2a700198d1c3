import { describe, expect, it } from "vitest";
import { hooked } from "../../../web/shared/testing";
import type { Projection } from "../contract.gen";
import { cloud, heldBridge } from "../testing";
import { fitToView, useCartesian } from "./useCartesian";

it("why the free projection cannot be had is said for as long as it is wanted", async () => {
  const { bridge, asked } = heldBridge();
  const at = cloud("one");
  const as = (projection: Projection) => ({ ...bridge, choices: { ...bridge.choices, projection } });
  const used = await hooked((of: typeof bridge) => useCartesian(of, at), as("cartesian"));
  await used.during(() => asked[0].refuse(new Error("Run compute_sphere again.")));
  expect(used.value.error).toBe("Run compute_sphere again.");
  await used.give(as("sphere"));
  expect(used.value.error).toBeNull();
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
