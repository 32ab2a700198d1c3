import { describe, expect, it } from "vitest";
import { DEFAULT_CHOICES, type Choices } from "../contract.gen";
import { labelRooms, outline, sharesOf, shareWithin } from "./distances";
import { choicesFor } from "../useChoices";
import { fieldOf } from "./useGapsAt";
import { spaceOf } from "../frame/space";

describe("distributions", () => {
  const even = [0, 0.25, 0.5, 0.75, 1];

  it("say which share lies within a distance", () => {
    expect(shareWithin(even, 0.5)).toBeCloseTo(0.5);
    expect([shareWithin(even, -1), shareWithin(even, 2), shareWithin([], 0.5)]).toEqual([0, 1, 0]);
  });

  it("fall into bins that sum to what the axis shows of them", () => {
    const shares = sharesOf(even, 0, 2, 8);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1);
    expect(shares.slice(4)).toEqual([0, 0, 0, 0]);
    expect(sharesOf([0.3, 0.3, 0.3], 0, 1, 4)[1]).toBeCloseTo(1);
    expect(sharesOf([], 0, 1, 2)).toEqual([0, 0]);
  });

  it("are outlined from the axis and back to it", () => {
    expect(outline([0, 1], 60, 30)).toBe("M0 60L0 60.00L1 60.00L1 90.00L2 90.00L2 60");
  });
});

describe("labels of ticks", () => {
  const label = (at: number, width = 40): { at: number; width: number } => ({ at, width });

  it("stand over their places, inside the bar", () => {
    expect(labelRooms([label(0), label(100), label(200)], 200, 2)).toEqual([
      { left: 0, row: 0 },
      { left: 80, row: 0 },
      { left: 160, row: 0 },
    ]);
  });

  it("move down a row where one would cover another", () => {
    expect(labelRooms([label(100), label(110), label(150)], 200, 2).map(({ row }) => row)).toEqual([0, 1, 0]);
    expect(labelRooms([label(100), label(100), label(100)], 200, 2).map(({ row }) => row)).toEqual([0, 1, 1]);
  });
});

describe("a chosen δ", () => {
  const choices: Choices = { ...DEFAULT_CHOICES, delta: 0.2, deltaOf: 0.4 };

  it("stands as long as the run has the δ that it was chosen against", () => {
    expect(choicesFor(choices, { delta: 0.4 })).toBe(choices);
    expect(choicesFor(choices, null)).toBe(choices);
    expect(choicesFor(choices, { delta: 0.3 })).toMatchObject({ delta: null, deltaOf: null });
    const early: Choices = { ...choices, deltaOf: null };
    expect(choicesFor(early, { delta: 0.3 })).toBe(early);
  });

  it("has its gaps counted by the colour field, where that has classes", () => {
    const fields = [{ path: "light", kind: "categorical" as const }, { path: "slope", kind: "numeric" as const }];
    expect(["light", "slope", "dist_to_S"].map((colour) => fieldOf(fields, colour))).toEqual(["light", null, null]);
  });
});

describe("space", () => {
  it("is a drawer below 650 x 700", () => {
    expect([spaceOf(650, 700), spaceOf(649, 900), spaceOf(900, 699)]).toEqual(["column", "drawer", "drawer"]);
  });
});
