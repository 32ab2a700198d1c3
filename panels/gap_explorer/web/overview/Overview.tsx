import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Bridge } from "../bridge";
import type { RunInfo } from "../contract.gen";
import type { OverviewState } from "./useOverview";
import type { TrayState } from "../tray/useTray";
import { count, plural } from "../words";
import { Lacks } from "./Lacks";
import { Picks } from "./Picks";
import { Standing, Sure } from "./Standing";
import { Notice } from "../parts/Notice";

/** The column while nothing is asked: what is missing, what to label next, how sure one may be. */
export function OverviewView(props: {
  bridge: Bridge;
  run: RunInfo;
  state: OverviewState;
  points: number;
  tray: TrayState | null;
  ask(id: string): void;
}): React.ReactElement {
  const { bridge, run, state, tray } = props;
  const { overview, point } = state;
  const sure = React.useRef<HTMLHeadingElement>(null);
  // What disappears under the pointer does not say that the pointer has left it.
  React.useEffect(() => () => point(null), [point]);
  return (
    <div className="gs-overview" data-cy="gs-overview" aria-busy={!overview && !state.error}>
      <header className="gs-row gs-overview-head">
        <h2>What the owned images lack</h2>
        <span className="gs-dim gs-small" title="Owned: the set S. Candidates: the set U.">
          {count(run.S)} owned · {plural(run.U, "candidate")}
        </span>
      </header>
      <Sure run={run} choices={bridge.choices} show={() => sure.current?.scrollIntoView({ block: "start" })} />
      {state.error ? (
        <Notice bad>
          <span>{state.error}</span>
          <Button look="link" onClick={state.retry}>
            Try again
          </Button>
        </Notice>
      ) : null}
      {overview ? (
        <>
          <Lacks bridge={bridge} run={run} state={state} overview={overview} points={props.points} tray={tray} />
          <Picks bridge={bridge} run={run} state={state} overview={overview} tray={tray} ask={props.ask} />
        </>
      ) : state.error ? null : (
        <p className="gs-dim" role="status">
          Reading the result …
        </p>
      )}
      <h2 ref={sure}>How sure?</h2>
      <Standing run={run} choices={bridge.choices} />
    </div>
  );
}
