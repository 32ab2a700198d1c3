import { describe, expect, it } from "vitest";
import type { CurvesPayload } from "../contract.gen";
import { decodeCurves, follow } from "./curves";

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
