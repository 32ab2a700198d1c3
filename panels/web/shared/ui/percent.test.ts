import { expect, it } from "vitest";
import { percent } from "./percent";

it("is never rounded to none or all while it is neither", () => {
  const shares = [0, 0.04, 0.25, 9.6, 42.4, 98.6, 99.6, 99.97, 100];
  expect(shares.map(percent)).toEqual(
    ["0", "< 0.1", "0.3", "9.6", "42", "99", "99.6", "> 99.9", "100"].map((text) => `${text} %`),
  );
});
