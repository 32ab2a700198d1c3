import { describe, expect, it } from "vitest";
import { hooked } from "../../../web/shared/testing";
import { Outdated } from "../../../web/shared/wire/errors";
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
});
