import { describe, expect, it, vi } from "vitest";
import { hooked } from "../../../web/shared/testing";
import type { Bridge } from "../bridge";
import type { Card } from "../contract.gen";
import { cloud, heldBridge } from "../testing";
import { useTray } from "./useTray";

describe("useTray", () => {
  it("knows what another window has put in while no panel was open here", async () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) };
    vi.stubGlobal("localStorage", storage);
    let told = (_: object): void => undefined;
    vi.stubGlobal("addEventListener", (_: string, listen: typeof told) => (told = listen));
    vi.stubGlobal("removeEventListener", () => (told = () => undefined));
    const { bridge } = heldBridge();
    const open = () => hooked(() => useTray(bridge, "shared", null), null);
    const before = await open();
    await before.during(() => before.value.add(["a"]));
    await before.end();
    const key = [...kept.keys()][0];
    kept.set(key, JSON.stringify(["a", "b"]));
    told({ key });
    const after = await open();
    await after.during(() => after.value.add(["c"]));
    expect(JSON.parse(kept.get(key) ?? "")).toEqual(["a", "b", "c"]);
    vi.unstubAllGlobals();
  });
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
