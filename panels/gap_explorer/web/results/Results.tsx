import * as React from "react";
import type { Bridge } from "../bridge";
import { DRIVES_MAX, type RunInfo } from "../contract.gen";
import type { AnswerState } from "../answer/useAnswer";
import type { Cloud } from "../cloud/useCloud";
import { useHeatmaps } from "../heatmaps/useHeatmaps";
import type { OverviewState } from "../overview/useOverview";
import { useTray } from "../tray/useTray";
import { count } from "../words";
import { AnswerView } from "../answer/AnswerView";
import { Drives } from "./Drives";
import { OverviewView } from "../overview/Overview";
import { Progress } from "./Progress";
import { HeatFailure } from "../heatmaps/Heat";
import { Segmented } from "../../../web/shared/ui/controls";
import { Tray } from "../tray/Tray";
import { Notice } from "../parts/Notice";

interface Side {
  bridge: Bridge;
  run: RunInfo;
  state: AnswerState;
}

type Pane = "results" | "drives" | "progress";

/** The tab of the drives; more than are listed may be there. */
const drivesWords = (listed: number): string =>
  listed ? `Drives ${count(listed)}${listed === DRIVES_MAX ? "+" : ""}` : "Drives";

const NAMES: Record<Pane, string> = { results: "Results", drives: "Drives", progress: "Progress" };

/** The pane beside the sphere: a verdict in words with the images behind it, the drives, or the rounds; the tray. */
export function Results(props: Side & { cloud: Cloud; overview: OverviewState }): React.ReactElement {
  const { bridge, cloud, run, state } = props;
  const heat = useHeatmaps(bridge, state.answer);
  const tray = useTray(bridge, run.dataset_id, cloud);
  const gathers = run.operators.export_visual_spec;
  const [pane, setPane] = React.useState<Pane>("results");
  const query = state.answer?.query;
  const body = React.useRef<HTMLElement>(null);
  // The answer to a question is wanted in sight, from its pictures on.
  React.useEffect(() => {
    if (!state.told) return;
    setPane("results");
    if (body.current) body.current.scrollTop = 0;
  }, [state.told]);
  return (
    <div className="gs-column gs-shrink gs-side">
      <div className="gs-fixed gs-panes">
        <Segmented<Pane>
          label="Pane"
          value={pane}
          onChange={setPane}
          options={[
            { value: "results", label: "Results" },
            { value: "drives", label: drivesWords(run.drives.length) },
            { value: "progress", label: "Progress" },
          ]}
        />
      </div>
      <section
        ref={body}
        className="gs-results"
        data-cy="gs-results"
        aria-label={NAMES[pane]}
        aria-busy={state.busy}
      >
        {state.error ? (
          <Notice bad>
            {state.error}
          </Notice>
        ) : null}
        {pane === "progress" ? (
          <Progress key={run.stamp} bridge={bridge} run={run} />
        ) : pane === "drives" ? (
          <Drives
            key={run.stamp}
            bridge={bridge}
            run={run}
            asked={query?.kind === "drive" ? query.drive : null}
            ask={(drive) => {
              state.ask({ kind: "drive", drive });
              setPane("results");
            }}
          />
        ) : state.answer ? (
          <AnswerView {...props} answer={state.answer} heat={heat} tray={gathers ? tray : null} />
        ) : (
          <>
            <HeatFailure heat={heat} />
            {state.busy ? (
              <Notice>
                <span className="gs-spinner" aria-hidden="true" /> Searching …
              </Notice>
            ) : null}
            <OverviewView
              bridge={bridge}
              run={run}
              state={props.overview}
              points={cloud.n}
              tray={gathers ? tray : null}
              ask={(id) => state.ask({ kind: "point", id })}
            />
          </>
        )}
      </section>
      {gathers ? (
        <Tray bridge={bridge} tray={tray} ask={(id) => state.ask({ kind: "point", id })} />
      ) : null}
    </div>
  );
}
