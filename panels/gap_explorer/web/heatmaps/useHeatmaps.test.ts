import { describe, expect, it, vi } from "vitest";
import { hooked } from "../../../web/shared/testing";
import type { Work } from "../../../web/shared/work/work.gen";
import type { Answer } from "../contract.gen";
import { answerTo, heldBridge } from "../testing";
import { useHeatmaps } from "./useHeatmaps";

describe("useHeatmaps", () => {
  it("asks again, and forgets what went wrong, where a person wants to", async () => {
    const { bridge, asked } = heldBridge();
    const answer = answerTo({ kind: "drive", drive: "dusk" }) as Answer;
    const shown = { ...answer, cards: [{ id: "a" }] } as unknown as Answer;
    const used = await hooked((of: Answer) => useHeatmaps(bridge, of), shown);
    await used.during(() => asked[0].refuse(new Error("The server is away.")));
    expect(used.value.error).toContain("The server is away.");
    await used.during(() => used.value.retry());
    expect(used.value.error).toBeNull();
    expect(asked.map(({ name }) => name)).toEqual(["heatmaps", "heatmaps"]);
    await used.during(() => asked[1].answer({ maps: {}, making: null }));
    expect(used.value.error).toBeNull();
    await used.end();
  });

  it("forgets what went wrong once maps are here", async () => {
    vi.useFakeTimers();
    const { bridge, asked } = heldBridge();
    const answer = answerTo({ kind: "drive", drive: "dusk" }) as Answer;
    const shown = { ...answer, cards: [{ id: "a" }] } as unknown as Answer;
    const used = await hooked((of: Answer) => useHeatmaps(bridge, of), shown);
    const making = { state: "running", done: 1, total: 2 } as Work;
    await used.during(() => used.value.follow(making));
    await used.during(() => asked[1].refuse(new Error("The server is away.")));
    expect(used.value.error).toContain("The server is away.");
    await used.during(() => vi.advanceTimersByTime(600));
    await used.during(() => asked[2].answer({ making: { ...making, done: 2 } }));
    await used.during(() => asked[3].answer({ maps: {}, making: null }));
    expect(asked.map(({ name }) => name)).toEqual(["heatmaps", "heatmaps", "making", "heatmaps"]);
    expect(used.value.error).toBeNull();
    await used.end();
    vi.useRealTimers();
  });
});
