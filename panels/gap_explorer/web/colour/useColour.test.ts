import { describe, expect, it } from "vitest";
import { hooked } from "../../../web/shared/testing";
import { cloud, heldBridge } from "../testing";
import { useColour } from "./useColour";

describe("useColour", () => {
  it("keeps what was read where it cannot be read again after an edit", async () => {
    const { bridge, asked } = heldBridge({ colour: "weather" });
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
