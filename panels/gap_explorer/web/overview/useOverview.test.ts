import { describe, expect, it } from "vitest";
import { hooked } from "../../../web/shared/testing";
import type { AnswerState } from "../answer/useAnswer";
import type { Bridge } from "../bridge";
import type { Overview, RunInfo } from "../contract.gen";
import { answerTo, cloud, heldBridge, points } from "../testing";
import { useOverview } from "./useOverview";

describe("useOverview", () => {
  const none = { answer: null, busy: false } as AnswerState;
  const row = { key: "night", title: "", counts: "", lines: [], images: 2, pictures: [], positions: points(1, 2) };
  const page = (...keys: string[]): Overview => ({
    ...{ stamp: "one", cards: keys.map((key) => ({ ...row, key })), cards_total: 1, by_metadata: 0, no_cards: "", summarized: true },
    ...{ contrasts: [], picks: [], picks_total: 0, no_picks: "", radius_before: null, knee: null },
  });
  const group = { kind: "card", key: "night" } as const;
  const start = async () => {
    const { bridge, asked } = heldBridge();
    const at = cloud("one");
    const used = await hooked((of: Bridge) => useOverview(of, at, null, none), bridge);
    await used.during(() => asked[0].answer(page("night", "rain")));
    await used.during(() => used.value.choose(group, Uint32Array.of(1, 2)));
    return { bridge, asked, used };
  };
  it("takes the grid for a group and gives it back in the order of the clicks", async () => {
    const { asked, used } = await start();
    await used.during(() => used.value.choose(null));
    expect(asked.map(({ name }) => name)).toEqual(["overview", "act"]);
    await used.during(() => asked[1].answer({ message: "" }));
    expect(asked.map(({ name }) => name)).toEqual(["overview", "act", "clear"]);
  });
  it("is dark once an answer is there, also where the pointer came to a row while it was on its way", async () => {
    const { bridge } = heldBridge();
    const at = cloud("one");
    const used = await hooked((answers: AnswerState) => useOverview(bridge, at, null, answers), { ...none, busy: true });
    await used.during(() => used.value.point(Uint32Array.of(1)));
    expect(used.value.lit).toHaveLength(1);
    await used.give({ ...none, answer: answerTo({ kind: "drive", drive: "dusk" }) });
    expect(used.value.lit).toBeNull();
  });
  it("lets go of a chosen group that is listed no more", async () => {
    const { bridge, asked, used } = await start();
    await used.during(() => asked[1].answer({ message: "" }));
    const again = (overview: string) => used.give({ ...bridge, data: { ...bridge.data, run: { overview } as RunInfo } });
    await again("2");
    await used.during(() => asked[2].answer(page("night")));
    expect(used.value.chosen).toEqual(group);
    await again("3");
    await used.during(() => asked[3].answer(page("rain")));
    expect(used.value.chosen).toBeNull();
    expect(used.value.lit).toBeNull();
    expect(asked[4].name).toBe("clear");
  });
});
