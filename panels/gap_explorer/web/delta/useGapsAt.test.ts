import { describe, expect, it, vi } from "vitest";
import { hooked } from "../../../web/shared/testing";
import type { RunInfo } from "../contract.gen";
import { heldBridge } from "../testing";
import { useGapsAt } from "./useGapsAt";

describe("useGapsAt", () => {
  it("shows the first count that it asked for", async () => {
    vi.useFakeTimers();
    const { bridge, asked } = heldBridge();
    const run = { stamp: "one", delta: 0.5, fields: [] as RunInfo["fields"] } as RunInfo;
    const used = await hooked((delta: number) => useGapsAt(bridge, run, delta), 0.2 as number);
    await used.during(() => vi.advanceTimersByTime(1000));
    await used.during(() => asked[0].answer({ gaps: 7, field: null, classes: [], others: 0 }));
    expect(used.value?.gaps).toBe(7);
    // Pointed at again: the values it is counted by may have been edited meanwhile.
    for (const [wait, times] of [[1000, 1], [60_000, 2]]) {
      await used.give(0.3);
      vi.setSystemTime(Date.now() + wait);
      await used.give(0.2);
      expect(used.value?.gaps).toBe(7);
      await used.during(() => vi.advanceTimersByTime(1000));
      expect(asked.filter(({ params }) => (params as { delta: number }).delta === 0.2)).toHaveLength(times);
    }
    vi.useRealTimers();
  });
});
