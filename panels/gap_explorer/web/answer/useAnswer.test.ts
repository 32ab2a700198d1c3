import { afterEach, describe, expect, it, vi } from "vitest";
import { hooked } from "../../../web/shared/testing";
import { Outdated } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import type { Cloud } from "../cloud/useCloud";
import { answerTo, cloud, heldBridge } from "../testing";
import { useAnswer } from "./useAnswer";

describe("useAnswer", () => {
  const query = { kind: "drive", drive: "dusk" } as const;
  it("keeps the sentence of a refused action while a newer analysis answers the question again", async () => {
    const { bridge, asked } = heldBridge();
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
    const { bridge, asked } = heldBridge();
    const place = { kind: "place", direction: [0, 0, 1] } as const;
    const used = await hooked((at: Cloud) => useAnswer(bridge, at), cloud("one"));
    await used.during(() => used.value.ask(place));
    await used.during(() => asked[0].answer(answerTo(place)));
    await used.give(cloud("two"));
    expect(used.value.answer).toBeNull();
    expect(asked.map(({ name }) => name)).toEqual(["ask", "clear"]);
  });
  it("asks a question that was on its way of the newer analysis", async () => {
    const { bridge, asked } = heldBridge();
    const used = await hooked((at: Cloud) => useAnswer(bridge, at), cloud("one"));
    await used.during(() => used.value.ask(query));
    await used.give(cloud("two"));
    await used.during(() => asked[0].answer(answerTo(query)));
    expect(used.value.answer).toBeNull();
    await used.during(() => asked[1].answer(answerTo(query, "two")));
    expect(used.value.answer?.stamp).toBe("two");
    expect(used.value.told).toBe(1);
  });
  describe("when a choice changes", () => {
    afterEach(() => void vi.useRealTimers());
    const begin = async () => {
      vi.useFakeTimers();
      const { bridge, asked } = heldBridge();
      const props = { bridge, at: cloud("one") };
      const used = await hooked((of: { bridge: Bridge; at: Cloud }) => useAnswer(of.bridge, of.at), props);
      const choose = (topK: number, at = props.at): Promise<void> =>
        used.give({ bridge: { ...bridge, choices: { ...bridge.choices, topK } }, at });
      return { asked, used, choose };
    };
    it("asks again, also where the answer was still on its way", async () => {
      const { asked, used, choose } = await begin();
      await used.during(() => used.value.ask(query));
      await choose(12);
      await used.during(() => asked[0].answer(answerTo(query)));
      await used.during(() => vi.advanceTimersByTime(1000));
      expect(asked.map(({ params }) => (params as { k: number }).k)).toEqual([8, 12]);
    });
    it("asks nothing of points that the question was not about", async () => {
      const { asked, used, choose } = await begin();
      const place = { kind: "place", direction: [0, 0, 1] } as const;
      await used.during(() => used.value.ask(place));
      await used.during(() => asked[0].answer(answerTo(place)));
      await choose(12, cloud("two"));
      await used.during(() => asked[1].answer({}));
      await used.during(() => vi.advanceTimersByTime(1000));
      expect(asked.map(({ name }) => name)).toEqual(["ask", "clear"]);
    });
  });
});
