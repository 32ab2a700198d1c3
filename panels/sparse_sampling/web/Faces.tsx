import * as React from "react";
import { Button } from "../../web/shared/ui/controls";
import { faceOf, failedOf } from "../../web/shared/ui/Face";
import type { Ready } from "./contract.gen";
import { count } from "./words";

const DOTS = [
  [8, 14], [24, 9], [40, 16], [55, 8], [10, 32], [20, 27], [27, 33], [33, 25], [38, 34], [45, 28],
  [52, 33], [16, 40], [24, 38], [30, 42], [36, 39], [42, 41], [48, 38], [57, 43], [12, 55], [32, 56], [52, 54],
];

/** Pixels that crowd around an edge: what the panel is about. */
export const Face = faceOf(
  "sp",
  <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
    <path d="M2 40C16 40 18 26 32 26S48 40 62 36" fill="none" stroke="currentColor" strokeOpacity=".35" />
    {DOTS.map(([x, y]) => (
      <rect key={`${x} ${y}`} x={x} y={y} width="2.6" height="2.6" fill="currentColor" fillOpacity=".65" />
    ))}
  </svg>,
);

export const Failed = failedOf(Face);

function Simulate(props: { run: (() => void) | null; label: string }): React.ReactElement {
  return props.run ? (
    <Button look="primary" data-cy="sp-simulate" onClick={props.run}>{props.label}</Button>
  ) : (
    <p>
      Run the operator <code>simulate_adaptive_sampling</code>, then open this panel again.
    </p>
  );
}

export function NoSimulation(props: { run: (() => void) | null }): React.ReactElement {
  return (
    <Face name="none" title="No simulation yet">
      <p>
        A simulation plays a sequence like a live camera: it measures a few pixels of each frame,
        reconstructs the frame from them, and lets a policy choose the next pixels. This panel then
        shows the quality of every frame and where the policy sampled.
      </p>
      <Simulate run={props.run} label="Simulate adaptive sampling" />
    </Face>
  );
}

export function Gone(props: {
  fields: readonly string[];
  run: (() => void) | null;
  retry(): void;
}): React.ReactElement {
  return (
    <Face name="gone" title="The sequence field is gone">
      <p>
        Frames were simulated in sequences by the field{" "}
        {props.fields.map((field) => (
          <code key={field}>{field}</code>
        ))}
        , which this dataset no longer has as text or numbers. Restore the field, or simulate again.
      </p>
      <Simulate run={props.run} label="Simulate again" />
      <Button look="link" onClick={props.retry}>Retry</Button>
    </Face>
  );
}

export function Outside(props: { opened: Ready; back(): void }): React.ReactElement {
  const { total } = props.opened;
  return (
    <Face name="outside" title="The current view has no simulated frames">
      <p>
        {total === 1 ? "One sequence was" : `${count(total)} sequences were`} simulated, and the view or a
        filter excludes every frame of {total === 1 ? "it" : "them"}.
      </p>
      <Button look="primary" data-cy="sp-show-all" onClick={props.back}>Show all samples</Button>
    </Face>
  );
}
