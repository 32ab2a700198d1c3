import * as React from "react";
import type { Bridge } from "../bridge";
import type { Action, Answer, RunInfo } from "../contract.gen";
import type { AnswerState } from "../hooks/useAnswer";
import type { Cloud } from "../hooks/useCloud";
import { useHeatmaps, type HeatState } from "../hooks/useHeatmaps";
import type { OverviewState } from "../hooks/useOverview";
import { useTray, type TrayState } from "../hooks/useTray";
import { isProvisional } from "../verdicts";
import { count, title } from "../words";
import { Actions } from "./Actions";
import { Cards } from "./Cards";
import { Drives } from "./Drives";
import { OverviewView } from "./Overview";
import { Progress } from "./Progress";
import { HeatControls, HeatProgress } from "./Heat";
import { Check, Close } from "./Icons";
import { Segmented } from "../../../web/shared/controls";
import { Tray } from "./Tray";
import { Verdict } from "./Verdict";

interface Side {
  bridge: Bridge;
  run: RunInfo;
  state: AnswerState;
}

type Pane = "results" | "drives" | "progress";

const NAMES: Record<Pane, string> = { results: "Results", drives: "Drives", progress: "Progress" };

/** The pane beside the sphere: a verdict in words with the images behind it, the drives, or the rounds; the tray. */
export function Results(props: Side & { cloud: Cloud; overview: OverviewState }): React.ReactElement {
  const { bridge, cloud, run, state } = props;
  const heat = useHeatmaps(bridge, state.answer);
  const tray = useTray(bridge, run.dataset_id, cloud);
  const gathers = run.operators.export_visual_spec;
  const [pane, setPane] = React.useState<Pane>("results");
  const query = state.answer?.query;
  // The answer to a question is wanted in sight; the same question asked again changes nothing.
  const asked = JSON.stringify(query);
  React.useEffect(() => {
    if (asked) setPane("results");
  }, [asked]);
  return (
    <div className="gs-column gs-shrink gs-side">
      <div className="gs-fixed gs-panes">
        <Segmented<Pane>
          label="Pane"
          value={pane}
          onChange={setPane}
          options={[
            { value: "results", label: "Results" },
            { value: "drives", label: run.drives.length ? `Drives ${count(run.drives.length)}` : "Drives" },
            { value: "progress", label: "Progress" },
          ]}
        />
      </div>
      <section
        className="gs-results"
        data-cy="gs-results"
        aria-label={NAMES[pane]}
        aria-busy={state.busy}
      >
        {state.error ? (
          <p className="gs-row gs-note gs-note-bad" role="alert">
            {state.error}
          </p>
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
            <HeatProgress heat={heat} />
            {state.busy ? (
              <p className="gs-row gs-note" role="status">
                <span className="gs-spinner" aria-hidden="true" /> Searching …
              </p>
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

function AnswerView(props: Side & { answer: Answer; heat: HeatState; tray: TrayState | null }): React.ReactElement {
  const { answer, bridge, heat, run, state, tray } = props;
  const [chosen, setChosen] = React.useState<ReadonlySet<string>>(new Set());
  React.useEffect(() => setChosen(new Set()), [answer]);
  const { words } = answer;
  const ids = chosen.size ? [...chosen] : null;
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const act = (action: Action): void => {
    void state.act(action, ids).then((reply) => {
      if (reply?.making) heat.follow(reply.making);
      if (reply?.ids) tray?.add(reply.ids, reply.owned);
    });
  };

  return (
    <>
      <header className="gs-row gs-results-head">
        <h2 title={title(answer)}>{title(answer)}</h2>
        {state.busy ? <span className="gs-spinner" role="status" aria-label="Searching" /> : null}
        <button type="button" className="gs-bare gs-icon" aria-label="Clear" title="Clear" onClick={state.clear}>
          <Close />
        </button>
      </header>

      {words ? <Verdict words={words} /> : null}

      <Actions
        run={run}
        total={ids?.length ?? answer.total}
        chosen={chosen.size}
        busy={heat.making?.running ?? false}
        act={act}
      />
      {state.notice ? (
        <p className="gs-row gs-note" role="status">
          <Check /> {state.notice}
        </p>
      ) : null}

      <HeatProgress heat={heat} />
      <HeatControls bridge={bridge} maps={heat.maps.size} />
      <Cards
        bridge={bridge}
        cards={answer.cards}
        provisional={isProvisional(run, bridge.choices.delta)}
        named={run.sequence_field !== null}
        chosen={chosen}
        toggle={toggle}
        heat={heat}
        tray={tray}
      />
      {answer.total > answer.cards.length ? (
        <p className="gs-fine">
          Showing the {count(answer.cards.length)} {["drive", "lasso"].includes(answer.query.kind) ? "farthest from S" : "nearest to the centre"};
          actions apply to all {count(answer.total)}.
        </p>
      ) : null}
    </>
  );
}
