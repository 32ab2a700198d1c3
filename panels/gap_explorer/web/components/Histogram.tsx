import * as React from "react";
import { css, sampleMap, type Palette } from "../colormap";
import { MISSING, U16_STEPS, type Column } from "../columns";
import type { Bitmask } from "../../../web/shared/columns";
import { Button } from "../../../web/shared/controls";
import type { RunInfo } from "../contract.gen";
import type { DeltaState } from "../hooks/useDelta";
import type { Shown } from "../hooks/useShown";
import { histogram } from "../math";
import { gapsWords, isProvisional, levelWords } from "../verdicts";
import { count, number, percent } from "../words";
import { Curves, CurvesLegend, type Curve } from "./Curves";
import { format } from "./Legend";

const BINS = 72;
const STEPS = 1000;

/**
 * Distances of the candidates to S under the curves that δ is read off, with δ to drag over both.
 * At the run's δ its own verdicts are drawn, at any other what lies right of it.
 */
export function Histogram(props: {
  run: RunInfo;
  dist: Column;
  sets: Bitmask;
  /** Gaps of the run. */
  gaps: Bitmask;
  /** What the chosen set and the grid's filters leave. */
  shown: Shown;
  delta: DeltaState;
  palette: Palette;
  dark: boolean;
  range: readonly [number, number] | null;
}): React.ReactElement {
  const { dist, run, sets, shown } = props;
  const { atRun, delta, gaps, level, set, tables } = props.delta;
  const low = dist.min;
  // δ may lie beyond every distance: then nothing is a gap, and the axis has to show why.
  const high = Math.max(dist.max, 1.04 * run.delta, low + 1e-6);
  const [bars, marked] = React.useMemo(() => {
    const steps = (U16_STEPS * (high - low)) / (dist.max - low || 1);
    const tally = (keep: (i: number) => boolean): Uint32Array =>
      histogram(dist.values, 0, steps, BINS, (i) => dist.values[i] !== MISSING && shown.keeps(i) && keep(i));
    return [tally((i) => !sets.has(i)), tally((i) => props.gaps.has(i))];
  }, [dist, sets, shown, props.gaps, low, high]);
  const curves = React.useMemo(() => curvesOf(run, tables), [run, tables]);
  // The square root keeps the few far ones, which matter most, from being flat.
  const top = Math.sqrt(Math.max(1, ...bars));
  const at = Math.min(1, Math.max(0, (delta - low) / (high - low)));
  const [from, to] = props.range ?? [low, high];
  const provisional = isProvisional(run, atRun ? null : delta);
  const counted = `${props.delta.exact ? "" : "≈ "}${gapsWords(gaps, provisional)}`;
  const worth = levelWords(run, level, atRun);
  const unsure = atRun ? run.cannot_say : 0;

  return (
    <div className="gs-fixed gs-delta-bar gs-histogram">
      <div className="gs-row gs-nowrap gs-dim gs-delta" data-cy="gs-delta">
        <label>
          δ
          <DeltaInput value={delta} onChange={set} />
        </label>
        <span>
          <b>{counted}</b>
          {` · ${unsure ? `${count(unsure)} cannot say` : `${percent((100 * gaps) / Math.max(1, run.U))} of U`}`}
          {atRun && (provisional || run.basis === "none") ? null : (
            <>
              {" · "}
              <b data-cy="gs-level">{worth}</b>
            </>
          )}
        </span>
        {atRun ? null : (
          <Button look="link" onClick={() => set(null)}>
            Reset to {number(run.delta)}
          </Button>
        )}
        <Help run={run} />
      </div>
      <div className="gs-bars">
        <Curves curves={curves} low={low} high={high} />
        <svg className="gs-bins" viewBox={`0 0 ${BINS} 100`} preserveAspectRatio="none" aria-hidden="true">
          {Array.from(bars, (bar, i) => {
            const value = low + ((i + 0.5) / BINS) * (high - low);
            const height = bar ? Math.max(3, (Math.sqrt(bar) / top) * 100) : 0;
            const share = !bar ? 0 : atRun ? marked[i] / bar : Number(value > delta);
            const fill = css(sampleMap(props.palette, (value - from) / (to - from || 1), props.dark));
            const box = { x: i + 0.06, width: 0.88, fill };
            return (
              <React.Fragment key={i}>
                <rect {...box} y={100 - height} height={height * (1 - share)} opacity={0.45} />
                <rect {...box} y={100 - height * share} height={height * share} />
              </React.Fragment>
            );
          })}
        </svg>
        <i className="gs-delta-line" style={{ left: `${at * 100}%` }} aria-hidden="true" />
        <input
          type="range"
          aria-label="δ: candidates farther from S are gaps"
          aria-valuetext={`${number(delta)}, ${counted}, ${worth}`}
          min={0}
          max={STEPS}
          step={1}
          value={Math.round(at * STEPS)}
          onChange={(event) => set(low + (Number(event.target.value) / STEPS) * (high - low))}
        />
      </div>
      <div className="gs-axis" aria-hidden="true">
        <span>{format(low)}</span>
        <span>distance to S</span>
        <span>{format(high)}</span>
      </div>
      <CurvesLegend curves={curves} delta={delta} />
    </div>
  );
}

/** The distances inside S as they are, as the yardstick takes them, and those of U. */
function curvesOf(run: RunInfo, tables: DeltaState["tables"]): Curve[] {
  const left = run.drives_owned < 2 ? "stretch left out" : "drive left out";
  const named = run.sequence_field !== null || run.drives_owned === 1;
  const curves: Curve[] = [
    { name: "inside", label: "inside S", table: named ? tables.inside : [] },
    { name: "own", label: named ? `S, ${left}` : "inside S", table: tables.own },
    { name: "pool", label: "U to S", table: tables.pool },
  ];
  return curves.filter(({ table }) => table.length > 0);
}

/** How to read bars, curves and level. */
function Help(props: { run: RunInfo }): React.ReactElement {
  const [open, setOpen] = React.useState(false);
  const m = props.run.drives_owned;
  return (
    <span className="gs-help">
      <button
        type="button"
        className="gs-bare gs-icon"
        aria-label="How to read this"
        aria-expanded={open}
        title="How to read this"
        onClick={() => setOpen(!open)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setOpen(false);
        }}
      >
        ?
      </button>
      {open ? (
        <div className="gs-popup gs-help-text" role="status">
          <p>
            <b>Bars</b>: candidates of U by their distance to S; gaps are in full colour.
            {props.run.score === "novelty"
              ? " Here novelty decides which are gaps: until you move it, δ is the radius of support."
              : ""}
          </p>
          <p>
            <b>Curves</b>: the share that lies within a distance. <i>Inside S</i>: to the nearest other image.{" "}
            <i>Left out</i>: to the nearest image of another drive; δ and its level are read off this one.
            Where <i>U to S</i> runs to the right of it, U holds what S lacks.
          </p>
          <p>
            <b>Level</b>: of a new drive of a kind that S holds, the share of frames that δ calls gaps by
            mistake.{" "}
            {m < 2
              ? "It needs two drives of S."
              : `It is 1 − F·m / (m + 1), with m = ${count(m)} drives of S and F of the left-out curve within δ.`}
          </p>
        </div>
      ) : null}
    </span>
  );
}

function DeltaInput(props: { value: number; onChange(value: number): void }): React.ReactElement {
  const [text, setText] = React.useState<string | null>(null);
  const take = (): void => {
    const value = text === null ? NaN : parseFloat(text);
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
