/**
 * The eye around the sphere, or around a free cloud: a free turn (no poles to get stuck at), zoom and
 * pan, from mouse, touch and keyboard.  It knows angles and pixels; the scene asks it where the eye is.
 */

import { Euler, Quaternion, Vector2, Vector3 } from "three";
import { clamp, type Vec3 } from "../../math";

/** Vertical field of view in degrees: narrow, so that the limb of the sphere is not bent. */
export const FIELD_OF_VIEW = 30;
/** Half the height of the view at distance 1. */
const HALF_VIEW = Math.tan((FIELD_OF_VIEW * Math.PI) / 360);
/** The sphere's radius fills this share of the shorter half side at zoom 1. */
const FIT = 0.86;
const ZOOM_MIN = 0.4;
const ZOOM_MAX = 24;
/** A turn about the screen's vertical after one about its horizontal, in radians. */
const turned = (vertical: number, horizontal: number): Quaternion =>
  new Quaternion().setFromEuler(new Euler(horizontal, vertical, 0, "YXZ"));

/** Slightly from above, so that the first look is of a ball and not of a disc. */
const home = (): Quaternion => turned(0.5, -0.35);

export class Orbit {
  private turn = home();
  /** Counts what turned the eye, so that a slow turn ends where another begins. */
  private turns = 0;
  zoom = 1;
  /** Shift of the sphere on the screen, in units of the half height at the centre's depth. */
  pan: readonly [number, number] = [0, 0];
  /**
   * What the eye looks at and turns around.  It stays the sphere's centre; around a free cloud it is
   * what a pan moves, since a turn about another point would carry what is looked at out of sight.
   */
  middle: Vec3 = [0, 0, 0];
  free = false;
  width = 1;
  height = 1;

  constructor(private readonly changed: () => void) {}

  /** Look from where another eye looked, whose canvas is gone; the new canvas tells its own size. */
  resume(other: Orbit): void {
    this.zoom = other.zoom;
    this.pan = other.pan;
    this.middle = other.middle;
    this.free = other.free;
    this.turnBy(other.turn.clone());
  }

  resize(width: number, height: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.shift(0, 0);
  }

  /** Distance of the eye from the middle, at which the sphere fits the shorter side. */
  get distance(): number {
    const tangent = HALF_VIEW * this.aspect * FIT;
    // The limb is seen under asin(1 / d): d = sqrt(1 + 1 / tan²).
    return Math.sqrt(1 + 1 / (tangent * tangent));
  }

  /** Where the eye is, seen from the middle. */
  get eye(): Vec3 {
    return new Vector3(0, 0, this.distance).applyQuaternion(this.turn).toArray();
  }

  get up(): Vec3 {
    return new Vector3(0, 1, 0).applyQuaternion(this.turn).toArray();
  }

  /** Radius of the sphere on the screen in pixels. */
  get radius(): number {
    return (Math.min(this.width, this.height) / 2) * FIT * this.zoom;
  }

  /** Drag by pixels: a point near the middle stays under the finger. */
  drag(dx: number, dy: number): void {
    const scale = 1 / this.radius;
    this.turnBy(this.turn.clone().multiply(turned(-dx * scale, -dy * scale)));
  }

  panBy(dx: number, dy: number): void {
    const unit = this.height / 2;
    this.shift(dx / unit, -dy / unit);
    this.changed();
  }

  /**
   * Zoom by a factor about a place given in pixels from the middle.
   *
   * @param near the point of a free cloud at that place: the eye comes to look at it, at its depth
   */
  zoomBy(factor: number, x = 0, y = 0, near: Vec3 | null = null): void {
    const ratio = this.zoomTo(this.zoom * factor);
    const unit = this.height / 2;
    if (this.free && near && ratio > 1) {
      this.middle = new Vector3(...this.middle).lerp(new Vector3(...near), 1 - 1 / ratio).toArray();
    } else {
      const [px, py] = this.pan;
      this.shift((x / unit - px) * (1 - ratio), (-y / unit - py) * (1 - ratio));
    }
    if (this.zoom <= 1) {
      // What is small comes back to the middle.
      this.pan = [this.pan[0] * 0.8, this.pan[1] * 0.8];
      this.middle = new Vector3(...this.middle).multiplyScalar(0.8).toArray();
    }
    this.changed();
  }

  /** Turn so that `direction` faces the eye, in the middle of the view. */
  face(direction: Vec3): void {
    this.way(direction)(1);
  }

  /** The way to a direction: what turns to a part of it, 1 being all, and says whether it still leads. */
  way(direction: Vec3): (part: number) => boolean {
    this.pan = [0, 0];
    const from = this.turn;
    const facing = new Vector3(0, 0, 1).applyQuaternion(from);
    const to = new Quaternion().setFromUnitVectors(facing, new Vector3(...direction)).multiply(from);
    let own = this.turns;
    return (part) => {
      if (own !== this.turns) return false;
      own = this.turnBy(new Quaternion().slerpQuaternions(from, to, part));
      return true;
    };
  }

  /** Zoom and pan so that a box of the screen, in pixels as seen now, fills the view. */
  fit(left: number, right: number, top: number, bottom: number): void {
    const x = (left + right) / 2 - this.width / 2;
    const y = (top + bottom) / 2 - this.height / 2;
    this.panBy(-x, -y);
    const room = Math.min(this.width / Math.max(1, right - left), this.height / Math.max(1, bottom - top));
    this.zoomTo(this.zoom * FIT * room);
    this.changed();
  }

  reset(): void {
    this.zoom = 1;
    this.pan = [0, 0];
    this.middle = [0, 0, 0];
    this.turnBy(home());
  }

  /** How much larger things then are. */
  private zoomTo(zoom: number): number {
    const before = this.zoom;
    this.zoom = clamp(zoom, ZOOM_MIN, ZOOM_MAX);
    return this.zoom / before;
  }

  private get aspect(): number {
    return Math.min(1, this.width / this.height);
  }

  private turnBy(turn: Quaternion): number {
    this.turn = turn.normalize();
    this.changed();
    return ++this.turns;
  }

  /** Move what is drawn on the screen, in half heights; the middle of the view stays in the ball. */
  private shift(x: number, y: number): void {
    if (this.free) {
      const scale = -(HALF_VIEW * this.distance) / this.zoom;
      const by = new Vector3(x * scale, y * scale, 0).applyQuaternion(this.turn);
      const limit = Math.max(1, Math.hypot(...this.middle));
      this.middle = by.add(new Vector3(...this.middle)).clampLength(0, limit).toArray();
      return;
    }
    const limit = this.aspect * Math.max(1, FIT * this.zoom);
    this.pan = new Vector2(this.pan[0] + x, this.pan[1] + y).clampLength(0, limit).toArray();
  }
}

export interface PointerEvents {
  click(x: number, y: number, event: PointerEvent): void;
  /** A pointer rests over the canvas with no button down; null when it left. */
  hover(at: readonly [number, number] | null): void;
  /** The point of a free cloud that a zoom at this place means. */
  aim(x: number, y: number): Vec3 | null;
  /** Whether a press at this place starts a cap or a lasso and not a turn. */
  startsShape(event: PointerEvent): boolean;
  shapeStart(x: number, y: number, event: PointerEvent): boolean;
  shapeMove(x: number, y: number): void;
  shapeEnd(cancelled: boolean): void;
  /** The middle of the view was asked for from the keyboard. */
  confirm(): void;
  /** The first view was asked for from the keyboard. */
  home(): void;
  moving(active: boolean): void;
}

/** A press that wandered no farther than this many pixels is a click. */
const CLICK_SLOP = 5;

/** Listens on the canvas and drives an {@link Orbit}; returns what takes the listeners away. */
export function listen(canvas: HTMLElement, orbit: Orbit, events: PointerEvents): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const pointers = new Map<number, { x: number; y: number }>();
  let mode: "none" | "turn" | "pan" | "shape" | "pinch" = "none";
  let travelled = 0;
  let start: PointerEvent | null = null;
  let pinch = 0;

  // The browser's own guess turns a Shift drag into "uses the keyboard"; frame only real key use.
  const showFocus = (keys: boolean): void => {
    canvas.toggleAttribute("data-keys", keys);
  };
  canvas.addEventListener("focus", () => showFocus(canvas.matches(":focus-visible")), { signal });
  canvas.addEventListener("blur", () => showFocus(false), { signal });

  const local = (event: { clientX: number; clientY: number }): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const middle = (): { x: number; y: number; spread: number } => {
    const [a, b] = [...pointers.values()];
    return {
      x: (a.x + b.x) / 2,
      y: (a.y + b.y) / 2,
      spread: Math.hypot(a.x - b.x, a.y - b.y),
    };
  };

  canvas.addEventListener(
    "pointerdown",
    (event) => {
      showFocus(false);
      canvas.setPointerCapture(event.pointerId);
      const [x, y] = local(event);
      pointers.set(event.pointerId, { x, y });
      events.hover(null);
      if (pointers.size === 2) {
        if (mode === "shape") events.shapeEnd(true);
        mode = "pinch";
        pinch = middle().spread;
        travelled = Infinity;
        events.moving(true);
        return;
      }
      start = event;
      travelled = 0;
      if (event.button === 1 || event.button === 2) mode = "pan";
      else if (events.startsShape(event) && events.shapeStart(x, y, event)) mode = "shape";
      else mode = "turn";
      if (event.button === 1) event.preventDefault();
    },
    { signal },
  );

  canvas.addEventListener(
    "pointermove",
    (event) => {
      const [x, y] = local(event);
      const before = pointers.get(event.pointerId);
      if (!before) {
        if (event.pointerType !== "touch") events.hover([x, y]);
        return;
      }
      const dx = x - before.x;
      const dy = y - before.y;
      if (mode === "pinch" && pointers.size >= 2) {
        const was = middle();
        pointers.set(event.pointerId, { x, y });
        const now = middle();
        const box = canvas.getBoundingClientRect();
        orbit.panBy(now.x - was.x, now.y - was.y);
        if (pinch > 0 && now.spread > 0) {
          orbit.zoomBy(now.spread / pinch, now.x - box.width / 2, now.y - box.height / 2);
        }
        pinch = now.spread;
        return;
      }
      pointers.set(event.pointerId, { x, y });
      travelled += Math.hypot(dx, dy);
      if (mode === "shape") {
        events.shapeMove(x, y);
        return;
      }
      if (travelled <= CLICK_SLOP) return;
      events.moving(true);
      if (mode === "pan") orbit.panBy(dx, dy);
      else if (mode === "turn") orbit.drag(dx, dy);
    },
    { signal },
  );

  const release = (event: PointerEvent, cancelled: boolean): void => {
    if (!pointers.delete(event.pointerId)) return;
    const [x, y] = local(event);
    if (mode === "shape") {
      // A press without a drag in cap or lasso mode is a click after all.
      const still = travelled <= CLICK_SLOP;
      events.shapeEnd(cancelled || still);
      if (still && !cancelled) events.click(x, y, event);
    } else if (mode === "turn" && !cancelled && travelled <= CLICK_SLOP && start?.button === 0) {
      events.click(x, y, event);
    }
    events.moving(false);
    if (pointers.size === 0) mode = "none";
    else travelled = Infinity;
    start = null;
  };
  canvas.addEventListener("pointerup", (event) => release(event, false), { signal });
  canvas.addEventListener("pointercancel", (event) => release(event, true), { signal });
  canvas.addEventListener("pointerleave", () => events.hover(null), { signal });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });

  let wheelTimer = 0;
  // Searched for once a gesture: among a million points that takes as long as a frame.
  let aim: { x: number; y: number; at: Vec3 | null } | null = null;
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const [x, y] = local(event);
      const box = canvas.getBoundingClientRect();
      const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      // A pinch on a trackpad arrives as a wheel with ctrlKey and small steps.
      const speed = event.ctrlKey ? 0.01 : 0.0015;
      events.hover(null);
      events.moving(true);
      if (!aim || Math.hypot(x - aim.x, y - aim.y) > CLICK_SLOP) aim = { x, y, at: events.aim(x, y) };
      orbit.zoomBy(Math.exp(-pixels * speed), x - box.width / 2, y - box.height / 2, aim.at);
      window.clearTimeout(wheelTimer);
      wheelTimer = window.setTimeout(() => {
        aim = null;
        events.moving(false);
      }, 160);
    },
    { signal, passive: false },
  );

  canvas.addEventListener(
    "keydown",
    (event) => {
      const step = event.shiftKey ? 0 : 24;
      const push = 24;
      const arrows: Record<string, [number, number]> = {
        ArrowLeft: [1, 0],
        ArrowRight: [-1, 0],
        ArrowUp: [0, 1],
        ArrowDown: [0, -1],
      };
      const arrow = arrows[event.key];
      if (arrow && step) orbit.drag(arrow[0] * step, arrow[1] * step);
      else if (arrow) orbit.panBy(arrow[0] * push, arrow[1] * push);
      else if (event.key === "+" || event.key === "=") orbit.zoomBy(1.2);
      else if (event.key === "-") orbit.zoomBy(1 / 1.2);
      else if (event.key === "0" || event.key === "Home") events.home();
      else if (event.key === "Enter") events.confirm();
      else if (event.key === "Escape" && mode === "shape") {
        events.shapeEnd(true);
        mode = "none";
        pointers.clear();
      } else return;
      showFocus(true);
      event.preventDefault();
    },
    { signal },
  );

  return () => {
    window.clearTimeout(wheelTimer);
    abort.abort();
  };
}
