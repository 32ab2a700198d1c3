import * as React from "react";
import { curvePath, shareWithin } from "../curves";
import { percent } from "../words";

export interface Curve {
  name: "inside" | "own" | "pool";
  label: string;
  /** Equally spaced quantiles. */
  table: ArrayLike<number>;
}

/** Which share of each distribution lies within a distance, over the histogram's axis. */
export function Curves(props: {
  curves: readonly Curve[];
  low: number;
  high: number;
}): React.ReactElement {
  const { curves, low, high } = props;
  const paths = React.useMemo(
    () => curves.map(({ table }) => curvePath(table, low, high)),
    [curves, low, high],
  );
  return (
    <svg className="gs-curves" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      {curves.map(({ name }, i) => (
        <path key={name} className={`gs-curve-${name}`} d={paths[i]} vectorEffect="non-scaling-stroke" />
      ))}
    </svg>
  );
}

/** What each curve is, and which share of it lies within δ. */
export function CurvesLegend(props: { curves: readonly Curve[]; delta: number }): React.ReactElement {
  return (
    <ul className="gs-row gs-wrap gs-curves-legend" data-cy="gs-curves-legend" aria-label="Within δ">
      <li>within δ:</li>
      {props.curves.map(({ name, label, table }) => (
        <li key={name}>
          <svg viewBox="0 0 18 6" aria-hidden="true">
            <path className={`gs-curve-${name}`} d="M0 3h18" />
          </svg>
          {label} <b>{percent(100 * shareWithin(table, props.delta))}</b>
        </li>
      ))}
    </ul>
  );
}
