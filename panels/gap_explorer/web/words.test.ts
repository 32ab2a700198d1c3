import { describe, expect, it } from "vitest";
import { begun, collected, farWords, fileName, format, percent, percentileWords, plural, title, typed } from "./words";

it("a number is taken with a point or a comma, and nothing else is", () => {
  expect(["0.35", " 0,35 ", ".5", "1e-3", "0"].map(typed)).toEqual([0.35, 0.35, 0.5, 0.001, 0]);
  for (const text of ["", " ", "0.3x", "1,000.5", "δ"]) expect(typed(text)).toBeNaN();
});

it("years at the ends of a scale are years, and so is what lies between", () => {
  expect([2013, 2016.5, 2020].map(format)).toEqual(["2013", "2017", "2020"]);
  expect([0, 0.5, 0.12345, 57, 99.96, 0.0001, 1.7e9].map(format)).toEqual(["0", "0.5", "0.123", "57", "100", "1.0e-4", "1.7e+9"]);
});

it("a line begins with a capital, and a field's name, a number or δ as they are", () => {
  const lines = ["brighter than every owned drive", "`weather` = snow: 0 of 24", "2 drives", "δ is 0.3", ""];
  expect(lines.map(begun)).toEqual(["Brighter than every owned drive", ...lines.slice(1)]);
});

describe("percent", () => {
  it("never rounds to all or to nothing", () => {
    expect([99.97, 99.96, 0.01, 0, 100].map(percent).map((s) => s.replace(/\s/, " "))).toEqual([
      "99.9 %",
      "99.9 %",
      "0.1 %",
      "0 %",
      "100 %",
    ]);
  });
});

it("headings and paths", () => {
  const base = { total: 1234, cards: [] };
  expect(title({ ...base, query: { kind: "cap", direction: [0, 0, 1], angle: 0.4 } })).toBe(
    "A cap of 23°: 1,234 images",
  );
  expect(title({ ...base, query: { kind: "place", direction: [0, 0, 1] } })).toBe("A place on the sphere");
  expect(title({ ...base, query: { kind: "drive", drive: "dusk" } })).toBe("Drive dusk");
  expect(fileName("/a/b/c.png")).toBe("c.png");
  expect(fileName("C:\\a\\c.png")).toBe("c.png");
  expect(farWords({ dist_to_S: 0.2, distance: 0.1 }, "euclidean")).toBe(
    "0.200 from the nearest owned image, 0.100 from the image asked about (Euclidean distance)",
  );
  expect(farWords({ dist_to_S: null, distance: null }, "cosine")).toBe("");
  expect(percentileWords(27)).toBe(`nearer than ${percent(73)} of owned to other drives`);
  expect(percentileWords(85)).toBe(`farther than ${percent(85)} of owned from other drives`);
  expect(plural(1, "sample")).toBe("1 sample");
  expect(plural(2000, "sample")).toBe("2,000 samples");
});

describe("the result of adding to the tray", () => {
  const all = { added: 5, already: 0, over: 0, owned: 0, room: 1000 };
  it("names each reason for which a sample was not added", () => {
    expect(collected(all)).toBe("5 added.");
    expect(collected({ ...all, already: 2, owned: 1, over: 1200 })).toBe(
      "5 added, 2 already in the tray, 1 left out: already owned, 1,200 not added: the tray is limited to 1,000.",
    );
  });
});
