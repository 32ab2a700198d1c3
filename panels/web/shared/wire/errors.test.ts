import { expect, it } from "vitest";
import { PanelError, sentence } from "./errors";

it.each([
  [new TypeError("Failed to fetch"), "check that it is running"],
  [new PanelError("TypeError: Failed to fetch"), "check that it is running"],
  [new TypeError("NetworkError when attempting to fetch resource."), "check that it is running"],
  [new PanelError("Internal Server Error"), "log"],
])("a lost request says what to do: %s", (error, advice) => {
  expect(sentence(error)).toContain(advice);
});

it("a sentence of ours stays as it is", () => {
  expect(sentence(new PanelError("Run find_gaps."))).toBe("Run find_gaps.");
  expect(sentence("The weights: load failed.")).toBe("The weights: load failed.");
});
