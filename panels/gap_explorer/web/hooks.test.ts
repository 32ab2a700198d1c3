import { describe, expect, it, vi } from "vitest";
import { Bitmask, encodeBitmask } from "../../web/shared/wire/columns";
import { Outdated } from "../../web/shared/wire/errors";
import { heldCalls, hooked } from "../../web/shared/testing";
import { takingTurns } from "../../web/shared/wire/turns";
import type { Bridge } from "./bridge";
import { numericColumn } from "./cloud/columns";
import { DEFAULT_CHOICES, type Answer, type Card, type Choices, type Overview, type RunInfo } from "./contract.gen";
import { useAnswer, type AnswerState } from "./answer/useAnswer";
import type { Cloud } from "./cloud/useCloud";
import { useColour } from "./colour/useColour";
import { panelOf } from "./answer/useEscape";
import { useGapsAt } from "./delta/useGapsAt";
import { useOverview } from "./overview/useOverview";
import { usePulse } from "./frame/usePulse";
import { useTray } from "./tray/useTray";

const N = 3;
const cloud = (stamp: string): Cloud => ({
  ...{ stamp, dataset: "d", sphere: stamp, n: N, xyz: new Float32Array(3 * N), picks: new Uint32Array(0) },
  sets: Bitmask.decode(encodeBitmask([0], N), N),
  gaps: Bitmask.decode(encodeBitmask([], N), N),
  dist: numericColumn("dist_to_S", new Float32Array(N)),
  source: { name: "panel", geometry: async () => new Float32Array(3 * N), ids: async () => Promise.reject(new Error()) },
});

function made(choices: Partial<Choices> = {}): { bridge: Bridge; asked: ReturnType<typeof heldCalls>["asked"] } {
  const { call, asked } = heldCalls();
  const bridge: Bridge = {
    ...{ data: { dataset: "d" }, choose: () => undefined, inTurn: takingTurns(), filling: () => false },
    ...{ call, flat: async () => undefined, refreshed: 0, outdated: 0, selected: [], mediaUrl: (path: string) => path },
    ...{ choices: { ...DEFAULT_CHOICES, ...choices }, route: async () => new ArrayBuffer(0) },
  };
  return { bridge, asked };
}
const points = (...rows: number[]): string => btoa(String.fromCharCode(...new Uint8Array(Uint32Array.from(rows).buffer)));
const answerTo = (query: Answer["query"], stamp = "one"): Answer => ({
  ...{ query, stamp, cards: [], owned: [], beside: null, more: {}, metric: "cosine", total: 1, words: null, highlight: points(1) },
  ms: 1,
});

describe("useAnswer", () => {
  const query = { kind: "drive", drive: "dusk" } as const;
  it("keeps the sentence of a refused action while a newer analysis answers the question again", async () => {
    const { bridge, asked } = made();
    const used = await hooked((at: Cloud) => useAnswer(bridge, at), cloud("one"));
    await used.during(() => used.value.ask(query));
    await used.during(() => asked[0].answer(answerTo(query)));
    expect(used.value.told).toBe(1);
    await used.during(() => void used.value.act({ kind: "show" }, null));
    await used.during(() => asked[1].refuse(new Outdated("Another analysis.")));
    await used.give(cloud("two"));
    await used.during(() => asked[2].answer(answerTo(query, "two")));
    expect(used.value.answer?.stamp).toBe("two");
    expect(used.value.error).toContain("do that again");
    // Nobody asked: what the person has closed stays closed.
    expect(used.value.told).toBe(1);
    await used.during(() => used.value.ask(query));
    expect(used.value.error).toBeNull();
  });
  it("gives the grid back where the question cannot be asked again", async () => {
    const { bridge, asked } = made();
    const place = { kind: "place", direction: [0, 0, 1] } as const;
    const used = await hooked((at: Cloud) => useAnswer(bridge, at), cloud("one"));
    await used.during(() => used.value.ask(place));
    await used.during(() => asked[0].answer(answerTo(place)));
    await used.give(cloud("two"));
    expect(used.value.answer).toBeNull();
    expect(asked.map(({ name }) => name)).toEqual(["ask", "clear"]);
  });
});

describe("useOverview", () => {
  const none = { answer: null, busy: false } as AnswerState;
  const row = { key: "night", title: "", counts: "", lines: [], images: 2, pictures: [], positions: points(1, 2) };
  const page = (...keys: string[]): Overview => ({
    ...{ stamp: "one", cards: keys.map((key) => ({ ...row, key })), cards_total: 1, no_cards: "", summarized: true },
    ...{ contrasts: [], picks: [], picks_total: 0, radius_before: null, knee: null },
  });
  const group = { kind: "card", key: "night" } as const;
  const start = async () => {
    const { bridge, asked } = made();
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
    const { bridge } = made();
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

describe("useColour", () => {
  it("keeps what was read where it cannot be read again after an edit", async () => {
    const { bridge, asked } = made({ colour: "weather" });
    const at = cloud("one");
    const used = await hooked((mark: string) => useColour(bridge, at, mark), "1" as string);
    const values = btoa(String.fromCharCode(...new Uint8Array(Uint16Array.of(0, 1, 1).buffer)));
    const weather = { stamp: "one", field: "weather", kind: "categorical", values, min: 0, max: 0, classes: ["dry", "rain"] };
    await used.during(() => asked[0].answer(weather));
    await used.give("2");
    await used.during(() => asked[1].refuse(new Error("The App server failed.")));
    expect(used.value.column?.field).toBe("weather");
    expect(used.value.error).toBe("The App server failed.");
  });
});

describe("useGapsAt", () => {
  it("shows the first count that it asked for", async () => {
    vi.useFakeTimers();
    const { bridge, asked } = made();
    const run = { stamp: "one", delta: 0.5, fields: [] as RunInfo["fields"] } as RunInfo;
    const used = await hooked((delta: number) => useGapsAt(bridge, run, delta), 0.2);
    await used.during(() => vi.advanceTimersByTime(1000));
    await used.during(() => asked[0].answer({ gaps: 7, field: null, classes: [], others: 0 }));
    expect(used.value?.gaps).toBe(7);
    vi.useRealTimers();
  });
});

describe("useTray", () => {
  it("drops a reply about a δ that is no longer chosen, and asks again after a failure", async () => {
    const { bridge, asked } = made({ delta: 0.1 });
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

describe("usePulse", () => {
  it("asks for new contents again where that failed", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("document", { hidden: false, addEventListener: () => 0, removeEventListener: () => 0 });
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { bridge, asked } = made();
    const data = { dataset: "d", state: "one", status: { kind: "ready" } } as const;
    const used = await hooked((of: Bridge) => usePulse(of), { ...bridge, data });
    const pulse = { state: "two", mark: null, unfinished: null, work: [] };
    await used.give({ ...bridge, data, refreshed: 1 }); // the grid has been told
    await used.during(() => asked[0].answer(pulse));
    expect(asked[1].name).toBe("reload");
    await used.during(() => asked[1].refuse(new Error("lost")));
    await used.during(() => vi.advanceTimersByTime(10_000));
    await used.during(() => asked[2].answer(pulse));
    expect(asked[3].name).toBe("reload");
    await used.end();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
});

describe("Escape", () => {
  const element = (name: string, inside: object | null): Element => ({ name, closest: () => inside }) as unknown as Element;
  const page = (panels: object[], pointed: object | null) =>
    ({ body, querySelectorAll: () => panels, querySelector: () => pointed }) as unknown as Document;
  const body = element("body", null) as HTMLElement;
  const [one, other] = [element("one", null), element("other", null)];
  it("is meant for the panel it was pressed in", () => {
    expect(panelOf(element("button", one), page([one, other], other))).toBe(one);
    expect(panelOf(element("grid", null), page([one], one))).toBeNull();
  });
  it("on nothing is meant for the only panel, or the one under the pointer", () => {
    expect(panelOf(body, page([one], null))).toBe(one);
    expect(panelOf(body, page([one, other], other))).toBe(other);
    expect(panelOf(body, page([one, other], null))).toBeNull();
  });
});
