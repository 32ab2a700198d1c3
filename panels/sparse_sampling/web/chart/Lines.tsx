import * as React from "react";
import type { Metric } from "../contract.gen";
import type { Curves } from "./curves";
import type { Span } from "./GridActions";
import { extent, line, marked, means, middleOf, nearest, pathOf, ticks, tickText, type Range } from "./plot";
import { colourOf, mark, type Series } from "./series";
import { METRIC } from "../words";

const MARGIN = { left: 52, right: 12, top: 8, bottom: 34 };
const MARK = 2.6;
/** Frames a pixel from which on a line is drawn as its mean over a pale band. */
const DENSE = 2;

/** Screen positions of frames and values. */
interface Scales {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** Null where no frame has a value. */
  range: Range | null;
  /** Of a frame, and the frame nearest to a place. */
  x(at: number): number;
  frameAt(x: number): number;
  place(axis: number): number;
  y(value: number): number;
}

export function scalesOf(
  { width, height }: { width: number; height: number },
  curves: Curves,
  columns: readonly Float32Array[],
  { start, stop }: Span,
): Scales {
  const { axis } = curves;
  const { left, top } = MARGIN;
  const right = Math.max(width - MARGIN.right, left + 1);
  const bottom = Math.max(height - MARGIN.bottom, top + 1);
  const [first, last] = [axis[start], axis[stop - 1]];
  const range = extent(columns, start, stop);
  const [low, high] = range ?? [0, 1];
  const place = (at: number): number =>
    last > first ? left + ((at - first) / (last - first)) * (right - left) : (left + right) / 2;
  return {
    width,
    height,
    left,
    right,
    top,
    bottom,
    range,
    place,
    x: (at) => place(axis[at]),
    frameAt: (x) => {
      const at = nearest(axis, first + ((x - left) / (right - left)) * (last - first));
      return Math.min(Math.max(at, start), stop - 1);
    },
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

/**
 * All of the chart that does not move: axes, lines, cuts, selected frames.  The playhead is drawn
 * over it in a picture of its own, so that playing does not paint ten thousand frames again.
 */
export const Lines = React.memo(function Lines(props: {
  curves: Curves;
  series: readonly Series[];
  metric: Metric;
  order: string | null;
  window: Span;
  scales: Scales;
  selected: readonly string[];
}): React.ReactElement {
  const { curves, series, metric, order, window: shown, scales, selected } = props;
  const { width, height, left, right, top, bottom, range, x, y } = scales;
  const { axis, cuts, time } = curves;
  const inside = (at: number): boolean => at >= shown.start && at < shown.stop;
  const chosen = React.useMemo(() => selected.map((id) => curves.ids.indexOf(id)), [selected, curves]).filter(inside);

  // A clock starts at the first frame.
  const zero = time ? curves.numbers[0] : 0;
  const yTicks = range ? ticks(range, Math.max(3, Math.floor(height / 36))) : [];
  const xTicks = ticks([axis[shown.start] - zero, axis[shown.stop - 1] - zero], Math.max(2, Math.floor(width / 90)));
  const drawn = range ? series.map((one, k) => draw(one, metric, curves, shown, scales, k / series.length)) : [];
  const cut = cuts.filter(inside);
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  return (
    <svg className="sp-lines" width={width} height={height} aria-hidden="true">
      {yTicks.map((tick) => (
        <g key={tick}>
          <line className="sp-grid" x1={left} x2={right} y1={y(tick)} y2={y(tick)} />
          <text className="sp-tick" x={left - 7} y={y(tick)} dy=".32em" textAnchor="end">
            {tickText(tick, yTicks)}
          </text>
        </g>
      ))}
      {xTicks.map((tick) => (
        <g key={tick} transform={`translate(${scales.place(tick + zero)} ${bottom})`}>
          <line className="sp-tickmark" y2={4} />
          <text className="sp-tick" y={15} textAnchor="middle">
            {axisText(tick, xTicks)}
          </text>
        </g>
      ))}
      <path className="sp-axis" d={`M${left} ${top}V${bottom}H${right}`} />
      <text className="sp-title" x={middle.x} y={height - 4} textAnchor="middle">
        {time ? "Seconds from the first frame" : `Frame${order ? ` (${order})` : ""}`}
        {cut.length > 0 && " · dashed: scene cut"}
      </text>
      <text className="sp-title" transform={`translate(11 ${middle.y}) rotate(-90)`} textAnchor="middle">
        {METRIC[metric].axis}
      </text>
      {cut.map((at) => (
        <line key={at} className="sp-cut" data-cy="sp-cut" x1={x(at)} x2={x(at)} y1={top} y2={bottom} />
      ))}
      {drawn.map(({ band }, k) => (
        <path key={k} className="sp-line sp-band" style={{ color: colourOf(series[k].index) }} d={band} />
      ))}
      {drawn.map(({ path, marks }, k) => (
        <g key={series[k].index} style={{ color: colourOf(series[k].index) }} data-cy="sp-line">
          <path className="sp-line" d={path} />
          <path className="sp-marks" d={marks} />
        </g>
      ))}
      {chosen.length > 0 && (
        <path
          className="sp-chosen"
          data-cy="sp-chosen"
          data-count={chosen.length}
          d={chosen.map((at) => `M${x(at).toFixed(1)} ${bottom - 7}l4 7h-8z`).join("")}
        />
      )}
      {!range && (
        <text className="sp-none" x={middle.x} y={middle.y} textAnchor="middle">
          {series.length ? `No frame in this range has a ${METRIC[metric].label} value` : "All policies are hidden"}
        </text>
      )}
    </svg>
  );
});

/** A policy's line and marks; `band` holds all frames where `path` only has their means. */
function draw(
  { index, figures }: Series,
  metric: Metric,
  { axis }: Curves,
  { start, stop }: Span,
  { left, right, place, x, y }: Scales,
  offset: number,
): { band: string; path: string; marks: string } {
  const values = figures[metric];
  const own = [axis, values, start, stop, place] as const;
  const all = pathOf(line(...own, y));
  const places = marked(...own, offset);
  const marks = (level: (at: number) => number): string =>
    places.map((at) => mark(index, x(at), level(at), MARK)).join("");
  if (stop - start < DENSE * (right - left)) return { band: "", path: all, marks: marks((at) => y(values[at])) };
  const middle = means(...own, y);
  const levels = new Map<number, number>();
  for (let p = 0; p < middle.length; p += 2) levels.set(middle[p], middle[p + 1]);
  return { band: all, path: pathOf(middle), marks: marks((at) => levels.get(middleOf(x(at))) as number) };
}

/** Frame numbers are names, not amounts: no commas in them. */
const axisText = (tick: number, all: readonly number[]): string => tickText(tick, all).replace(/,/g, "");
