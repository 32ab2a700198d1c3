import type * as React from "react";
import { describe, expect, it } from "vitest";
import type { CurvesPayload, Simulation } from "./contract.gen";
import { decodeCurves, follow } from "./chart/curves";
import { handleKey, type KeyHost } from "./player/keys";
import { Preloader, type Fetched } from "./pictures/preload";
import { mark, policyLabel } from "./chart/series";
import { figure, frameText, sequenceText, shareText } from "./words";

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

function payload(numbers: number[], tails = numbers): CurvesPayload {
  const ids = Uint8Array.from(tails.flatMap((tail) => [...new Array<number>(11).fill(7), tail]));
  const column = base64(new Uint8Array(Float32Array.from(numbers, (n) => (n === 2 ? NaN : n)).buffer));
  const figures = { psnr: column, ssim: column, n_samples: column, reconstruction_error: column };
  return {
    n: numbers.length,
    ids: base64(ids),
    numbers: base64(new Uint8Array(Float64Array.from(numbers).buffer)),
    time: false,
    cuts: [],
    columns: { "": figures },
  };
}

describe("curves", () => {
  it("are decoded, and a frame without a value stays without", () => {
    const curves = decodeCurves(payload([1, 2, 3]));
    expect([...(curves.columns.get("")?.psnr ?? [])]).toEqual([1, NaN, 3]);
    expect([...curves.numbers]).toEqual([1, 2, 3]);
    expect(curves.ids.at(2)).toBe("07".repeat(11) + "03");
  });
  it("that arrive cut short are refused", () => {
    expect(() => decodeCurves({ ...payload([1, 2]), n: 3 })).toThrow();
  });
  it("of another view keep the frame looked at, or what is nearest to it", () => {
    const all = decodeCurves(payload([10, 20, 30, 40]));
    const some = decodeCurves(payload([10, 30, 40]));
    expect(follow(all, 2, some)).toBe(1);
    expect(follow(all, 1, some)).toBe(1);
    expect(follow(some, 2, all)).toBe(3);
    expect(follow(null, 9, some)).toBe(2);
  });
});

describe("keys", () => {
  const press = (key: string, target: object = {}, shiftKey = false): string[] => {
    const done: string[] = [];
    const host: KeyHost = {
      at: 50,
      n: 200,
      go: (to) => done.push(`go ${to}`),
      toggle: () => done.push("toggle"),
      mark: (end) => done.push(end ? "out" : "in"),
      clear: () => false,
    };
    const event = {
      key,
      shiftKey,
      target: { tagName: "DIV", getAttribute: () => null, ...target },
      preventDefault: () => done.push("taken"),
      stopPropagation: () => undefined,
    };
    handleKey(host)(event as unknown as React.KeyboardEvent);
    return done;
  };
  it("move by one, by ten, by a tenth of the sequence, and to its ends", () => {
    expect(press("ArrowRight")).toEqual(["go 51", "taken"]);
    expect(press("ArrowLeft", {}, true)).toEqual(["go 40", "taken"]);
    expect(press("PageUp")).toEqual(["go 70", "taken"]);
    expect(press("End")).toEqual(["go 199", "taken"]);
  });
  it("play, and mark a range", () => {
    expect(press(" ")).toEqual(["toggle", "taken"]);
    expect(press("o")).toEqual(["out", "taken"]);
  });
  it("leave to others what is theirs", () => {
    expect(press(" ", { tagName: "BUTTON" })).toEqual([]);
    expect(press("ArrowRight", { tagName: "SELECT" })).toEqual([]);
    expect(press("5", { tagName: "INPUT", type: "number" })).toEqual([]);
    expect(press("ArrowRight", { getAttribute: () => "radio" })).toEqual([]);
    expect(press("Escape")).toEqual([]);
    expect(press("x")).toEqual([]);
  });
});

describe("the preloader", () => {
  it("fetches each picture once and forgets those wanted longest ago", () => {
    const made: Fetched[] = [];
    const preloader = new Preloader(() => {
      const picture = { src: "", complete: false, onload: null, onerror: null };
      made.push(picture);
      return picture;
    }, 3);
    preloader.want(["a", "b"]);
    preloader.want(["a", "c"]);
    expect(made.map((one) => one.src)).toEqual(["a", "b", "c"]);
    expect(preloader.settled(["a"])).toBe(false);
    made[0].complete = true;
    expect(preloader.settled(["a"])).toBe(true);
    preloader.want(["d"]);
    preloader.want(["a", "b"]);
    expect(made.map((one) => one.src)).toEqual(["a", "b", "c", "d", "b"]);
  });
});

describe("policies", () => {
  it("differ where one policy ran twice", () => {
    const of = (policy: string, suffix: string): string => policyLabel({ policy, suffix } as Simulation);
    expect([of("random", ""), of("random", "random"), of("random", "half")]).toEqual([
      "random",
      "random",
      "random (half)",
    ]);
  });
  it("have a mark or a colour of their own, up to thirty", () => {
    const marks = Array.from({ length: 30 }, (_, i) => `${i % 6} ${mark(i, 0, 0, 1)}`);
    expect(new Set(marks).size).toBe(30);
  });
});

describe("words", () => {
  it("say a dash where there is no figure", () => {
    expect([figure("psnr", 24.456), figure("ssim", NaN), figure("n_samples", 1200)]).toEqual(["24.46", "–", "1,200"]);
    expect(shareText(600, [160, 120])).toBe("3.1 %");
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
