import { expect, test } from "vitest";
import { carried } from "./carry";

const before = { dataset: "d", sphere: "monday", n: 3, xyz: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) };
const fewer = { dataset: "d", sphere: "monday", n: 2, xyz: Float32Array.of(1, 0, 0, 0, 0, 1) };
const moved = { ...before, sphere: "tuesday" };

test("a point is found again where it lies, at another position", () => {
  expect(carried({ kind: "point", index: 2 }, before, fewer)).toEqual({ kind: "point", index: 1 });
});

test("a point that is gone, or of a sphere laid out anew, is not guessed", () => {
  expect(carried({ kind: "point", index: 1 }, before, fewer)).toBeNull();
  expect(carried({ kind: "point", index: 1 }, before, moved)).toBeNull();
});

test("a sample is the same on every sphere", () => {
  expect(carried({ kind: "point", index: 1, id: "a" }, before, moved)).toEqual({ kind: "point", id: "a" });
  expect(carried({ kind: "drive", drive: "dusk" }, before, moved)).toEqual({ kind: "drive", drive: "dusk" });
  expect(carried({ kind: "point", index: 1, id: "a" }, before, { ...before, dataset: "other" })).toBeNull();
});

test("a place is asked about again only while the points lie as they did", () => {
  const place = { kind: "place" as const, direction: [0, 0, 1] as const };
  expect(carried(place, before, fewer)).toEqual(place);
  expect(carried(place, before, moved)).toBeNull();
});
