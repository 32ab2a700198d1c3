import * as React from "react";
import type { Bridge } from "../bridge";
import { Button } from "../../../web/shared/ui/controls";
import { sentence } from "../../../web/shared/wire/errors";
import type { GapsAt, RunInfo, TickInfo } from "../contract.gen";
import { shareWithin } from "./distances";
import type { Cloud } from "../cloud/useCloud";
import type { DeltaState } from "./useDelta";
import { useGapsAt } from "./useGapsAt";
import type { Shown } from "../cloud/useShown";
import { gapsWords, isProvisional, levelWords, noGapsWords } from "../verdicts/verdicts";
import { begun, count, number, percent, plural, typed } from "../words";
import { DeltaGraph, type At } from "./DeltaGraph";
import { DeltaHelp } from "./DeltaHelp";

/** How long it stays on show what was done. */
const SAID_MS = 6000;

/** δ over the distances that it divides: what it makes gaps of, the grid of them, and taking it. */
export function DeltaBar(props: {
  bridge: Bridge;
  run: RunInfo;
  cloud: Cloud;
  shown: Shown;
  delta: DeltaState;
  dark: boolean;
}): React.ReactElement {
  const { bridge, run, cloud, shown } = props;
  const { choices } = bridge;
  const { atRun, delta, gaps, level, set, tables, exact } = props.delta;
  const [at, setAt] = React.useState<At | null>(null);
  const [working, setWorking] = React.useState<"show" | "use" | "reset" | null>(null);
  const [said, setSaid] = React.useState<{ text: string; bad: boolean } | null>(null);
  const tick = at === null || at === "delta" ? null : at;
  const asked = tick?.delta ?? delta;
  const told = useGapsAt(bridge, run, at === null ? null : asked);
  React.useEffect(() => setSaid(null), [delta]);
  React.useEffect(() => {
    if (!said || said.bad) return undefined;
    const timer = window.setTimeout(() => setSaid(null), SAID_MS);
    return () => window.clearTimeout(timer);
  }, [said]);

  const provisional = isProvisional(run, atRun ? null : delta);
  const counted = `${exact ? "" : "≈ "}${gapsWords(gaps, provisional)}`;
  const worth = levelWords(run, level, atRun);
  const unsure = atRun ? run.cannot_say : 0;
  const rest = unsure
    ? `${count(unsure)} cannot say`
    : `${percent((100 * gaps) / Math.max(1, run.U))} of candidates`;

  const call = (what: "show" | "use" | "reset"): void => {
    setWorking(what);
    setSaid(null);
    const { stamp } = run;
    const reply =
      what === "show"
        ? bridge.inTurn(() => bridge.call("show_gaps", { stamp, delta }))
        : bridge.call("use_delta", { stamp, delta: what === "use" ? delta : null });
    reply
      .then(({ message }) => setSaid({ text: message, bad: false }))
      .catch((reason: unknown) => setSaid({ text: sentence(reason), bad: true }))
      .finally(() => setWorking(null));
  };

  return (
    <section className="gs-fixed gs-delta-bar" aria-label="Distances and δ" data-cy="gs-delta-bar">
      <div className="gs-delta-inner">
        <div className="gs-column gs-dim gs-delta" data-cy="gs-delta">
          <div className="gs-row">
            <label>
              δ
              <DeltaInput value={delta} onChange={set} />
            </label>
            {atRun && (provisional || run.basis === "none") ? null : <b data-cy="gs-level">{worth}</b>}
            <DeltaHelp run={run} />
          </div>
          <p className="gs-nowrap">
            {gaps || !atRun ? (
              <>
                <b>{counted}</b> · {rest}
              </>
            ) : (
              <b>{noGapsWords(run)}</b>
            )}
          </p>
          <div className="gs-row gs-nowrap gs-delta-acts">
            {gaps ? (
              <Button look="link" disabled={working !== null} onClick={() => call("show")}>
                {plural(gaps, "gap")} → grid
              </Button>
            ) : atRun ? (
              <Tries ticks={run.ticks} set={set} />
            ) : null}
            {atRun ? null : (
              <>
                <Button
                  look="link"
                  disabled={working !== null}
                  title="Write it to the samples and the run: fields, forms and Visual Specs follow"
                  onClick={() => call("use")}
                >
                  {working === "use" ? "Writing …" : "Use this δ"}
                </Button>
                <Button look="link" disabled={working !== null} onClick={() => set(null)}>
                  Reset to {number(run.delta)}
                </Button>
              </>
            )}
            {atRun && run.delta_given ? (
              <Button
                look="link"
                disabled={working !== null}
                title="Read δ off the owned images again"
                onClick={() => call("reset")}
              >
                {working === "reset" ? "Writing …" : "Back to the measured δ"}
              </Button>
            ) : null}
          </div>
          {said ? (
            <p className={said.bad ? "gs-note-bad" : "gs-fine"} role={said.bad ? "alert" : "status"} title={said.text}>
              {said.text}
            </p>
          ) : atRun ? null : (
            <p className="gs-fine">Only in this view: the run keeps {number(run.delta)}.</p>
          )}
        </div>
        <DeltaGraph
          run={run}
          dist={cloud.dist}
          sets={cloud.sets}
          gaps={cloud.gaps}
          shown={shown}
          delta={props.delta}
          palette={choices.palette}
          dark={props.dark}
          range={choices.colour === "dist_to_S" ? choices.range : null}
          spoken={`${number(delta)}, ${counted}, ${worth}`}
          look={setAt}
          tipAt={asked}
          tip={
            at === null ? null : (
              <Tip
                name={tick ? tick.label : "δ"}
                delta={asked}
                gaps={tick ? gapsWords(tick.gaps, tick.delta === run.delta && provisional) : counted}
                told={told}
                rule={tick?.rule ?? null}
                within={[
                  ["candidates", shareWithin(tables.pool, asked)],
                  ["owned, to another drive", shareWithin(tables.own, asked)],
                  ["owned, to any other image", shareWithin(tables.inside, asked)],
                ]}
              />
            )
          }
        />
      </div>
    </section>
  );
}

/** Where nothing is a gap: the ticks at which something is. */
function Tries(props: { ticks: readonly TickInfo[]; set(delta: number): void }): React.ReactElement {
  const tries = props.ticks.filter(({ gaps }) => gaps > 0);
  return (
    <>
      {tries.length ? <span>Try</span> : null}
      {tries.map((tick) => (
        <Button key={tick.name} look="link" title={tick.rule} onClick={() => props.set(tick.delta)}>
          {tick.label}: {plural(tick.gaps, "gap")}
        </Button>
      ))}
    </>
  );
}

function Tip(props: {
  name: string;
  delta: number;
  gaps: string;
  told: GapsAt | null;
  rule: string | null;
  within: readonly (readonly [string, number])[];
}): React.ReactElement {
  const { told, rule } = props;
  const classes = told?.classes.map(({ value, gaps }) => `${count(gaps)} ${value}`) ?? [];
  if (told?.others && classes.length) classes.push(`${count(told.others)} other`);
  return (
    <>
      <p>
        <b>
          {props.name} {number(props.delta)}: {props.gaps}
          {classes.length ? `: ${classes.join(", ")}` : ""}
        </b>
        {classes.length ? <span className="gs-fine"> by {told?.field}</span> : null}
      </p>
      {rule ? (
        <p>{begun(rule)}.</p>
      ) : null}
      <p className="gs-fine">
        Within it:{" "}
        {props.within.map(([name, share], i) => (
          <React.Fragment key={name}>
            {i ? "; " : ""}
            <span data-cy="gs-within">{percent(100 * share)}</span> of {name}
          </React.Fragment>
        ))}
      </p>
    </>
  );
}

function DeltaInput(props: { value: number; onChange(value: number): void }): React.ReactElement {
  const [text, setText] = React.useState<string | null>(null);
  const take = (): void => {
    const value = typed(text ?? "");
    if (value >= 0 && value <= 2) props.onChange(value);
    setText(null);
  };
  return (
    <input
      type="text"
      inputMode="decimal"
      className="gs-number"
      aria-label="δ value"
      value={text ?? number(props.value)}
      onChange={(event) => setText(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === "Enter") take();
        if (event.key === "Escape") setText(null);
      }}
    />
  );
}
