import { describe, expect, it } from "vitest";
import { add, clear, EMPTY_TRAY, remove, Shelf, undo } from "./contents";
import { TRAY_MAX } from "../contract.gen";

const ids = (n: number, from = 0): string[] => Array.from({ length: n }, (_, i) => `id${i + from}`);

class Memory {
  kept = new Map<string, string>();
  getItem = (key: string): string | null => this.kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.kept.set(key, value);
  removeItem = (key: string): void => void this.kept.delete(key);
}

describe("a tray", () => {
  it("gathers over several clicks, each sample once, in the order of the clicks", () => {
    const first = add(EMPTY_TRAY, ["b", "a"]);
    const second = add(first.tray, ["a", "c", "c"]);
    expect(second.tray.ids).toEqual(["b", "a", "c"]);
    expect([second.added, second.already, second.over]).toEqual([1, 1, 0]);
  });
  it("says how many it has no room for", () => {
    const full = add(EMPTY_TRAY, ids(TRAY_MAX - 1)).tray;
    const more = add(full, ids(3, 5000));
    expect([more.added, more.over, more.tray.ids.length]).toEqual([1, 2, TRAY_MAX]);
  });
  it("takes back one change after the other", () => {
    let tray = add(EMPTY_TRAY, ["a", "b"]).tray;
    tray = remove(tray, "a");
    tray = clear(tray);
    expect(tray.ids).toEqual([]);
    tray = undo(tray);
    expect(tray.ids).toEqual(["b"]);
    tray = undo(undo(tray));
    expect(tray.ids).toEqual([]);
    expect(undo(tray)).toBe(tray);
  });
  it("has nothing to take back where nothing changed", () => {
    const tray = add(EMPTY_TRAY, ["a"]).tray;
    expect(add(tray, ["a"]).tray).toBe(tray);
    expect(remove(tray, "z")).toBe(tray);
    expect(clear(EMPTY_TRAY)).toBe(EMPTY_TRAY);
  });
});

describe("the shelf", () => {
  it("keeps a tray for each dataset over a reload, and tells who listens", () => {
    const memory = new Memory();
    const shelf = new Shelf(() => memory);
    let told = 0;
    const leave = shelf.subscribe(() => told++);
    shelf.set("one", add(shelf.get("one"), ["a", "b"]).tray);
    leave();
    shelf.set("two", add(shelf.get("two"), ["c"]).tray);
    expect(told).toBe(1);
    const reloaded = new Shelf(() => memory);
    expect(reloaded.get("one").ids).toEqual(["a", "b"]);
    expect(reloaded.get("two").ids).toEqual(["c"]);
    reloaded.set("one", clear(reloaded.get("one")));
    expect([...memory.kept.keys()]).toHaveLength(1);
  });
  it("gives the same tray while nothing changes: React compares by identity", () => {
    const shelf = new Shelf(() => new Memory());
    expect(shelf.get("one")).toBe(shelf.get("one"));
  });
  it("looks again when another window changed it", () => {
    const memory = new Memory();
    const [here, there] = [new Shelf(() => memory), new Shelf(() => memory)];
    expect(here.get("one").ids).toEqual([]);
    there.set("one", add(there.get("one"), ["a"]).tray);
    here.forget([...memory.kept.keys()][0]);
    expect(here.get("one").ids).toEqual(["a"]);
  });
  it("works without a storage, and with one that holds nonsense", () => {
    const none = new Shelf(() => {
      throw new Error("denied");
    });
    none.set("one", add(none.get("one"), ["a"]).tray);
    expect(none.get("one").ids).toEqual(["a"]);
    const memory = new Memory();
    memory.getItem = () => "{broken";
    expect(new Shelf(() => memory).get("one").ids).toEqual([]);
  });
});
