import { expect, test } from "vitest";
import type { Work } from "./work.gen";
import { headAndRest, howFar, timeLeft } from "./words";

const work: Work = {
  id: "1",
  label: "Compute embeddings",
  state: "running",
  stage: "Embeddings",
  done: 1200,
  total: 4800,
  left: 61,
  text: "",
  then: "",
  file: "",
  again: false,
};

test("running work says its stage, share and time left", () => {
  expect(howFar(work)).toBe("Embeddings: 1,200 of 4,800, about 60 s left");
  expect(howFar({ ...work, left: null })).toBe("Embeddings: 1,200 of 4,800");
  expect(howFar({ ...work, total: 0 })).toBe("Embeddings …");
  expect(howFar({ ...work, stage: "" })).toBe("starting …");
});

test.each([
  [3, "a few seconds left"],
  [44, "about 40 s left"],
  [100, "about 2 min left"],
  [5400, "about 2 h left"],
])("%d seconds are %s", (seconds, words) => expect(timeLeft(seconds)).toBe(words));

test("the first line of a result is its head", () => {
  expect(headAndRest("44 gaps\n  details\n  more")).toEqual(["44 gaps", "  details\n  more"]);
});
