import { describe, expect, it } from "vitest";
import { heights, inOrder, pickText, samePick, shareOf, STATUSES, wrongWords } from "./words";

it("a share of some samples is a percentage, also where there are none", () => {
  expect(shareOf(996, 1000)).toBe("99.6 %");
  expect(shareOf(5, 5)).toBe("100 %");
  expect(shareOf(0, 0)).toBe("0 %");
});

it("a class says how many are misclassified, which is its order, and of how many", () => {
  expect(wrongWords(14, 150)).toBe(`✕ 14 of 150 · ${shareOf(14, 150)}`);
});

describe("picks", () => {
  it("say what the grid shows", () => {
    expect(pickText({ status: "misclassified", class: "heath" })).toBe("misclassified, heath");
    expect(pickText({ decision: null })).toBe("not reviewed");
    expect(pickText({ status: "correct", score: [0.5, 0.55, false] })).toBe("correct, score 0.5 to 0.55");
    expect(pickText({ class: null })).toBe("without ground truth");
  });
  it("are the same whatever the order of their parts, and none is not nothing", () => {
    expect(samePick({ class: "a", status: "correct" }, { status: "correct", class: "a" })).toBe(true);
    expect(samePick({ status: null }, {})).toBe(false);
    expect(samePick(null, {})).toBe(false);
  });
});

describe("inOrder", () => {
  it("keeps unknown names, at the end", () => {
    const bars = [
      { name: null, count: 1 },
      { name: "misclassified" as const, count: 2 },
      { name: "correct" as const, count: 3 },
    ];
    const names = inOrder<string | null>(bars, STATUSES).map((bar) => bar.name);
    expect(names).toEqual(["correct", "misclassified", null]);
  });
});

describe("heights", () => {
  it("fill the plot and keep the shape", () => {
    expect(heights([10, 5], [1, 1], false)).toEqual({ above: [1, 0.5], below: [0.1, 0.1] });
  });
  it("as shares do not let the larger row hide the smaller", () => {
    expect(heights([75, 25], [1, 3], true)).toEqual({ above: [1, 1 / 3], below: [1 / 3, 1] });
  });
  it("are zero for rows without any score", () => {
    expect(heights([0, 0], [0, 0], true)).toEqual({ above: [0, 0], below: [0, 0] });
  });
});
