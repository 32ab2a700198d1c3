import * as React from "react";
import { classColour, css, gradient, type Palette } from "../colormap";
import { MISSING, type Column } from "../columns";
import type { Bitmask } from "../../../web/shared/columns";
import { count } from "../words";

/** Classes listed before the rest is summed up. */
const CLASSES_SHOWN = 24;

/** What the colours mean, and the marks beside them. */
export function Legend(props: {
  column: Column;
  palette: Palette;
  dark: boolean;
  range: readonly [number, number] | null;
  match: Bitmask | null;
  picks: number;
  /** Gaps are provisional ones. */
  provisional: boolean;
  muted: string;
}): React.ReactElement {
  const { column, palette, dark, match } = props;
  const [low, high] = props.range ?? [column.min, column.max];
  const tally = React.useMemo(() => classCounts(column, match), [column, match]);

  return (
    <div className="gs-column gs-legend">
      <div className="gs-dim gs-marks" aria-label="Marks">
        <span>
          <i className="gs-mark-s" style={{ borderColor: props.muted }} /> S
        </span>
        <span>
          <i className="gs-mark-u" /> U
        </span>
        <span>
          <i className={props.provisional ? "gs-mark-gap gs-mark-broken" : "gs-mark-gap"} />{" "}
          {props.provisional ? "provisional gap" : "gap"}
        </span>
        {props.picks > 0 ? (
          <span>
            <i className="gs-mark-pick" /> pick
          </span>
        ) : null}
      </div>
      {column.kind === "categorical" ? (
        <ul className="gs-wrap gs-classes" data-cy="gs-classes" aria-label={`Values of ${column.field}`}>
          {column.classes.slice(0, CLASSES_SHOWN).map((name, index) => (
            <li key={name} title={`${name}: ${count(tally[index])}`}>
              <i style={{ background: css(classColour(index)) }} />
              <b>{name}</b>
              <span>{count(tally[index])}</span>
            </li>
          ))}
          {column.classes.length > CLASSES_SHOWN ? (
            <li>and {count(column.classes.length - CLASSES_SHOWN)} more</li>
          ) : null}
        </ul>
      ) : column.field === "dist_to_S" ? null : (
        <div className="gs-dim gs-ramp" data-cy="gs-ramp">
          <b>{column.field}</b>
          <i style={{ background: gradient(palette, dark) }} />
          <span>{column.field === "density" ? "sparse" : format(low)}</span>
          <span>{column.field === "density" ? "dense" : format(high)}</span>
        </div>
      )}
    </div>
  );
}

export function format(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(1);
  return Number.isInteger(value) ? count(value) : String(+value.toPrecision(3));
}

/** Points of each class, of those the grid keeps: the legend follows the selection. */
export function classCounts(column: Column, match: Bitmask | null): number[] {
  const tally = column.classes.map(() => 0);
  if (column.kind !== "categorical") return tally;
  for (let i = 0; i < column.values.length; i++) {
    const value = column.values[i];
    if (value !== MISSING && (!match || match.has(i))) tally[value]++;
  }
  return tally;
}
