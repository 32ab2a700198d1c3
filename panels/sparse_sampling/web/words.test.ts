import { describe, expect, it } from "vitest";
import { figure, frameText, sequenceText, shareText } from "./words";

describe("words", () => {
  it("say a dash where there is no figure", () => {
    expect([figure("psnr", 24.456), figure("ssim", NaN), figure("n_samples", 1200)]).toEqual(["24.46", "–", "1,200"]);
    expect(shareText(600, [160, 120])).toBe("3.1 %");
    expect(shareText(19_199, [160, 120])).toBe("> 99.9 %");
  });
  it("name a frame by its number, or by the clock from the first", () => {
    expect(frameText(Float64Array.from([930, 960]), false, 1)).toBe("960");
    expect(frameText(Float64Array.from([1e9, 1e9 + 1.5]), true, 1)).toBe("+1.50 s");
  });
  it("tell how much of a sequence the view leaves", () => {
    const sequence = { field: "s", value: "d1", frames: 5, whole: 12, resolution: null, psnr: { "": 20, r: null } };
    expect(sequenceText(sequence, "")).toBe("d1 · 5 of 12 frames · 20.00 dB");
    expect(sequenceText({ ...sequence, frames: 12, psnr: {} }, "")).toBe("d1 · 12 frames");
  });
});
