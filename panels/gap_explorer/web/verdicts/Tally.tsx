import * as React from "react";
import type { Tally as Verdicts } from "./verdicts";

/** Verdicts as parts of a bar; `tallyWords` says them. */
export function Tally(props: { of: Verdicts; provisional: boolean }): React.ReactElement {
  const { of, provisional } = props;
  const part = (images: number): React.CSSProperties => ({ flexGrow: images });
  return (
    <span className="gs-tally" aria-hidden="true">
      <i className={provisional ? "gs-provisional" : "gs-gap"} style={part(of.gaps)} />
      <i className="gs-covered" style={part(of.covered)} />
      <i className="gs-unknown" style={part(of.cannot_say)} />
    </span>
  );
}
