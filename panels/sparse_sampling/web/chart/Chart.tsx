import * as React from "react";
import type { Metric } from "../contract.gen";
import type { Curves } from "./curves";
import type { Span } from "./GridActions";
import { Lines, scalesOf } from "./Lines";
import { meanOf } from "./plot";
import { colourOf, mark, type Series } from "./series";
import { useSize } from "../../../web/shared/hooks/useSize";
import { figure, frames, frameText, METRIC } from "../words";

/** A drag of fewer frames than this is a click that slipped. */
const SLIPPED = 2;

/**
 * One line a policy.  A press or drag moves to a frame, with shift it draws a range; a double click
 * opens the frame.  Keys go to the slider above, which has the focus after a press.
 */
export function Chart(props: {
  curves: Curves;
  series: readonly Series[];
  metric: Metric;
  /** Name of the field on the x axis. */
  order: string | null;
  at: number;
  window: Span;
  span: Span | null;
  selected: readonly string[];
  scrub(at: number): void;
  setSpan(span: Span | null): void;
  open(at: number): void;
}): React.ReactElement {
  const { curves, metric, order, at, window: shown, span, selected, scrub, setSpan, open } = props;
  const [box, setBox] = React.useState<HTMLDivElement | null>(null);
  const size = useSize(box);
  const [hover, setHover] = React.useState<number | null>(null);
  const drag = React.useRef<{ range: boolean; from: number } | null>(null);

  // The same arrays for as long as they say the same: what they draw is expensive.
  const lines = props.series.map((one) => one.index).join();
  const { start, stop } = shown;
  const series = React.useMemo(() => props.series, [curves, lines]);
  const window_ = React.useMemo(() => ({ start, stop }), [start, stop]);
  const scales = React.useMemo(
    () => scalesOf(size, curves, series.map((one) => one.figures[metric]), window_),
    [size, curves, series, metric, window_],
  );
  const { width, height, top, bottom, x, y } = scales;

  const indexAt = (event: React.PointerEvent | React.MouseEvent): number =>
    scales.frameAt(event.clientX - (box as HTMLElement).getBoundingClientRect().left);
  const press = (event: React.PointerEvent<SVGSVGElement>): void => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    const from = indexAt(event);
    drag.current = { range: event.shiftKey, from };
    if (!event.shiftKey) scrub(from);
  };
  const move = (event: React.PointerEvent<SVGSVGElement>): void => {
    const now = indexAt(event);
    setHover(now);
    if (!drag.current) return;
    if (drag.current.range) setSpan(spanOf(drag.current.from, now));
    else scrub(now);
  };
  const release = (event: React.PointerEvent<SVGSVGElement>): void => {
    if (drag.current?.range) setSpan(spanOf(drag.current.from, indexAt(event)));
    drag.current = null;
  };

  const spoken = series.map((one) => `${one.label} ${figure(metric, meanOf(one.figures[metric], start, stop))}`);
  const seen = (frame: number | null): frame is number => frame !== null && frame >= start && frame < stop;
  const upright = (frame: number, className: string): React.ReactElement => (
    <line className={className} x1={x(frame)} x2={x(frame)} y1={top} y2={bottom} />
  );
  return (
    <div className="sp-chart" ref={setBox} data-cy="sp-chart">
      {width > 0 && <Lines {...{ curves, series, metric, order, scales, selected }} window={window_} />}
      <svg
        className="sp-hands"
        data-cy="sp-hands"
        width={width}
        height={height}
        role="img"
        aria-label={`${METRIC[metric].axis} of ${frames(stop - start)}; means: ${spoken.join(", ") || "no line is shown"}`}
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => (drag.current = null)}
        onPointerLeave={() => setHover(null)}
        onDoubleClick={(event) => open(indexAt(event))}
      >
        {span && (
          <rect
            className="sp-span"
            data-cy="sp-span"
            x={x(span.start) - 1}
            y={top}
            width={Math.max(2, x(span.stop - 1) - x(span.start) + 2)}
            height={bottom - top}
          />
        )}
        {seen(hover) && upright(hover, "sp-hover")}
        {seen(at) && (
          <g className="sp-head" data-cy="sp-head">
            {upright(at, "sp-headline")}
            {series.map(({ index, figures }) =>
              Number.isFinite(figures[metric][at]) ? (
                <circle key={index} cx={x(at)} cy={y(figures[metric][at])} r="4" style={{ color: colourOf(index) }} />
              ) : null,
            )}
          </g>
        )}
      </svg>
      {seen(hover) && !drag.current?.range && (
        <div
          className="gs-small gs-popup sp-tip"
          data-cy="sp-tip"
          style={x(hover) > width / 2 ? { right: width - x(hover) + 10 } : { left: x(hover) + 10 }}
        >
          <b>Frame {frameText(curves.numbers, curves.time, hover)}</b>
          {curves.cuts.includes(hover) && <span>Scene cut: the loop restarted</span>}
          {series.map((one) => (
            <span key={one.index} className="gs-nowrap sp-tip-row">
              <Swatch index={one.index} />
              <span>{one.label}</span>
              <span>
                {figure(metric, one.figures[metric][hover])}
                {METRIC[metric].unit}
              </span>
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

/** A policy's line and mark, as in the chart. */
export function Swatch({ index }: { index: number }): React.ReactElement {
  return (
    <svg className="gs-fixed sp-swatch" width="22" height="10" aria-hidden="true" style={{ color: colourOf(index) }}>
      <path className="sp-line" d="M1 5H21" />
      <path className="sp-marks" d={mark(index, 11, 5, 3.2)} />
    </svg>
  );
}

function spanOf(a: number, b: number): Span | null {
  const [start, stop] = [Math.min(a, b), Math.max(a, b) + 1];
  return stop - start < SLIPPED ? null : { start, stop };
}
