import { describe, expect, it } from "vitest";
import { hooked } from "../../../web/shared/testing";
import type { Bridge } from "../bridge";
import type { Card } from "../contract.gen";
import { cloud, heldBridge } from "../testing";
import { useTray } from "./useTray";

describe("useTray", () => {
  it("drops a reply about a δ that is no longer chosen, and asks again after a failure", async () => {
    const { bridge, asked } = heldBridge({ delta: 0.1 });
    const at = cloud("one");
    const used = await hooked((of: Bridge) => useTray(of, "tray", at), bridge);
    await used.during(() => used.value.add(["a"]));
    await used.give({ ...bridge, choices: { ...bridge.choices, delta: 0.2 } });
    const card = (verdict: Card["verdict"]): object => ({ cards: [{ id: "a", verdict }] });
    await used.during(() => asked[1].answer(card("covered")));
    await used.during(() => asked[0].answer(card("gap")));
    expect(used.value.cards.get("a")?.verdict).toBe("covered");
    await used.during(() => used.value.add(["b"]));
    await used.during(() => asked[2].refuse(new Error("lost")));
    await used.during(() => used.value.add(["c"]));
    expect(asked[3].params).toMatchObject({ ids: ["b", "c"] });
  });
});
