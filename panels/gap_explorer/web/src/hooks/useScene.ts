import * as React from "react";
import * as THREE from "three";
import { SphereScene, type SceneEvents } from "../scene/SphereScene";

export type SceneFailure = "three" | "webgl";

/**
 * One scene for the life of a canvas, kept out of React's state: the panel renders dozens of times
 * a session, the scene is built once.  Events go through a ref, so that they always see the latest.
 */
export function useScene(
  canvas: HTMLCanvasElement | null,
  events: SceneEvents,
): { scene: SphereScene | null; failure: SceneFailure | null } {
  const [state, setState] = React.useState<{
    scene: SphereScene | null;
    failure: SceneFailure | null;
  }>({ scene: null, failure: null });
  const latest = React.useRef(events);
  latest.current = events;

  React.useEffect(() => {
    if (!canvas) return undefined;
    if (typeof THREE.WebGLRenderer !== "function") {
      setState({ scene: null, failure: "three" });
      return undefined;
    }
    let scene: SphereScene;
    try {
      scene = new SphereScene(
        canvas,
        {
          point: (index) => latest.current.point(index),
          place: (direction) => latest.current.place(direction),
          cap: (direction, angle) => latest.current.cap(direction, angle),
          capDrag: (cap) => latest.current.capDrag(cap),
          hover: (point) => latest.current.hover(point),
          lost: () => {
            setState({ scene: null, failure: "webgl" });
            latest.current.lost();
          },
        },
        // Automated tests read the canvas back; a person's GPU need not keep the buffer.
        { preserve: Boolean((window as { IS_PLAYWRIGHT?: boolean }).IS_PLAYWRIGHT) },
      );
    } catch {
      setState({ scene: null, failure: "webgl" });
      return undefined;
    }
    setState({ scene, failure: null });
    return () => {
      scene.dispose();
      setState({ scene: null, failure: null });
    };
  }, [canvas]);

  return state;
}
