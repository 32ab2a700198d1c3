/**
 * `window.__gapsphere`: coordinates and state for browser tests, so that no test guesses pixels.
 * With several panels open it is that of the one mounted last; `panels` has them all.
 */

import type { Answer, Choices, RunInfo } from "../contract.gen";
import type { Vec3 } from "../math";
import type { SphereScene } from "../scene/SphereScene";

export interface HookState {
  ready: boolean;
  run: RunInfo;
  choices: Choices;
  delta: number;
  gaps: number;
  answer: Answer | null;
  busy: boolean;
  highlighted: number;
  lit: number;
  selected: number[];
  opened: number;
  /** False once the free projection is drawn. */
  spherical: boolean;
  dimmed: number;
  /** Points that are not hidden. */
  drawn: number;
  /** What the set alone and the grid leave. */
  shown: { owned: number; pool: number; gaps: number };
  /** Picks that carry their rank, and marks that are dimmed. */
  marks: { ranks: number; dim: number };
}

export interface TestHook {
  readonly state: HookState;
  readonly ready: boolean;
  readonly last: Answer | null;
  readonly canvas: HTMLCanvasElement;
  readonly scene: SphereScene;
  pointAt(index: number): Vec3;
  /** Page coordinates of a point or direction, and whether it faces the viewer. */
  project(target: number | Vec3): { x: number; y: number; visible: boolean } | null;
  /** The point that a click at these page coordinates would mean, -1 for none. */
  pick(x: number, y: number): number;
  /** Turn the sphere so that a point or direction is in the middle. */
  face(target: number | Vec3): void;
}

interface HookWindow {
  __gapsphere?: TestHook & { panels: TestHook[] };
}

const panels: TestHook[] = [];

export function installTestHook(
  canvas: HTMLCanvasElement,
  scene: SphereScene,
  state: () => HookState,
): () => void {
  const point = (target: number | Vec3): Vec3 =>
    typeof target === "number" ? scene.pointAt(target) : target;
  const hook: TestHook = {
    get state() {
      return state();
    },
    get ready() {
      return state().ready;
    },
    get last() {
      return state().answer;
    },
    canvas,
    scene,
    pointAt: (index) => scene.pointAt(index),
    project: (target) => {
      const at = scene.project(point(target));
      if (!at) return null;
      const box = canvas.getBoundingClientRect();
      return { ...at, x: at.x + box.left, y: at.y + box.top };
    },
    pick: (x, y) => {
      const box = canvas.getBoundingClientRect();
      return scene.pick(x - box.left, y - box.top);
    },
    face: (target) => scene.orbit.face(point(target)),
  };
  const host = window as HookWindow;
  const at = panels.findIndex((other) => other.canvas === canvas);
  if (at >= 0) panels[at] = hook;
  else panels.push(hook);
  publish(host);
  return () => {
    const index = panels.indexOf(hook);
    if (index >= 0) panels.splice(index, 1);
    publish(host);
  };
}

function publish(host: HookWindow): void {
  const last = panels[panels.length - 1];
  if (!last) delete host.__gapsphere;
  // Spreading would freeze the getters' values, so the list is put beside them.
  else host.__gapsphere = Object.create(last, { panels: { value: panels, enumerable: true } });
}
