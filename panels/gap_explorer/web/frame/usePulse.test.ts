import { describe, expect, it, vi } from "vitest";
import { hooked } from "../../../web/shared/testing";
import type { Bridge } from "../bridge";
import { heldBridge } from "../testing";
import { usePulse } from "./usePulse";

describe("usePulse", () => {
  it("asks for new contents again where that failed", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("document", { hidden: false, addEventListener: () => 0, removeEventListener: () => 0 });
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { bridge, asked } = heldBridge();
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

  it("leaves the server to the contents until they are there", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("document", { hidden: false, addEventListener: () => 0, removeEventListener: () => 0 });
    const { bridge, asked } = heldBridge();
    const empty: Bridge = { ...bridge, data: { dataset: "d" } };
    const used = await hooked((of: Bridge) => usePulse(of), empty);
    expect(asked).toHaveLength(0);
    await used.give({ ...bridge, data: { dataset: "d", state: "one", status: { kind: "ready" } } });
    expect(asked.map(({ name }) => name)).toEqual(["pulse"]);
    await used.end();

    const without = await hooked((of: Bridge) => usePulse(of), empty);
    await without.during(() => vi.advanceTimersByTime(10_000));
    expect(asked.map(({ name }) => name), "what never comes is not waited for").toEqual(["pulse", "pulse"]);
    await without.end();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
});
