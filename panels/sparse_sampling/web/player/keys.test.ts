import type * as React from "react";
import { describe, expect, it } from "vitest";
import { handleKey, type KeyHost } from "./keys";

describe("keys", () => {
  const press = (key: string, target: object = {}, shiftKey = false): string[] => {
    const done: string[] = [];
    const host: KeyHost = {
      at: 50,
      n: 200,
      go: (to) => done.push(`go ${to}`),
      toggle: () => done.push("toggle"),
      mark: (end) => done.push(end ? "out" : "in"),
      clear: () => false,
    };
    const event = {
      key,
      shiftKey,
      target: { tagName: "DIV", getAttribute: () => null, ...target },
      preventDefault: () => done.push("taken"),
      stopPropagation: () => undefined,
    };
    handleKey(host)(event as unknown as React.KeyboardEvent);
    return done;
  };
  it("move by one, by ten, by a tenth of the sequence, and to its ends", () => {
    expect(press("ArrowRight")).toEqual(["go 51", "taken"]);
    expect(press("ArrowLeft", {}, true)).toEqual(["go 40", "taken"]);
    expect(press("PageUp")).toEqual(["go 70", "taken"]);
    expect(press("End")).toEqual(["go 199", "taken"]);
  });
  it("play, and mark a range", () => {
    expect(press(" ")).toEqual(["toggle", "taken"]);
    expect(press("o")).toEqual(["out", "taken"]);
  });
  it("leave to others what is theirs", () => {
    expect(press(" ", { tagName: "BUTTON" })).toEqual([]);
    expect(press("ArrowRight", { tagName: "SELECT" })).toEqual([]);
    expect(press("5", { tagName: "INPUT", type: "number" })).toEqual([]);
    expect(press("ArrowRight", { getAttribute: () => "radio" })).toEqual([]);
    expect(press("Escape")).toEqual([]);
    expect(press("x")).toEqual([]);
  });
});
