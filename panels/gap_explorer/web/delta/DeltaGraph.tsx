import * as React from "react";
import type { Bitmask } from "../../../web/shared/wire/columns";
import { css, sampleMap, type Palette } from "../colour/colormap";
import { MISSING, U16_STEPS, type Column } from "../cloud/columns";
import type { RunInfo, TickInfo } from "../contract.gen";
import { labelRooms, outline, sharesOf } from "./distances";
import type { DeltaState } from "./useDelta";
import type { Shown } from "../cloud/useShown";
import { useSize } from "../../../web/shared/hooks/useSize";
import { histogram } from "../math";
import { format, number } from "../words";

const BINS = 96;
const STEPS = 1000;
/** Of the graph's height: where the axis lies, and how far bars reach. */
const AXIS = 62;
const UP = 46;
const DOWN = 34;
/** Rows of tick labels, and pixels a letter. */
const ROWS = 2;
const LETTER = 6.4;

/** What the pointer or the focus is on: a tick, or δ itself. */
export type At = TickInfo | "delta";

/**
 * Distances of the candidates to S above the axis, those inside S below it, named ticks, and δ to drag.
 * At the run's δ its own verdicts are drawn, at any other what lies right of it.
 */
export function DeltaGraph(props: {
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
  /** δ and what it makes, for those who cannot see. */
  spoken: string;
  look(at: At | null): void;
  /** Told beside the place that the pointer is on. */
  tip: React.ReactNode;
  tipAt: number;
}): React.ReactElement {
  const { dist, run, sets, shown, look } = props;
  const { atRun, delta, set, tables } = props.delta;
  const [box, setBox] = React.useState<HTMLElement | null>(null);
  const { width } = useSize(box);
  const low = dist.min;
  // δ may lie beyond every distance: then nothing is a gap, and the axis has to show why.
  const farthest = tables.own.length ? tables.own[tables.own.length - 1] : 0;
  const high = Math.max(dist.max, 1.04 * run.delta, farthest, low + 1e-6);
  const place = (value: number): number => Math.min(1, Math.max(0, (value - low) / (high - low)));
  const [bars, marked] = React.useMemo(() => {
    const steps = (U16_STEPS * (high - low)) / (dist.max - low || 1);
    const tally = (keep: (i: number) => boolean): Uint32Array =>
      histogram(dist.values, 0, steps, BINS, (i) => dist.values[i] !== MISSING && shown.keeps(i) && keep(i));
    return [tally((i) => !sets.has(i)), tally((i) => props.gaps.has(i))];
  }, [dist, sets, shown, props.gaps, low, high]);
  const [own, inside] = React.useMemo(() => {
    // The square root keeps the few far ones, which matter most, from being flat.
    const roots = [tables.own, tables.inside].map((table) => sharesOf(table, low, high, BINS).map(Math.sqrt));
    const most = Math.max(...roots.flat(), 1e-9);
    return roots.map((heights) => heights.map((one) => one / most));
  }, [tables, low, high]);
  const top = Math.sqrt(Math.max(1, ...bars));
  const at = place(delta);
  const [from, to] = props.range ?? [low, high];
  const ticks = React.useMemo(() => [...run.ticks].sort((a, b) => a.delta - b.delta), [run]);
  const rooms = labelRooms(
    ticks.map((tick) => ({ at: place(tick.delta) * width, width: tick.label.length * LETTER + 8 })),
    width,
    ROWS,
  );

  return (
    <>
      <div className="gs-delta-graph" data-cy="gs-delta-graph">
        <div className="gs-fine gs-sides" aria-hidden="true">
          <span>candidates</span>
          <span>owned</span>
        </div>
        <div className="gs-bars" ref={setBox} onPointerEnter={() => look("delta")} onPointerLeave={() => look(null)}>
          <svg className="gs-bins" viewBox={`0 0 ${BINS} 100`} preserveAspectRatio="none" aria-hidden="true">
            {Array.from(bars, (bar, i) => {
              const value = low + ((i + 0.5) / BINS) * (high - low);
              const height = bar ? Math.max(3, (Math.sqrt(bar) / top) * UP) : 0;
              const share = !bar ? 0 : atRun ? marked[i] / bar : Number(value > delta);
              const fill = css(sampleMap(props.palette, (value - from) / (to - from || 1), props.dark));
              const bin = { x: i + 0.06, width: 0.88, fill };
              return (
                <React.Fragment key={i}>
                  <rect {...bin} y={AXIS - height} height={height * (1 - share)} opacity={0.45} />
                  <rect {...bin} y={AXIS - height * share} height={height * share} />
                </React.Fragment>
              );
            })}
            {own.map((height, i) => (
              <rect key={i} className="gs-own-bin" x={i + 0.06} width={0.88} y={AXIS} height={height * DOWN} />
            ))}
            {tables.inside.length ? <path className="gs-inside-line" d={outline(inside, AXIS, DOWN)} /> : null}
          </svg>
          <i className="gs-axis-line" aria-hidden="true" />
          {ticks.map((tick) => (
            <i
              key={tick.name}
              className={`gs-tick-line ${tick.supported ? "" : "gs-unsupported"}`}
              style={{ left: `${place(tick.delta) * 100}%` }}
              aria-hidden="true"
            />
          ))}
          <i className="gs-delta-line" style={{ left: `${at * 100}%` }} aria-hidden="true" />
          <input
            type="range"
            aria-label="δ: candidates farther from the owned images are gaps"
            aria-valuetext={props.spoken}
            min={0}
            max={STEPS}
            step={1}
            value={Math.round(at * STEPS)}
            onFocus={() => look("delta")}
            onBlur={() => look(null)}
            onChange={(event) => set(low + (Number(event.target.value) / STEPS) * (high - low))}
          />
          {ticks.map((tick, i) => (
            <button
              key={tick.name}
              type="button"
              className={`gs-bare gs-tick-label ${tick.supported ? "" : "gs-unsupported"}`}
              data-cy="gs-delta-tick"
              style={{ left: rooms[i].left, top: 13 * rooms[i].row }}
              aria-label={`Set δ to ${tick.label}, ${number(tick.delta)}`}
              onPointerEnter={() => look(tick)}
              onPointerLeave={() => look("delta")}
              onFocus={() => look(tick)}
              onBlur={() => look(null)}
              onClick={() => set(tick.delta)}
            >
              {tick.label}
            </button>
          ))}
        </div>
        <span className="gs-fine gs-farthest" aria-hidden="true">
          {format(high)}
        </span>
      </div>
      {props.tip ? (
        <div
          className="gs-popup gs-delta-tip"
          role="status"
          data-cy="gs-delta-tip"
          style={{ "--at": place(props.tipAt) } as React.CSSProperties}
        >
          {props.tip}
        </div>
      ) : null}
    </>
  );
}
