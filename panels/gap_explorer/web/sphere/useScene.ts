import * as React from "react";
import * as THREE from "three";
import type { SceneEvents } from "../scene/gestures/gestures";
import { SphereScene } from "../scene/SphereScene";

/** Rest after a context was lost; one that is lost again so soon is not tried for a third time. */
const REST_MS = 500;
const TWICE_MS = 10_000;

type SceneFailure = "three" | "webgl";

export interface SceneState {
  /** The scene's own canvas, made here and put into the page where it is shown. */
  canvas: HTMLCanvasElement | null;
  scene: SphereScene | null;
  failure: SceneFailure | null;
  /** The canvas was lost and another one is on its way: what stands around it stays. */
  rebuilt: boolean;
  /** Who listens; set on each render, so that events always see the latest. */
  events: { current: SceneEvents | null };
}

/**
 * One scene for the life of the panel, kept out of React's state: the panel renders dozens of times
 * a session, the scene is built once.  It is built when the panel opens and not when the points are
 * there: making a WebGL context and its programs takes as long as the server takes to answer.
 */
export function useScene(): SceneState {
  const events = React.useRef<SceneEvents | null>(null);
  const [state, setState] = React.useState<Omit<SceneState, "events">>({
    canvas: null,
    scene: null,
    failure: null,
    rebuilt: false,
  });

  React.useEffect(() => {
    const fail = (failure: SceneFailure): void =>
      setState({ canvas: null, scene: null, failure, rebuilt: false });
    if (typeof THREE.WebGLRenderer !== "function") {
      fail("three");
      return undefined;
    }
    let scene: SphereScene | null = null;
    let before: SphereScene | null = null;
    let timer = 0;
    let lostAt = -Infinity;
    // A driver that was reset, or more canvases than a browser serves, takes the context of a page that is well.
    const lost = (): void => {
      scene?.dispose();
      before = scene;
      scene = null;
      const lastAt = lostAt;
      lostAt = performance.now();
      if (lostAt - lastAt < TWICE_MS) {
        fail("webgl");
        return;
      }
      setState({ canvas: null, scene: null, failure: null, rebuilt: true });
      timer = window.setTimeout(build, REST_MS);
    };
    const build = (): void => {
      const canvas = document.createElement("canvas");
      try {
        scene = new SphereScene(
          canvas,
          {
            point: (index) => events.current?.point(index),
            place: (direction) => events.current?.place(direction),
            cap: (direction, angle) => events.current?.cap(direction, angle),
            capDrag: (cap) => events.current?.capDrag(cap),
            lasso: (path) => events.current?.lasso(path),
            lassoDrag: (path) => events.current?.lassoDrag(path),
            hover: (point) => events.current?.hover(point),
            lost,
          },
          // Automated tests read the canvas back; a person's GPU need not keep the buffer.
          { preserve: Boolean((window as { IS_PLAYWRIGHT?: boolean }).IS_PLAYWRIGHT) },
        );
      } catch {
        fail("webgl");
        return;
      }
      // Who was looking at a place looks at it still.
      if (before) scene.orbit.resume(before.orbit);
      before = null;
      setState({ canvas, scene, failure: null, rebuilt: false });
    };
    // Building blocks the page for a moment: let the request for the points leave first.
    timer = window.setTimeout(build, 30);
    return () => {
      window.clearTimeout(timer);
      scene?.dispose();
    };
  }, []);

  return { ...state, events };
}
