import { describe, expect, it } from "vitest";
import { meanDirection } from "../math";
import { atRun, isProvisional, levelAt, levelWords, markOf, noGapsWords, suggestedTag, share, supportWords, tallyWords } from "./verdicts";

const run = { delta: 0.3, basis: "level", level: 0.1, drives_owned: 9 } as const;
/** Quantiles of distances spread evenly over 0..1. */
const even = [0, 0.25, 0.5, 0.75, 1];

describe("the level of a δ", () => {
  it("is the run's at the run's δ, and read off the left-out distances at any other", () => {
    expect(levelAt(run, even, 0.3)).toBe(0.1);
    expect(levelAt(run, even, 0.5)).toBeCloseTo(1 - (0.5 * 9) / 10, 12);
  });
  it("is 1 below every distance and 1 / (m + 1) beyond all of them", () => {
    expect(levelAt(run, even, -0.1)).toBe(1);
    expect(levelAt(run, even, 2)).toBeCloseTo(0.1, 12);
  });
  it("never rises with δ", () => {
    const levels = Array.from({ length: 50 }, (_, i) => levelAt(run, even, i / 40 + 0.001) ?? NaN);
    levels.slice(1).forEach((level, i) => expect(level).toBeLessThanOrEqual(levels[i]));
  });
  it("is unknown where S has one drive, or no distances", () => {
    expect(levelAt({ ...run, drives_owned: 1 }, even, 0.5)).toBeNull();
    expect(levelAt(run, [], 0.5)).toBeNull();
  });
  it("is written with two digits", () => {
    expect([0.1, 1 / 3, 0.025, 0.999].map(share)).toEqual(["10 %", "33 %", "2.5 %", "100 %"]);
    expect(levelWords(run, null, false)).toBe("level unknown");
    expect(levelWords({ basis: "provisional" }, null, true)).toBe("provisional");
    expect(levelWords({ basis: "provisional" }, 0.4, false)).toBe("level 40 %");
    expect(levelWords({ basis: "unrated" }, 0.1, true)).toBe("level unknown");
  });
});

describe("marks", () => {
  it("are provisional only at the run's own δ", () => {
    const few = { delta: 0.3, basis: "provisional" } as const;
    expect([null, 0.3, 0.2].map((delta) => isProvisional(few, delta))).toEqual([true, true, false]);
    expect(atRun(run, 0.3000001)).toBe(false);
    expect(markOf({ verdict: "gap", pick: null }, true)).toBe("provisional");
    expect(markOf({ verdict: "gap", pick: 2 }, false)).toBe("gap");
    expect(markOf({ verdict: "covered", pick: null }, false)).toBe("covered");
    expect(markOf({ verdict: null, pick: null }, false)).toBeNull();
  });
  it("never say covered of a pick, nor on every picture that nothing can be said", () => {
    expect(markOf({ verdict: "covered", pick: 2 }, false)).toBeNull();
    expect(markOf({ verdict: "cannot say", pick: null }, true)).toBeNull();
  });
  it("propose the tag that the images share", () => {
    const of = (...verdicts: ("gap" | "covered" | "cannot say" | null)[]) => verdicts.map((verdict) => ({ verdict }));
    expect(suggestedTag(of("gap", "gap"), false)).toBe("gap");
    expect(suggestedTag(of("gap"), true)).toBe("provisional gap");
    expect(suggestedTag(of("covered"), false)).toBe("within delta");
    for (const mixed of [of("gap", "covered"), of("cannot say"), of(null), of()])
      expect(suggestedTag(mixed, false)).toBe("to review");
  });
  it("say how many owned images stand behind them", () => {
    expect(supportWords({ support: 12, support_drives: 3 }, true)).toBe("12 owned images of 3 drives within δ");
    expect(supportWords({ support: 1, support_drives: 1 }, false)).toBe("1 owned image within δ");
    expect(supportWords({ support: 0, support_drives: 0 }, true)).toBe("no owned image within δ");
    expect(supportWords({ support: null, support_drives: null }, true)).toBeNull();
  });
  it("are counted by the kinds that there are", () => {
    expect(tallyWords({ gaps: 1, covered: 0, cannot_say: 1200 }, true)).toBe("1 provisional gap, 1,200 cannot say");
    expect(tallyWords({ gaps: 2, covered: 3, cannot_say: 0 }, false)).toBe("2 gaps, 3 covered");
  });
});

it("the middle of a drive is where most of it lies", () => {
  const xyz = Float32Array.of(1, 0, 0, 0, 1, 0, -1, 0, 0);
  const [x, y, z] = meanDirection(xyz, [0, 1]);
  expect([x, y, z].map((value) => +value.toFixed(4))).toEqual([0.7071, 0.7071, 0]);
  expect(meanDirection(xyz, [0, 2])).toEqual([1, 0, 0]);
});

it("no gap has the reason that the run has", () => {
  expect(noGapsWords({ basis: "level", score: "nearest" })).toBe("0 gaps: no candidate lies beyond δ");
  // The distance decides nothing there: candidates may well lie beyond δ.
  expect(noGapsWords({ basis: "provisional", score: "novelty" })).toBe("0 gaps: no candidate is novel enough");
  expect(noGapsWords({ basis: "none", score: "nearest" })).toBe("No verdict: too few owned drives");
});
