import { describe, expect, it } from "vitest";
import { hooked } from "../../../web/shared/testing";
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
});
