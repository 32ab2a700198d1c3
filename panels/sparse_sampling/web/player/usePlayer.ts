import * as React from "react";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** Longest that a frame waits for its pictures before it is shown without them. */
const PATIENCE_MS = 1500;

export interface Player {
  playing: boolean;
  toggle(): void;
  stop(): void;
}

/**
 * Frames one after the other, each when its pictures are there; within [start, stop), over and over
 * where `loops`, else up to the last.
 */
export function usePlayer(props: {
  at: number;
  start: number;
  stop: number;
  loops: boolean;
  fps: number;
  ready(at: number): boolean;
  setAt(at: number): void;
}): Player {
  const [playing, setPlaying] = React.useState(false);
  const latest = useLatest(props);

  React.useEffect(() => {
    if (!playing) return undefined;
    let due = performance.now() + 1000 / latest.current.fps;
    let handle = 0;
    const tick = (now: number): void => {
      handle = window.requestAnimationFrame(tick);
      const { at, start, stop, loops, fps, ready, setAt } = latest.current;
      if (now < due) return;
      const inside = at + 1 < stop && at >= start - 1;
      if (!inside && !loops) {
        setPlaying(false);
        return;
      }
      const next = inside ? at + 1 : start;
      if (!ready(next) && now < due + PATIENCE_MS) return;
      setAt(next);
      due = Math.max(due + 1000 / fps, now);
    };
    handle = window.requestAnimationFrame(tick);
    return () => window.cancelAnimationFrame(handle);
  }, [playing]);

  const toggle = (): void => {
    const { at, start, stop, loops, setAt } = latest.current;
    if (!playing && !loops && at >= stop - 1) setAt(start);
    setPlaying(!playing);
  };
  return { playing, toggle, stop: () => setPlaying(false) };
}
