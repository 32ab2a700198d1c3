import { describe, expect, it } from "vitest";
import type { Simulation } from "../contract.gen";
import { mark, policyLabel } from "./series";

describe("policies", () => {
  it("differ where one policy ran twice", () => {
    const of = (policy: string, suffix: string): string => policyLabel({ policy, suffix } as Simulation);
    expect([of("random", ""), of("random", "random"), of("random", "half")]).toEqual([
      "random",
      "random",
      "random (half)",
    ]);
  });
  it("have a mark or a colour of their own, up to thirty", () => {
    const marks = Array.from({ length: 30 }, (_, i) => `${i % 6} ${mark(i, 0, 0, 1)}`);
    expect(new Set(marks).size).toBe(30);
  });
});
