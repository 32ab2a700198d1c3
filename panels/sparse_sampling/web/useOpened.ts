import * as React from "react";
import { heard } from "../../web/shared/wire/heard";
import type { Bridge } from "./bridge";
import type { Opened, Pulse } from "./contract.gen";
import { useLatest } from "../../web/shared/hooks/useLatest";
import { dealWith } from "../../web/shared/work/goOn";
import { useLooks } from "../../web/shared/work/useLooks";

export interface OpenedState {
  opened: Opened | null;
  failure: string | null;
  /** Whether simulations came or went since. */
  stale: boolean;
  /** What goes on beside it; null until it was asked for. */
  pulse: Pulse | null;
  /** Stop some work, take its last word off, or go on with it. */
  act(id: string, what: "stop" | "dismiss" | "again"): Promise<unknown>;
  /** Counts the readings: curves read before belong to another one. */
  turn: number;
  reload(): void;
}

/** What there is to show, asked again when the view or the dataset is another. */
export function useOpened(bridge: Bridge): OpenedState {
  const [opened, setOpened] = React.useState<Opened | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  const [asked, setAsked] = React.useState(0);
  const [turn, setTurn] = React.useState(0);
  const live = useLatest(bridge);
  const { dataset, view } = bridge;

  React.useEffect(() => setOpened(null), [dataset]);

  React.useEffect(() => {
    setFailure(null);
    const take = (answer: Opened): void => {
      setOpened(answer);
      setTurn((value) => value + 1);
    };
    return heard(live.current.call("open", {}), take, setFailure);
  }, [dataset, view, asked]);

  // New simulations, the live server, and what works on the dataset.
  const { seen: pulse, now } = useLooks(() => live.current.call("pulse", {}), dataset);
  const act = React.useCallback<OpenedState["act"]>(
    (id, what) => dealWith((act) => live.current.call("work", { id, do: act }), what, live.current.viewed).finally(now),
    [now],
  );

  const kind = opened?.kind;
  const stamp = opened && "stamp" in opened ? opened.stamp : "";
  const told = pulse?.stamp;
  const changed = told !== undefined && told !== stamp && kind !== "no_dataset" && kind !== "gone";
  // Nobody who looks at curves wants them taken away; where there are none, new ones just come.
  const stale = changed && kind === "ready";
  React.useEffect(() => {
    if (changed && kind && kind !== "ready") setAsked((n) => n + 1);
  }, [changed, told, kind]);
  return { opened, failure, stale, pulse, act, turn, reload: () => setAsked((n) => n + 1) };
}
