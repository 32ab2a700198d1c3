import { beforeEach, describe, expect, it } from "vitest";
import type { Vec3 } from "../math";
import { gestures, type Mode, type Stage } from "./gestures";

/** A stage with point 7 left of x = 100, and nothing but sphere right of it up to x = 200. */
class Board implements Stage {
  canvas = { style: {} } as HTMLElement;
  mode: Mode = "point";
  spherical = true;
  moving = false;
  count = 10;
  middle = [150, 0] as const;
  shown: unknown = "untouched";
  pick = (x: number): number => (x < 100 ? 7 : -1);
  directionAt = (x: number): Vec3 | null =>
    x < 200 ? [Math.sin(x / 100), 0, Math.cos(x / 100)] : null;
  showCap = (cap: unknown): void => void (this.shown = cap);
  setMoving = (): void => undefined;
}

const plain = { altKey: false, shiftKey: false } as PointerEvent;
const alt = { altKey: true, shiftKey: false } as PointerEvent;
const shift = { altKey: false, shiftKey: true } as PointerEvent;

let board: Board;
let asked: unknown[][];
let on: ReturnType<typeof gestures>;
beforeEach(() => {
  board = new Board();
  asked = [];
  const note =
    (name: string) =>
    (...args: unknown[]): void =>
      void asked.push([name, ...args]);
  on = gestures(board, {
    point: note("point"),
    place: note("place"),
    cap: note("cap"),
    capDrag: () => undefined,
    hover: note("hover"),
    lost: note("lost"),
  });
});

describe("a click", () => {
  it("means the point under it, or else the place", () => {
    on.click(50, 0, plain);
    on.click(120, 0, plain);
    on.click(250, 0, plain);
    expect(asked.map(([name]) => name)).toEqual(["point", "place"]);
    expect(asked[0][1]).toBe(7);
  });
  it("means the place with Alt, or where that is the mode", () => {
    on.click(50, 0, alt);
    board.mode = "place";
    on.click(50, 0, plain);
    expect(asked.map(([name]) => name)).toEqual(["place", "place"]);
  });
  it("means no place in a free cloud", () => {
    board.spherical = false;
    on.click(120, 0, alt);
    on.click(50, 0, alt);
    expect(asked).toEqual([["point", 7]]);
  });
  it("from the keyboard asks about the middle", () => {
    on.confirm();
    expect(asked[0][0]).toBe("place");
  });
});

describe("a cap", () => {
  it("starts with Shift or in its mode, on the sphere only", () => {
    expect(on.startsCap(plain)).toBe(false);
    expect(on.startsCap(shift)).toBe(true);
    board.mode = "cap";
    expect(on.startsCap(plain)).toBe(true);
    board.spherical = false;
    expect(on.startsCap(shift)).toBe(false);
    expect(on.capStart(300, 0)).toBe(false);
  });
  it("reaches from where it was pressed to where it was let go", () => {
    expect(on.capStart(100, 0)).toBe(true);
    on.capMove(120, 0);
    on.capMove(150, 0);
    on.capMove(300, 0); // beside the sphere: the last edge holds
    on.capEnd(false);
    const [name, , angle] = asked[0];
    expect(name).toBe("cap");
    expect(angle as number).toBeCloseTo(0.5, 6);
  });
  it("that is given up shows the last answer's again", () => {
    on.capStart(100, 0);
    on.capMove(150, 0);
    on.capEnd(true);
    expect(board.shown).toBeNull();
    expect(asked).toEqual([]);
  });
});
