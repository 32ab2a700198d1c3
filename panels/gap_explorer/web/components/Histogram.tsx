import * as React from "react";
import { css, sampleMap, type Palette } from "../colormap";
import { MISSING, U16_STEPS, type Column } from "../columns";
import type { Bitmask } from "../../../web/shared/columns";
import { histogram } from "../math";
import { count, number, percent } from "../words";
import { format } from "./Legend";

const BINS = 72;
const STEPS = 1000;

/** Distances of the candidates to S, with δ to drag over them: what lies right of it is a gap. */
export function Histogram(props: {
  dist: Column;
  sets: Bitmask;
  delta: number;
  runDelta: number;
  /** Gaps at this δ over all candidates, shown or not. */
  gaps: number;
  U: number;
  /** The count is exact, and not read off quantiles while the slider moves. */
  exact: boolean;
  percentile: number | null;
  palette: Palette;
  dark: boolean;
  range: readonly [number, number] | null;
  onDelta(delta: number | null): void;
}): React.ReactElement {
  const { dist, sets, delta, runDelta } = props;
  const low = dist.min;
  // δ may lie beyond every distance: then nothing is a gap, and the axis has to show why.
  const high = Math.max(dist.max, runDelta, low + 1e-6);
  const bars = React.useMemo(() => {
    const steps = (U16_STEPS * (high - low)) / (dist.max - low || 1);
    return histogram(dist.values, 0, steps, BINS, (i) => dist.values[i] !== MISSING && !sets.has(i));
  }, [dist, sets, low, high]);
  // The square root keeps the few far ones, which matter most, from being flat.
  const top = Math.sqrt(Math.max(1, ...bars));
  const at = Math.min(1, Math.max(0, (delta - low) / (high - low)));
  const [from, to] = props.range ?? [low, high];
  const changed = Math.abs(delta - runDelta) > 1e-9;

  return (
    <div className="gs-histogram">
      <div className="gs-row gs-nowrap gs-dim gs-delta" data-cy="gs-delta">
        <label>
          δ
          <DeltaInput value={delta} onChange={props.onDelta} />
        </label>
        <span>
          <b>
            {props.exact ? "" : "≈ "}
            {count(props.gaps)}
          </b>{" "}
          {props.gaps === 1 ? "gap" : "gaps"}
          {props.U > 0 ? ` · ${percent((100 * props.gaps) / props.U)} of U` : ""}
          {props.percentile !== null ? ` · percentile ${props.percentile.toFixed(1)} in S` : ""}
        </span>
        {changed ? (
          <button type="button" className="gs-bare gs-link" onClick={() => props.onDelta(null)}>
            Reset to {number(runDelta)}
          </button>
        ) : null}
      </div>
      <div className="gs-bars">
        <svg viewBox={`0 0 ${BINS} 100`} preserveAspectRatio="none" aria-hidden="true">
          {Array.from(bars, (bar, i) => {
            const value = low + ((i + 0.5) / BINS) * (high - low);
            const height = bar ? Math.max(3, (Math.sqrt(bar) / top) * 100) : 0;
            return (
              <rect
                key={i}
                x={i + 0.06}
                width={0.88}
                y={100 - height}
                height={height}
                fill={css(sampleMap(props.palette, (value - from) / (to - from || 1), props.dark))}
                opacity={value > delta ? 1 : 0.45}
              />
            );
          })}
        </svg>
        <i className="gs-delta-line" style={{ left: `${at * 100}%` }} aria-hidden="true" />
        <input
          type="range"
          aria-label="δ: candidates farther from S are gaps"
          aria-valuetext={`${number(delta)}, ${count(props.gaps)} gaps`}
          min={0}
          max={STEPS}
          step={1}
          value={Math.round(at * STEPS)}
          onChange={(event) =>
            props.onDelta(low + (Number(event.target.value) / STEPS) * (high - low))
          }
        />
      </div>
      <div className="gs-axis" aria-hidden="true">
        <span>{format(low)}</span>
        <span>distance to S</span>
        <span>{format(high)}</span>
      </div>
    </div>
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
