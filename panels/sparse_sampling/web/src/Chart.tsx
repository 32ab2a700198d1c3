import * as React from "react";
import type { Metric } from "./contract";
import type { Curves } from "./curves";
import type { Span } from "./GridActions";
import { extent, line, marked, nearest, pathOf, ticks, tickText, type Range } from "./plot";
import { colourOf, mark, type Series } from "./series";
import { useSize } from "./useSize";
import { figure, frames, frameText, METRIC } from "./words";

const MARGIN = { left: 52, right: 12, top: 8, bottom: 34 };
const MARK = 2.6;
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
  const { curves, series, metric, order, at, window: shown, span, selected, scrub, setSpan, open } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const { width, height } = useSize(box);
  const [hover, setHover] = React.useState<number | null>(null);
  const drag = React.useRef<{ range: boolean; from: number } | null>(null);
  const { axis, n, cuts } = curves;

  const right = Math.max(width - MARGIN.right, MARGIN.left + 1);
  const bottom = Math.max(height - MARGIN.bottom, MARGIN.top + 1);
  const [first, last] = [axis[shown.start], axis[shown.stop - 1]];
  const toX = (place: number): number =>
    last > first ? MARGIN.left + ((place - first) / (last - first)) * (right - MARGIN.left) : (MARGIN.left + right) / 2;
  const fromX = (x: number): number => {
    const place = first + ((x - MARGIN.left) / (right - MARGIN.left)) * (last - first);
    return Math.min(Math.max(nearest(axis, place), shown.start), shown.stop - 1);
  };
  const columns = series.map((one) => one.figures[metric]);
  const range = extent(columns, shown.start, shown.stop);
  const toY = (value: number): number => {
    const [low, high] = range as Range;
    return bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top);
  };

  const drawn = React.useMemo(
    () =>
      width && range
        ? series.map(({ index, figures }, k) => {
            const values = figures[metric];
            const marks = marked(axis, values, shown.start, shown.stop, toX, k / series.length);
            return {
              path: pathOf(line(axis, values, shown.start, shown.stop, toX, toY)),
              marks: marks.map((i) => mark(index, toX(axis[i]), toY(values[i]), MARK)).join(""),
            };
          })
        : [],
    // What the scales are made of stands here in their place.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [width, height, curves, metric, series.map((one) => one.index).join(), shown.start, shown.stop],
  );
  const chosen = React.useMemo(
    () => selected.map((id) => curves.ids.indexOf(id)).filter((i) => i >= shown.start && i < shown.stop),
    [selected, curves, shown.start, shown.stop],
  );

  const indexAt = (event: React.PointerEvent | React.MouseEvent): number =>
    fromX(event.clientX - (box.current as HTMLElement).getBoundingClientRect().left);
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
    const { range: ranging, from } = drag.current;
    if (!ranging) scrub(now);
    else setSpan(spanOf(from, now));
  };
  const release = (event: React.PointerEvent<SVGSVGElement>): void => {
    if (drag.current?.range) setSpan(spanOf(drag.current.from, indexAt(event)));
    drag.current = null;
  };

  const { axis: title } = METRIC[metric];
  const yTicks = range ? ticks(range, Math.max(3, Math.floor(height / 36))) : [];
  const xOf = (tick: number): number => (curves.time ? tick + curves.numbers[0] : tick);
  const zero = curves.time ? curves.numbers[0] : 0;
  const xTicks = ticks([first - zero, last - zero], Math.max(2, Math.floor(width / 90)));
  const means = series.map((one) => `${one.label} ${figure(metric, mean(one.figures[metric], shown))}`);
  const line_ = (x: number, className: string, cy?: string): React.ReactElement => (
    <line className={className} data-cy={cy} x1={x} x2={x} y1={MARGIN.top} y2={bottom} />
  );

  return (
    <div className="sp-chart" ref={box} data-cy="sp-chart">
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${title} of ${frames(shown.stop - shown.start)}; means: ${means.join(", ") || "no line is on"}`}
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => (drag.current = null)}
        onPointerLeave={() => setHover(null)}
        onDoubleClick={(event) => open(indexAt(event))}
      >
        {yTicks.map((tick) => (
          <g key={tick}>
            <line className="sp-grid" x1={MARGIN.left} x2={right} y1={toY(tick)} y2={toY(tick)} />
            <text className="sp-tick" x={MARGIN.left - 7} y={toY(tick)} dy=".32em" textAnchor="end">
              {tickText(tick, yTicks)}
            </text>
          </g>
        ))}
        {xTicks.map((tick) => (
          <g key={tick}>
            <line className="sp-tickmark" x1={toX(xOf(tick))} x2={toX(xOf(tick))} y1={bottom} y2={bottom + 4} />
            <text className="sp-tick" x={toX(xOf(tick))} y={bottom + 15} textAnchor="middle">
              {axisText(tick, xTicks)}
            </text>
          </g>
        ))}
        <path className="sp-axis" d={`M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}`} />
        <text className="sp-title" x={(MARGIN.left + right) / 2} y={height - 4} textAnchor="middle">
          {curves.time ? "Seconds from the first frame" : `Frame${order ? ` (${order})` : ""}`}
        </text>
        <text className="sp-title" transform={`translate(11 ${(MARGIN.top + bottom) / 2}) rotate(-90)`} textAnchor="middle">
          {title}
        </text>
        {span && (
          <rect
            className="sp-span"
            data-cy="sp-span"
            x={toX(axis[span.start]) - 1}
            y={MARGIN.top}
            width={Math.max(2, toX(axis[span.stop - 1]) - toX(axis[span.start]) + 2)}
            height={bottom - MARGIN.top}
          />
        )}
        {cuts
          .filter((cut) => cut >= shown.start && cut < shown.stop)
          .map((cut) => (
            <React.Fragment key={cut}>{line_(toX(axis[cut]), "sp-cut")}</React.Fragment>
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
            d={chosen.map((i) => `M${toX(axis[i]).toFixed(1)} ${bottom - 7}l4 7h-8z`).join("")}
          />
        )}
        {hover !== null && hover < n && line_(toX(axis[hover]), "sp-hover")}
        {at >= shown.start && at < shown.stop && (
          <g className="sp-head">
            {line_(toX(axis[at]), "sp-headline", "sp-headline")}
            {range &&
              series.map(({ index, figures }) =>
                Number.isFinite(figures[metric][at]) ? (
                  <circle
                    key={index}
                    cx={toX(axis[at])}
                    cy={toY(figures[metric][at])}
                    r="4"
                    style={{ color: colourOf(index) }}
                  />
                ) : null,
              )}
          </g>
        )}
        {!range && (
          <text className="sp-none" x={(MARGIN.left + right) / 2} y={(MARGIN.top + bottom) / 2} textAnchor="middle">
            {series.length ? `No frame here has a value of ${METRIC[metric].label}` : "Every policy is switched off"}
          </text>
        )}
      </svg>
      {hover !== null && hover < n && !drag.current?.range && (
        <Tip x={toX(axis[hover])} width={width} title={`Frame ${frameText(curves.numbers, curves.time, hover)}`}>
          {series.map((one) => (
            <Row key={one.index} series={one}>
              {figure(metric, one.figures[metric][hover])}
              {METRIC[metric].unit}
            </Row>
          ))}
        </Tip>
      )}
    </div>
  );
}

function Tip(props: {
  x: number;
  width: number;
  title: string;
  children: React.ReactNode;
}): React.ReactElement {
  const { x, width, title, children } = props;
  const side = x > width / 2 ? { right: width - x + 10 } : { left: x + 10 };
  return (
    <div className="sp-tip" style={side} data-cy="sp-tip">
      <b>{title}</b>
      {children}
    </div>
  );
}

function Row(props: { series: Series; children: React.ReactNode }): React.ReactElement {
  return (
    <span className="sp-tip-row">
      <Swatch index={props.series.index} />
      <span>{props.series.label}</span>
      <span>{props.children}</span>
    </span>
  );
}

/** A policy's line and mark, as in the chart. */
export function Swatch({ index }: { index: number }): React.ReactElement {
  return (
    <svg className="sp-swatch" width="22" height="10" aria-hidden="true" style={{ color: colourOf(index) }}>
      <path className="sp-line" d="M1 5H21" />
      <path className="sp-marks" d={mark(index, 11, 5, 3.2)} />
    </svg>
  );
}

/** Frame numbers are names, not amounts: no commas in them. */
const axisText = (tick: number, all: readonly number[]): string => tickText(tick, all).replace(/,/g, "");

function spanOf(a: number, b: number): Span | null {
  const [start, stop] = [Math.min(a, b), Math.max(a, b) + 1];
  return stop - start < SLIPPED ? null : { start, stop };
}

/** Mean of the frames that have a value, NaN where none has. */
export function mean(values: Float32Array, { start, stop }: Span): number {
  let [sum, known] = [0, 0];
  for (let i = start; i < stop; i++) {
    if (!Number.isFinite(values[i])) continue;
    sum += values[i];
    known++;
  }
  return known ? sum / known : NaN;
}
