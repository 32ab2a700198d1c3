import * as React from "react";
import { number } from "../words";

const WIDTH = 200;
const HEIGHT = 56;

/**
 * The covering radius after each pick, a step each: pointing shows a pick, a click takes so many.
 * A slider to the keyboard and to screen readers.
 */
export function RadiusCurve(props: {
  /** Before the first pick; null where the run did not say. */
  before: number | null;
  /** After each pick, first pick first; null where an import did not say. */
  radii: readonly (number | null)[];
  /** Picks after which the radius falls little. */
  knee: number | null;
  /** Picks taken. */
  n: number;
  pointed: number | null;
  point(rank: number | null): void;
  choose(n: number): void;
}): React.ReactElement {
  const { before, knee, radii, n, pointed, point, choose } = props;
  const k = radii.length;
  const x = (rank: number): number => (rank / k) * WIDTH;
  const path = React.useMemo(() => stairs(before, radii), [before, radii]);
  const rankAt = (event: React.PointerEvent): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.max(1, Math.min(k, Math.ceil(((event.clientX - box.left) / box.width) * k)));
  };
  const after = radii[Math.min(n, k) - 1];
  if (!path) return <p className="gs-dim gs-grow">The covering radius after each pick is not known.</p>;
  return (
    <div className="gs-radius">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="slider"
        tabIndex={0}
        aria-label="Number of picks, by the covering radius that they leave"
        aria-valuemin={1}
        aria-valuemax={k}
        aria-valuenow={Math.min(n, k)}
        data-cy="gs-radius"
        onPointerMove={(event) => point(rankAt(event))}
        onPointerLeave={() => point(null)}
        onClick={(event) => choose(rankAt(event as unknown as React.PointerEvent))}
        onKeyDown={(event) => {
          const to = { ArrowRight: n + 1, ArrowUp: n + 1, ArrowLeft: n - 1, ArrowDown: n - 1, Home: 1, End: k }[event.key];
          if (to === undefined) return;
          event.preventDefault();
          choose(Math.max(1, Math.min(k, to)));
        }}
      >
        <rect className="gs-radius-taken" x="0" y="0" width={x(Math.min(n, k))} height={HEIGHT} />
        {knee ? (
          <line className="gs-radius-knee" x1={x(knee)} x2={x(knee)} y1="0" y2={HEIGHT} vectorEffect="non-scaling-stroke" />
        ) : null}
        <path className="gs-radius-line" d={path} vectorEffect="non-scaling-stroke" />
        {pointed !== null ? (
          <line className="gs-radius-at" x1={x(pointed)} x2={x(pointed)} y1="0" y2={HEIGHT} vectorEffect="non-scaling-stroke" />
        ) : null}
      </svg>
      <p className="gs-dim gs-small" title="The largest distance of a candidate to the owned images and the picks">
        covering radius {before === null ? "" : `${number(before)} → `}
        <b>{after == null ? "unknown" : number(after)}</b> after {Math.min(n, k)}
        {knee === n ? ", where it bends" : ""}
      </p>
    </div>
  );
}

/** Steps: after each pick the radius holds until the next one; empty where no radius is known. */
function stairs(before: number | null, radii: readonly (number | null)[]): string {
  const known = radii.filter((radius): radius is number => radius !== null);
  if (!known.length) return "";
  const top = known.reduce((most, radius) => Math.max(most, radius), Math.max(before ?? 0, 1e-9));
  const x = (rank: number): number => (rank / radii.length) * WIDTH;
  const y = (radius: number): number => HEIGHT - 2 - (radius / top) * (HEIGHT - 6);
  let last = before;
  let path = last === null ? "" : `M0 ${y(last)}`;
  radii.forEach((radius, at) => {
    const next = radius ?? last;
    if (next === null) return;
    path += path ? `H${x(at + 0.5).toFixed(2)}V${y(next).toFixed(2)}` : `M0 ${y(next)}`;
    last = next;
  });
  return `${path}H${WIDTH}`;
}
