import * as React from "react";
import { useLatest } from "../../../web/shared/useLatest";
import { useLooks } from "../../../web/shared/work/useLooks";
import type { Bridge } from "../bridge";
import type { Pulse } from "../contract.gen";

export interface PulseState {
  seen: Pulse | null;
  /** Stop some work, take its last word off, or go on with it. */
  act(id: string, what: "stop" | "dismiss" | "again"): Promise<unknown>;
}

/**
 * Keeps the panel as new as the dataset: looks now and then, and whenever something in this browser
 * has changed samples, and fills the panel again where there is something new.
 */
export function usePulse(bridge: Bridge): PulseState {
  const live = useLatest(bridge);
  const { refreshed, outdated } = bridge;
  const signal = `${bridge.data.dataset} ${refreshed} ${outdated}`;
  const { seen, now } = useLooks(() => live.current.call("pulse", {}), signal);

  const shown = bridge.data.state;
  const state = seen?.state ?? null;
  const running = seen?.work.filter((one) => one.state === "running").map((one) => one.id).join() ?? "";
  const before = React.useRef({ refreshed, state: "", running });
  React.useEffect(() => {
    const last = before.current;
    const ended = last.running !== "" && running !== last.running;
    // Asked once for each state: where the panel cannot show it, asking again would change nothing.
    const newer = state !== null && shown !== undefined && state !== shown && state !== last.state;
    // What changes samples here has told the grid itself.
    const grid = ended || (newer && refreshed === last.refreshed);
    before.current = { refreshed, state: newer ? state : last.state, running };
    if (!ended && !newer) return;
    if (seen?.unfinished && live.current.data.run) return; // it says so, and keeps what it has
    const { limit, suffix } = live.current.choices;
    live.current.call("reload", { limit, suffix, grid }).catch((reason: unknown) => {
      console.warn("gap_explorer: not filled again", reason);
      before.current.state = ""; // the next look asks again
    });
  }, [state, shown, running]);

  const act = React.useCallback<PulseState["act"]>(
    (id, what) => live.current.call("work", { id, do: what }).finally(now),
    [now],
  );
  return { seen, act };
}
