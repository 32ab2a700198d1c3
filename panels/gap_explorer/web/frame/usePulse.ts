import * as React from "react";
import { useLatest } from "../../../web/shared/hooks/useLatest";
import { useLooks } from "../../../web/shared/work/useLooks";
import type { Bridge } from "../bridge";
import type { Pulse } from "../contract.gen";
import { dealWith } from "../../../web/shared/work/goOn";
import { after, NOT_LOOKED } from "./pulse";

interface PulseState {
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
  const { dataset, state: shown } = bridge.data;
  const known = React.useRef({ of: dataset, ...NOT_LOOKED, refreshed: bridge.refreshed });

  const look = async (): Promise<Pulse> => {
    const pulse = await live.current.call("pulse", {});
    const { data, choices, call, refreshed, filling } = live.current;
    if (known.current.of !== data.dataset) known.current = { of: data.dataset, ...NOT_LOOKED, refreshed };
    // What is there of another dataset counts as nothing.
    const state = data.status ? data.state : undefined;
    const { looked, fill } = after(known.current, pulse, { shown: state, run: Boolean(data.run), refreshed, filling: filling() });
    known.current = { of: data.dataset, ...looked };
    if (fill) {
      const { limit, suffix } = choices;
      call("reload", { limit, suffix, ...fill }).catch((reason: unknown) => {
        console.warn("gap_explorer: not filled again", reason);
        known.current = { ...known.current, asked: null, owed: known.current.owed || fill.grid }; // the next look asks again
      });
    }
    return pulse;
  };
  const signal = `${dataset} ${shown} ${bridge.refreshed} ${bridge.outdated}`;
  const { seen, now } = useLooks(look, bridge.data.status ? signal : null);

  const act = React.useCallback<PulseState["act"]>(
    (id, what) => dealWith((act) => live.current.call("work", { id, do: act }), what, live.current.viewed).finally(now),
    [now],
  );
  return { seen, act };
}
