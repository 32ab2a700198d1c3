import { expect, it } from "vitest";
import { decimals } from "./decimals";

it("shows the digits of a distance that would read as zero", () => {
  const shown = [0.12345, 0.00012, 0.000496, 2e-8, 0, Infinity].map((value) => decimals(value));
  expect(shown).toEqual(["0.123", "0.00012", "0.00050", "0.000", "0.000", "Infinity"]);
  expect(decimals(0.004, 2)).toBe("0.0040");
});
