import { describe, expect, it } from "vitest";
import type { Work } from "../../../web/shared/work/work.gen";
import type { Pulse } from "../contract.gen";
import { after, endedSince, NOT_LOOKED, type Looked, type Standing } from "./pulse";

const work = (id: string, state: Work["state"]): Work => ({
  ...{ id, state, label: "", stage: "", done: 0, total: 0, left: null, text: "", then: "", file: "", again: false },
});
const pulse = (state: string | null, ...all: Work[]): Pulse => ({ state, mark: null, unfinished: null, work: all });
const panel: Standing = { shown: "one", run: true, refreshed: 0, filling: false };
const looked: Looked = { ...NOT_LOOKED, work: [] };

describe("work has ended", () => {
  it("when it runs no more, and not when another one begins beside it", () => {
    const [a, b] = [work("a", "running"), work("b", "running")];
    expect(endedSince([a], [a, b])).toBe(false);
    expect(endedSince([a], [b])).toBe(true);
    expect(endedSince([a], [work("a", "done"), b])).toBe(true);
  });
  it("when it began and ended between two looks, and not when it had ended before the first", () => {
    const [first, second] = [work("a", "done"), work("b", "done")];
    expect(endedSince([first], [first, second])).toBe(true);
    expect(endedSince(null, [first])).toBe(false);
    expect(endedSince([first, second], [second])).toBe(false);
  });
});

describe("the panel is filled", () => {
  it("once for each new state, the grid with it where nothing here has told it", () => {
    const first = after(looked, pulse("two"), panel);
    expect(first.fill).toEqual({ grid: true });
    expect(after(first.looked, pulse("two"), panel).fill).toBeNull();
    expect(after(looked, pulse("two"), { ...panel, refreshed: 1 }).fill).toEqual({ grid: false });
    expect(after(looked, pulse("one"), panel).fill).toBeNull();
  });
  it("not while its contents come, by whomever they were asked for", () => {
    const { looked: waiting, fill } = after(looked, pulse("two"), { ...panel, filling: true });
    expect(fill).toBeNull();
    expect(after(waiting, pulse("two"), { ...panel, shown: "two" }).fill).toBeNull();
    expect(after(waiting, pulse("two"), panel).fill).toEqual({ grid: true });
  });
  it("once where work has ended whose results are written at a later look", () => {
    const running = { ...looked, work: [work("a", "running")] };
    const ended = after(running, pulse(null, work("a", "done")), panel);
    expect(ended.fill).toBeNull();
    const written = after(ended.looked, pulse("two", work("a", "done")), { ...panel, refreshed: 1 });
    expect(written.fill).toEqual({ grid: true });
    expect(after(written.looked, pulse("two", work("a", "done")), { ...panel, shown: "two" }).fill).toBeNull();
  });
  it("not with an unfinished analysis, while there is one to keep", () => {
    const unfinished = { ...pulse("two"), unfinished: "It was interrupted." };
    expect(after(looked, unfinished, panel).fill).toBeNull();
    expect(after(looked, unfinished, { ...panel, run: false }).fill).not.toBeNull();
  });
});
