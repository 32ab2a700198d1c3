/**
 * What a person's clicks, drags and rests on the sphere mean: a point, a place, a cap, a lasso.  The scene
 * says what lies under a pointer, this says which question that is.
 */

import { angleBetween, type Vec3 } from "../../math";
import type { PointerEvents } from "../camera/orbit";

export type Mode = "point" | "place" | "cap" | "lasso";

/** A line drawn by hand, in CSS pixels. */
export type Path = readonly (readonly [number, number])[];

export interface Cap {
  direction: Vec3;
  angle: number;
}

export interface SceneEvents {
  point(index: number): void;
  place(direction: Vec3): void;
  cap(direction: Vec3, angle: number): void;
  /** While a cap is dragged; null when the drag ended. */
  capDrag(cap: (Cap & { at: [number, number] }) | null): void;
  lasso(path: Path): void;
  /** While a lasso is drawn; null when the drawing ended. */
  lassoDrag(path: Path | null): void;
  hover(point: { index: number; at: [number, number] } | null): void;
  lost(): void;
}

/** What the gestures ask the scene. */
export interface Stage {
  readonly canvas: HTMLElement;
  readonly mode: Mode;
  readonly spherical: boolean;
  readonly moving: boolean;
  readonly count: number;
  readonly middle: readonly [number, number];
  pick(x: number, y: number, reach?: number): number;
  pointAt(index: number): Vec3;
  directionAt(x: number, y: number): Vec3 | null;
  /** Show a cap that is being dragged; null shows the last answer's again. */
  showCap(cap: Cap | null): void;
  setMoving(active: boolean): void;
  /** Back to the first view. */
  fill(): void;
}

/** A lasso's corners are at least this far apart, in CSS pixels: finer than a hand draws. */
const LASSO_STEP = 3;

/** How far a cap reaches that the keyboard asks for, in radians: 15 degrees. */
export const KEYS_CAP = Math.PI / 12;

/** A zoom means the nearest point in this reach, in CSS pixels. */
const AIM_REACH = 40;

/** Rest of the pointer before it asks: picking a million points is a frame's work. */
const restMs = (count: number): number => (count > 100_000 ? 90 : 40);

/** The pointer events of a stage, and what ends a rest that is still waited for. */
export function gestures(stage: Stage, events: SceneEvents): PointerEvents & { end(): void } {
  let drag: Vec3 | null = null;
  let pending: Cap | null = null;
  let path: [number, number][] | null = null;
  let rest = 0;

  const click = (x: number, y: number, forcePlace: boolean): void => {
    if (!(stage.spherical && (forcePlace || stage.mode === "place"))) {
      const index = stage.pick(x, y);
      if (index >= 0) {
        events.point(index);
        return;
      }
    }
    if (!stage.spherical) return;
    const direction = stage.directionAt(x, y);
    if (direction) events.place(direction);
  };

  /** A lasso needs no sphere: it is drawn on the screen. */
  const lassoes = (event: PointerEvent): boolean => stage.mode === "lasso" && !event.shiftKey;

  return {
    click: (x, y, event) => click(x, y, event.altKey),
    confirm: () => {
      const [x, y] = stage.middle;
      const centre = stage.spherical && stage.mode === "cap" ? stage.directionAt(x, y) : null;
      if (centre) events.cap(centre, KEYS_CAP);
      else click(x, y, stage.mode === "place");
    },
    home: () => stage.fill(),
    aim: (x, y) => {
      const index = stage.spherical ? -1 : stage.pick(x, y, AIM_REACH);
      return index < 0 ? null : stage.pointAt(index);
    },
    moving: (active) => stage.setMoving(active),
    startsShape: (event) =>
      lassoes(event) || (stage.spherical && (stage.mode === "cap" || event.shiftKey)),
    shapeStart: (x, y, event) => {
      if (lassoes(event)) {
        path = [[x, y]];
        return true;
      }
      drag = stage.directionAt(x, y);
      return drag !== null;
    },
    shapeMove: (x, y) => {
      if (path) {
        const [px, py] = path[path.length - 1];
        if (Math.hypot(x - px, y - py) < LASSO_STEP) return;
        path.push([x, y]);
        events.lassoDrag([...path]);
        return;
      }
      const edge = drag && stage.directionAt(x, y);
      if (!drag || !edge) return;
      pending = { direction: drag, angle: angleBetween(drag, edge) };
      stage.showCap(pending);
      events.capDrag({ ...pending, at: [x, y] });
    },
    shapeEnd: (cancelled) => {
      if (path) {
        const drawn = path;
        path = null;
        events.lassoDrag(null);
        if (!cancelled && drawn.length > 2) events.lasso(drawn);
        return;
      }
      const cap = pending;
      pending = null;
      drag = null;
      events.capDrag(null);
      if (cancelled || !cap) stage.showCap(null);
      else events.cap(cap.direction, cap.angle);
    },
    hover: (at) => {
      window.clearTimeout(rest);
      const { style } = stage.canvas;
      if (!at || stage.moving) {
        events.hover(null);
        style.cursor = "";
        return;
      }
      const [x, y] = at;
      rest = window.setTimeout(() => {
        const index = stage.mode === "place" ? -1 : stage.pick(x, y);
        style.cursor = index >= 0 ? "pointer" : stage.mode === "point" ? "" : "crosshair";
        events.hover(index >= 0 ? { index, at: [x, y] } : null);
      }, restMs(stage.count));
    },
    end: () => window.clearTimeout(rest),
  };
}
