import * as React from "react";
import type { RunInfo } from "../contract.gen";
import { usePopover } from "../parts/usePopover";
import { count } from "../words";

/** How to read bars, ticks and level. */
export function DeltaHelp(props: { run: RunInfo }): React.ReactElement {
  const { open, set, around } = usePopover<HTMLSpanElement>();
  const m = props.run.drives_owned;
  return (
    <span className="gs-help" {...around}>
      <button
        type="button"
        className="gs-bare gs-icon"
        aria-label="How to read this"
        aria-expanded={open}
        title="How to read this"
        onClick={() => set(!open)}
        onBlur={() => set(false)}
      >
        ?
      </button>
      {open ? (
        <div className="gs-popup gs-help-text" role="status">
          <p>
            <b>Above the axis</b>: the candidates by their distance to the nearest owned image; gaps are in
            full colour.
            {props.run.score === "novelty"
              ? " Here novelty decides which are gaps: until you move it, δ is the radius of support."
              : ""}
          </p>
          <p>
            <b>Below</b>: how far owned images are from each other. <i>Bars</i>: to the nearest image of another
            drive; δ and its level are read off these. <i>Line</i>: to the nearest other image. Where candidates lie
            to the right of the bars, they show what is not owned.
          </p>
          <p>
            <b>Level</b>: of a new drive of a kind that is owned, the share of frames that δ calls gaps by
            mistake.{" "}
            {m < 2
              ? "It needs two drives that are owned."
              : `It is 1 − F·m / (m + 1), with m = ${count(m)} owned drives and F of the bars below within δ.`}
          </p>
          <p>
            Drag δ, or choose a name above the bars. It holds for this view alone until you use it: then the fields,
            the run, forms and Visual Specs follow.
          </p>
        </div>
      ) : null}
    </span>
  );
}
