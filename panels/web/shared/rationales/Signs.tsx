import * as React from "react";
import { faceOf } from "../Face";
import type { Status } from "./verdicts.gen";
import { STATUS_LABEL, STATUS_SIGN, statusKey } from "./words";

/** A status as sign, word and colour. */
export function StatusBadge(props: { status: Status | null; short?: boolean }): React.ReactElement {
  const key = statusKey(props.status);
  return (
    <span className="gr-badge" data-status={key} title={STATUS_LABEL[key]}>
      <span aria-hidden="true">{STATUS_SIGN[key]}</span>
      {props.short ? <span className="gr-hidden">{STATUS_LABEL[key]}</span> : STATUS_LABEL[key]}
    </span>
  );
}

export const Face = faceOf("gr");

export function NoVerdicts(props: { canImport: boolean; run(): void }): React.ReactElement {
  return (
    <Face name="none" title="No language model has judged these samples">
      <p>
        Import a feature cache with its <code>mis_*.csv</code> and <code>correct_*.csv</code>: status,
        score and rationale then stand on the samples, and this panel reads them.
      </p>
      {props.canImport ? (
        <button type="button" className="gs-primary" onClick={props.run}>
          Import a feature cache
        </button>
      ) : (
        <p>
          <code>gapsphere import-features</code> does it from a terminal.
        </p>
      )}
    </Face>
  );
}

export function Failed(props: { title: string; message: string; retry(): void }): React.ReactElement {
  return (
    <Face name="failed" title={props.title}>
      <p role="alert">{props.message}</p>
      <button type="button" className="gs-primary" onClick={props.retry}>
        Try again
      </button>
    </Face>
  );
}
