import { describe, expect, it } from "vitest";
import { colourChoices, matching } from "./choices";

const choices = colourChoices([
  { path: "weather", kind: "categorical", group: "fields", unit: "" },
  { path: "metadata.width", kind: "numeric", group: "metadata", unit: "pixels" },
  { path: "attributes.brightness", kind: "numeric", group: "attributes", unit: "Mean luminance" },
  { path: "support", kind: "numeric", group: "coverage", unit: "" },
]);
const names = (found: typeof choices): string[] => found.map((one) => one.label);

describe("the list of colours", () => {
  it("has each once, in groups, without the group's name in it", () => {
    expect(names(choices)).toEqual(["Distance to owned", "Density", "support", "weather", "brightness", "width"]);
    expect(new Set(choices.map((one) => one.field)).size).toBe(choices.length);
  });
  it("is searched by name, path and group", () => {
    expect(names(matching(choices, "bright"))).toEqual(["brightness"]);
    expect(names(matching(choices, "dist_to"))).toEqual(["Distance to owned"]);
    expect(names(matching(choices, "metadata wid"))).toEqual(["width"]);
    expect(matching(choices, "moon")).toEqual([]);
    expect(matching(choices, " ")).toEqual(choices);
  });
});
