import * as React from "react";
import { Button } from "../ui/controls";
import { sentence } from "../wire/errors";
import { headAndRest, howFar } from "./words";
import type { Work } from "./work.gen";

type Do = "stop" | "dismiss" | "again";

interface Props {
  work: readonly Work[];
  act(id: string, what: Do): Promise<unknown>;
  fileUrl?(path: string): string;
}

/** What works on the dataset, one line each: how far it is, a stop; then what came of it. */
export function WorkStrip(props: Props): React.ReactElement | null {
  if (!props.work.length) return null;
  return (
    <div className="gs-fixed gs-works" data-cy="gs-works">
      {props.work.map((work) => (work.state === "running" ? <Running key={work.id} {...props} of={work} /> : <Ended key={work.id} {...props} of={work} />))}
    </div>
  );
}

function Running({ of, act }: Props & { of: Work }): React.ReactElement {
  const [stopping, setStopping] = React.useState(false);
  const [error, setError] = React.useState("");
  const stop = (): void => {
    setStopping(true);
    act(of.id, "stop").catch((reason: unknown) => {
      setStopping(false);
      setError(sentence(reason));
    });
  };
  return (
    <div className="gs-row gs-wrap gs-work" data-cy="gs-work" data-state="running">
      <b>{of.label}</b>
      <span className="gs-dim gs-work-far" role="status">
        {error || (stopping ? "stops after its batch; what is done is kept" : howFar(of))}
      </span>
      <span
        className="gs-meter"
        role="progressbar"
        aria-label={of.label}
        aria-valuemin={0}
        aria-valuemax={of.total}
        aria-valuenow={of.done}
      >
        <i style={{ width: `${(100 * of.done) / Math.max(1, of.total)}%` }} />
      </span>
      <Button look="step" onClick={stop} disabled={stopping}>
        Stop
      </Button>
    </div>
  );
}

const ENDED = { running: "", done: "done", stopped: "stopped", failed: "failed", interrupted: "interrupted" };

function Ended({ of, act, fileUrl }: Props & { of: Work }): React.ReactElement {
  const [head, rest] = headAndRest(of.text);
  const bad = of.state === "failed" || of.state === "interrupted";
  const [error, setError] = React.useState("");
  const send = (what: Do): void => {
    act(of.id, what).catch((reason: unknown) => setError(sentence(reason)));
  };
  return (
    <div className={`gs-row gs-wrap gs-work ${bad ? "gs-work-bad" : ""}`} data-cy="gs-work" data-state={of.state}>
      <b>
        {of.label}: {ENDED[of.state]}
      </b>
      <span className="gs-work-said" role={bad ? "alert" : "status"}>
        {error || head} {of.then ? <span className="gs-dim">{of.then}</span> : null}
      </span>
      {rest ? (
        <details className="gs-work-rest">
          <summary>Details</summary>
          <pre>{rest}</pre>
        </details>
      ) : null}
      {of.file && fileUrl ? (
        <a className="gs-link" href={fileUrl(of.file)} download>
          Download
        </a>
      ) : null}
      {of.again ? (
        <Button look="step" onClick={() => send("again")}>
          Go on
        </Button>
      ) : null}
      <Button look="link" aria-label={`Dismiss: ${of.label}`} title="Dismiss" onClick={() => send("dismiss")}>
        ×
      </Button>
    </div>
  );
}
