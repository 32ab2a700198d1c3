import { beforeEach, describe, expect, it } from "vitest";
import type { Vec3 } from "../../math";
import { gestures, KEYS_CAP, type Mode, type Stage } from "./gestures";

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
  pointAt = (index: number): Vec3 => [index, 0, 0];
  directionAt = (x: number): Vec3 | null =>
    x < 200 ? [Math.sin(x / 100), 0, Math.cos(x / 100)] : null;
  showCap = (cap: unknown): void => void (this.shown = cap);
  setMoving = (): void => undefined;
  fill = (): void => void (this.shown = "home");
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
    lasso: note("lasso"),
    lassoDrag: () => undefined,
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
  it("is not needed to come home: the keyboard brings the first view back, of a free cloud too", () => {
    on.home();
    expect(board.shown).toBe("home");
  });
});

describe("a zoom", () => {
  it("is aimed at a point of a free cloud, and at no point of the sphere", () => {
    expect(on.aim(50, 0)).toBeNull();
    board.spherical = false;
    expect(on.aim(50, 0)).toEqual([7, 0, 0]);
    expect(on.aim(150, 0)).toBeNull();
  });
});

describe("a cap", () => {
  it("starts with Shift or in its mode, on the sphere only", () => {
    expect(on.startsShape(plain)).toBe(false);
    expect(on.startsShape(shift)).toBe(true);
    board.mode = "cap";
    expect(on.startsShape(plain)).toBe(true);
    board.spherical = false;
    expect(on.startsShape(shift)).toBe(false);
    expect(on.shapeStart(300, 0, shift)).toBe(false);
  });
  it("reaches from where it was pressed to where it was let go", () => {
    expect(on.shapeStart(100, 0, shift)).toBe(true);
    on.shapeMove(120, 0);
    on.shapeMove(150, 0);
    on.shapeMove(300, 0); // beside the sphere: the last edge holds
    on.shapeEnd(false);
    const [name, , angle] = asked[0];
    expect(name).toBe("cap");
    expect(angle as number).toBeCloseTo(0.5, 6);
  });
  it("is asked for by the keyboard around the middle", () => {
    board.mode = "cap";
    on.confirm();
    board.spherical = false;
    on.confirm();
    expect(asked).toEqual([["cap", board.directionAt(150), KEYS_CAP]]);
  });
  it("that is given up shows the last answer's again", () => {
    on.shapeStart(100, 0, shift);
    on.shapeMove(150, 0);
    on.shapeEnd(true);
    expect(board.shown).toBeNull();
    expect(asked).toEqual([]);
  });
});

describe("a lasso", () => {
  const draw = (...path: [number, number][]): void => {
    on.shapeStart(...path[0], plain);
    path.slice(1).forEach((at) => on.shapeMove(...at));
  };
  beforeEach(() => {
    board.mode = "lasso";
  });
  it("is drawn on the screen, sphere or not, in steps that a hand can make", () => {
    board.spherical = false;
    expect(on.startsShape(plain)).toBe(true);
    draw([0, 0], [1, 1], [300, 0], [300, 90]);
    on.shapeEnd(false);
    expect(asked).toEqual([["lasso", [[0, 0], [300, 0], [300, 90]]]]);
  });
  it("is nothing when it is given up, or only a stroke", () => {
    draw([0, 0], [50, 0], [50, 50]);
    on.shapeEnd(true);
    draw([0, 0], [50, 0]);
    on.shapeEnd(false);
    expect(asked).toEqual([]);
  });
  it("leaves the cap to Shift", () => {
    on.shapeStart(100, 0, shift);
    on.shapeMove(150, 0);
    on.shapeEnd(false);
    expect(asked[0][0]).toBe("cap");
  });
});
