import * as React from "react";
import { heard } from "../../web/shared/heard";
import type { Bridge } from "./bridge";
import type { Opened, Pulse } from "./contract.gen";
import { useLatest } from "../../web/shared/useLatest";

export interface OpenedState {
  opened: Opened | null;
  failure: string | null;
  /** Whether simulations came or went since. */
  stale: boolean;
  /** What goes on beside it; null until it was asked for. */
  pulse: Pulse | null;
  /** Counts the readings: curves read before belong to another one. */
  turn: number;
  reload(): void;
}

/** How often the panel looks for new simulations and at the live server, while it is in sight. */
const PULSE_MS = 6000;

/** What there is to show, asked again when the view or the dataset is another. */
export function useOpened(bridge: Bridge): OpenedState {
  const [opened, setOpened] = React.useState<Opened | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  const [asked, setAsked] = React.useState(0);
  const [turn, setTurn] = React.useState(0);
  const [pulse, setPulse] = React.useState<Pulse | null>(null);
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

  React.useEffect(() => {
    let timer = 0;
    let current = true;
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        // A short outage changes nothing here; the next action reports it.
        const answer = await live.current.call("pulse", {}).catch(() => null);
        if (current && answer) setPulse((now) => (same(now, answer) ? now : answer));
      }
      if (current) timer = window.setTimeout(() => void look(), PULSE_MS);
    };
    timer = window.setTimeout(() => void look(), 300);
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [dataset]);

  const kind = opened?.kind;
  const stamp = opened && "stamp" in opened ? opened.stamp : "";
  const told = pulse?.stamp;
  const changed = told !== undefined && told !== stamp && kind !== "no_dataset" && kind !== "gone";
  // Nobody who looks at curves wants them taken away; where there are none, new ones just come.
  const stale = changed && kind === "ready";
  React.useEffect(() => {
    if (changed && kind && kind !== "ready") setAsked((n) => n + 1);
  }, [changed, told, kind]);
  return { opened, failure, stale, pulse, turn, reload: () => setAsked((n) => n + 1) };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
