import { describe, expect, it, vi } from "vitest";
import type { RunInfo, ColumnsPayload } from "../contract.gen";
import { gridKey } from "../grid/useMasks";
import { columnSource } from "./source";

const b64 = (values: Float32Array | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));

/** A reply as FiftyOne's `/embeddings/v2` gives it. */
function reply(dtype: number, width: number, n: number, body: Uint8Array, version = 1): ArrayBuffer {
  const bytes = new Uint8Array(16 + body.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, 0x464f4531, true);
  header.setUint16(4, version, true);
  header.setUint8(6, dtype);
  header.setUint8(7, width);
  header.setUint32(8, n, true);
  bytes.set(body, 16);
  return bytes.buffer;
}

const xyz = Float32Array.of(1, 0, 0, 0, 0.5, 0);
const planar = new Uint8Array(Float32Array.of(1, 0, 0, 0.5, 0, 0).buffer);
const ids = Uint8Array.from({ length: 24 }, (_, i) => i);
const run = (source: "panel" | "routes"): RunInfo =>
  ({ source, dataset: "drive", brain_key: "gapsphere" }) as RunInfo;
const columns = { stamp: "s", n: 2, xyz: null } as unknown as ColumnsPayload;

function host(answers: Record<string, ArrayBuffer | Error> = {}) {
  const call = vi.fn(async (name: string) =>
    name === "ids" ? { stamp: "s", ids: b64(ids) } : { stamp: "s", xyz: b64(xyz) },
  );
  const route = vi.fn(async (name: string) => {
    const answer = answers[name];
    if (answer instanceof ArrayBuffer) return answer;
    throw answer ?? new Error("404");
  });
  return { call: call as never, route, calls: call };
}

const good = { geometry: reply(1, 3, 2, planar), ids: reply(4, 1, 2, ids) };

describe("columnSource", () => {
  it("takes coordinates that came along, and asks for nothing", async () => {
    const there = host();
    const source = columnSource(there, run("panel"), { ...columns, xyz: b64(xyz) });
    expect([...(await source.geometry())]).toEqual([...xyz]);
    expect(there.calls).not.toHaveBeenCalled();
    expect(there.route).not.toHaveBeenCalled();
  });

  it("gives the same points and ids from either source", async () => {
    const own = columnSource(host(), run("panel"), columns);
    const there = host(good);
    const routes = columnSource(there, run("routes"), columns);
    expect([own.name, routes.name]).toEqual(["panel", "routes"]);
    expect(await routes.geometry()).toEqual(await own.geometry());
    expect((await routes.ids()).at(1)).toBe((await own.ids()).at(1));
    expect(there.calls).not.toHaveBeenCalled();
    expect(there.route).toHaveBeenCalledWith("geometry", "drive", "gapsphere");
  });

  it.each([
    ["no such route", new Error("404")],
    ["another layout", reply(1, 3, 2, planar, 2)],
    ["two dimensions", reply(1, 2, 2, planar.slice(0, 16))],
    ["another run", reply(1, 3, 1, planar.slice(0, 12))],
    ["cut short", reply(1, 3, 2, planar.slice(0, 20))],
    ["nothing", new ArrayBuffer(3)],
  ])("asks Python instead where the route answers with %s", async (_, geometry) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const there = host({ geometry, ids: geometry });
    const source = columnSource(there, run("routes"), columns);
    expect([...(await source.geometry())]).toEqual([...xyz]);
    expect((await source.ids()).n).toBe(2);
    expect(there.calls).toHaveBeenCalledTimes(2);
    expect(warn).toHaveBeenCalledTimes(2);
    warn.mockRestore();
  });
});

describe("gridKey", () => {
  it("changes with stages, filters and selection, and with nothing else", () => {
    const key = gridKey([{ _cls: "Limit" }], { weather: ["fog"] }, {});
    expect(gridKey([{ _cls: "Limit" }], { weather: ["fog"] }, {})).toBe(key);
    expect(gridKey([], { weather: ["fog"] }, {})).not.toBe(key);
    expect(gridKey([{ _cls: "Limit" }], { weather: ["dry"] }, {})).not.toBe(key);
    expect(gridKey([{ _cls: "Limit" }], { weather: ["fog"] }, { sample_ids: ["a"] })).not.toBe(key);
  });

  it("stays short for ten thousand ids and still tells two lists apart", () => {
    const list = (first: number): string[] => Array.from({ length: 10_000 }, (_, i) => `${first + i}`);
    const key = gridKey([], {}, { sample_ids: list(0) });
    expect(key.length).toBeLessThan(200);
    expect(gridKey([], {}, { sample_ids: list(5) })).not.toBe(key);
  });
});
