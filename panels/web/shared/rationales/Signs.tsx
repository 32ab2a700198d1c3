import * as React from "react";
import { Button } from "../ui/controls";
import { sentence } from "../wire/errors";
import { faceOf, failedOf } from "../ui/Face";
import type { Status } from "./verdicts.gen";
import { STATUS_LABEL, STATUS_SIGN, statusKey } from "./words";

/** A status as sign, word and colour. */
export function StatusBadge(props: { status: Status | null; short?: boolean }): React.ReactElement {
  const key = statusKey(props.status);
  return (
    <span className="gs-inline gs-nowrap gr-badge" data-status={key} title={STATUS_LABEL[key]}>
      <span aria-hidden="true">{STATUS_SIGN[key]}</span>
      {props.short ? <span className="gs-hidden">{STATUS_LABEL[key]}</span> : STATUS_LABEL[key]}
    </span>
  );
}

export const Face = faceOf("gr");

export const Failed = failedOf(Face);

export function NoVerdicts(props: { canImport: boolean; run(): Promise<unknown> }): React.ReactElement {
  const [error, setError] = React.useState("");
  const run = (): void => {
    setError("");
    props.run().catch((reason: unknown) => setError(sentence(reason)));
  };
  return (
    <Face name="none" title="These samples have no language model verdicts">
      <p>
        Import a feature cache with its <code>mis_*.csv</code> and <code>correct_*.csv</code> to add status,
        score and rationale to the samples.
      </p>
      {props.canImport ? (
        <Button look="primary" onClick={run}>Import a feature cache</Button>
      ) : (
        <p>
          Or run <code>gapsphere import-features</code> in a terminal.
        </p>
      )}
      {error ? <p role="alert">{error}</p> : null}
    </Face>
  );
}
