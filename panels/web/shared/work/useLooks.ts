import * as React from "react";
import { useLatest } from "../hooks/useLatest";
import type { Work } from "./work.gen";

/** Pauses between two looks: while something works, and while nothing is known to. */
const BUSY_MS = 1000;
const QUIET_MS = 5000;

interface Looks<T> {
  seen: T | null;
  /** Look now; of looks asked for while one is on its way, one more is made. */
  now(): void;
}

/**
 * What goes on beside a panel, looked at now and then while the page is in sight, and at once when
 * `signal` changes.  While it is null the panel waits for its contents, and a look only later: the
 * server would answer it first.
 *
 * @param look may fail: a short outage changes nothing, the next action reports it
 */
export function useLooks<T extends { work: readonly Work[] }>(look: () => Promise<T>, signal: unknown): Looks<T> {
  const [seen, setSeen] = React.useState<T | null>(null);
  const latest = useLatest(look);
  const loop = React.useRef({ timer: 0, asked: false, again: false, ended: false });

  const now = React.useCallback(() => {
    const state = loop.current;
    if (state.asked) {
      state.again = true;
      return;
    }
    window.clearTimeout(state.timer);
    if (state.ended || document.hidden) return; // coming into sight looks again
    state.asked = true;
    void latest
      .current()
      .catch(() => null)
      .then((answer) => {
        state.asked = false;
        if (state.ended) return;
        if (answer) setSeen((before) => (same(before, answer) ? before : answer));
        const busy = answer?.work.some((one) => one.state === "running");
        state.timer = window.setTimeout(now, state.again ? 0 : busy ? BUSY_MS : QUIET_MS);
        state.again = false;
      });
  }, []);

  React.useEffect(() => {
    if (signal !== null) now();
    else if (!loop.current.timer) loop.current.timer = window.setTimeout(now, QUIET_MS);
  }, [signal]);
  React.useEffect(() => {
    loop.current.ended = false;
    document.addEventListener("visibilitychange", now);
    return () => {
      loop.current.ended = true;
      window.clearTimeout(loop.current.timer);
      document.removeEventListener("visibilitychange", now);
    };
  }, []);
  return { seen, now };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
