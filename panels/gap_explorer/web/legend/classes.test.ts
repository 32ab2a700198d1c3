import { describe, expect, it } from "vitest";
import { MISSING, numericColumn } from "../cloud/columns";
import { carriedOver, classCounts, hiddenPoints, NOTHING_HIDDEN, presentClasses, soloed, toggled } from "./classes";

const weather = {
  field: "weather",
  kind: "categorical" as const,
  values: Uint16Array.of(0, 1, 1, MISSING),
  min: 0,
  max: 0,
  classes: ["dry", "rain", "fog"],
};
const radius = numericColumn("kcenter_radius", new Float32Array([0.5, NaN, 0.1]));
const all = presentClasses(weather);

describe("classCounts", () => {
  it("counts the points kept, those without a value apart", () => {
    expect([...classCounts(weather, () => true)]).toEqual([[0, 1], [1, 2], [2, 0], [MISSING, 1]]);
    expect(classCounts(weather, (i) => i === 1).get(1)).toBe(1);
  });
  it("splits a numeric column into points with and without a value", () => {
    expect([...classCounts(radius, () => true)]).toEqual([[0, 2], [MISSING, 1]]);
  });
});

describe("what the legend hides", () => {
  it("is a class, until it is clicked again", () => {
    const hidden = toggled(NOTHING_HIDDEN, all, [1]);
    expect([...hiddenPoints(weather, hidden)!]).toEqual([0, 1, 1, 0]);
    expect(hiddenPoints(weather, toggled(hidden, all, [1]))).toBeNull();
  });
  it("is never everything: hiding the last class that has points shows all again", () => {
    const left = toggled(toggled(NOTHING_HIDDEN, all, [0]), all, [MISSING]);
    expect(toggled(left, all, [1])).toBe(NOTHING_HIDDEN);
  });
  it("is all others of a class alone, and nothing once it is alone already", () => {
    const alone = soloed(toggled(NOTHING_HIDDEN, all, [1]), all, [1]);
    expect([...hiddenPoints(weather, alone)!]).toEqual([1, 0, 0, 1]);
    expect(soloed(alone, all, [1])).toBe(NOTHING_HIDDEN);
  });
  it("is the points without a number, where numbers are the colour", () => {
    expect([...hiddenPoints(radius, toggled(NOTHING_HIDDEN, presentClasses(radius), [MISSING]))!]).toEqual([0, 1, 0]);
  });
  it("stays hidden in the same field read again, by its name", () => {
    const again = { ...weather, values: Uint16Array.of(0, 0, 1, MISSING), classes: ["rain", "dry"] };
    expect([...carriedOver(new Set([1, 2, MISSING]), weather, again)]).toEqual([0, MISSING]);
    expect(carriedOver(new Set([1]), weather, { ...again, field: "city" })).toBe(NOTHING_HIDDEN);
    const rain = { ...again, values: Uint16Array.of(0, 0, 0, 0) };
    expect(carriedOver(new Set([1]), weather, rain)).toBe(NOTHING_HIDDEN);
  });
});
