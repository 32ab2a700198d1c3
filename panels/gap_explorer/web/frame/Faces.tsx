import * as React from "react";
import { sentence } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import type { RunInfo, Status } from "../contract.gen";
import { plural } from "../words";
import { Button } from "../../../web/shared/ui/controls";
import { faceOf, failedOf } from "../../../web/shared/ui/Face";
import { Notice } from "../parts/Notice";

/** A sphere of samples with one gap. */
const Face = faceOf(
  "gs",
  <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true" className="gs-turns">
    <circle cx="32" cy="32" r="25" fill="none" stroke="currentColor" strokeOpacity=".35" />
    <ellipse cx="32" cy="32" rx="25" ry="9" fill="none" stroke="currentColor" strokeOpacity=".2" />
    <ellipse cx="32" cy="32" rx="9" ry="25" fill="none" stroke="currentColor" strokeOpacity=".2" />
    {[
      [20, 24, 2.4],
      [25, 18, 1.8],
      [38, 22, 2.2],
      [23, 38, 2],
      [30, 30, 2.6],
      [36, 44, 1.8],
    ].map(([x, y, r]) => (
      <circle key={x} cx={x} cy={y} r={r} fill="currentColor" fillOpacity=".5" />
    ))}
    <circle cx="45" cy="36" r="5" fill="none" className="gs-face-gap" strokeDasharray="2.5 2.5" />
  </svg>,
);

export const Failed = failedOf(Face);

export function Loading(props: { what: string }): React.ReactElement {
  return <Face name="loading" title={props.what} busy />;
}

export function Working(props: { message: string }): React.ReactElement {
  return (
    <Face name="working" title="A step is running" busy>
      <p role="status">{props.message}</p>
      <p>What it makes is shown as soon as it is done.</p>
    </Face>
  );
}

export function NoWebGL(props: { three: boolean }): React.ReactElement {
  return (
    <Face name="webgl" title={`This ${props.three ? "browser" : "App"} cannot draw the sphere`}>
      {props.three ? (
        <p>
          WebGL is disabled or the graphics driver failed. Enable hardware acceleration in the
          browser's settings, or open the App in another browser. Fields, tags and operators
          work without the panel.
        </p>
      ) : (
        <p>
          This version of the FiftyOne App does not share its 3D library with plugins. Gapsphere
          needs FiftyOne 1.22 or a later 1.x release.
        </p>
      )}
    </Face>
  );
}

export function NotComputed(props: {
  bridge: Bridge;
  status: Extract<Status, { kind: "not_computed" | "empty_dataset" }>;
}): React.ReactElement {
  const { bridge, status } = props;
  const [error, setError] = React.useState<string | null>(null);
  if (status.kind === "empty_dataset") {
    return (
      <Face name="empty" title="This dataset has no images yet">
        <p>
          Press <kbd>`</kbd> and run <b>Load images</b>, with the images you own and candidates that
          you could add.
        </p>
      </Face>
    );
  }
  const { S: owned, U: candidates } = status;
  const known = owned > 0 && candidates > 0;
  const title = status.unfinished ? "The last run did not finish" : known ? "No sphere yet" : "Which images do you own?";
  return (
    <Face name="not-computed" title={title}>
      <p>
        {known
          ? `${plural(owned, "image")} you own and ${plural(candidates, "candidate")} are tagged. `
          : `${plural(status.samples, "image")} here. Say which you own and which are candidates: by a tag, a saved view, or a value of a field. `}
        {status.can_run
          ? "Find gaps embeds the images, measures what those you own do not cover, picks candidates and computes the sphere."
          : "Run find_gaps, then open this panel again."}
      </p>
      {status.done || status.unfinished ? (
        <p data-cy="gs-begun">
          {[status.done, status.unfinished, "Find gaps goes on from there."].filter(Boolean).join(" ")}
        </p>
      ) : null}
      {error ? (
        <Notice bad>
          {error}
        </Notice>
      ) : null}
      {status.can_run ? (
        <Button
          look="primary"
          onClick={() => bridge.call("find_gaps", {}).catch((reason) => setError(sentence(reason)))}
        >
          {known ? "Find gaps" : "Choose images"}
        </Button>
      ) : null}
    </Face>
  );
}

/** A step of this analysis was interrupted: what is shown is the one before. */
export function Unfinished(props: { bridge: Bridge; sentence: string | null }): React.ReactElement | null {
  const { bridge, sentence: said } = props;
  const [error, setError] = React.useState<string | null>(null);
  if (!said) return null;
  return (
    <div className="gs-row gs-fixed gs-stale" role="status" data-cy="gs-unfinished">
      <span>{error ?? said}</span>
      {bridge.data.run?.operators.find_gaps ? (
        <Button
          look="link"
          onClick={() => bridge.call("find_gaps", {}).catch((reason) => setError(sentence(reason)))}
        >
          Update
        </Button>
      ) : null}
    </div>
  );
}

/** A strip above the sphere: the run no longer fits the dataset, and what to do about it. */
export function StaleNotice(props: { bridge: Bridge; run: RunInfo }): React.ReactElement | null {
  const { stale, operators } = props.run;
  const [error, setError] = React.useState<string | null>(null);
  if (!stale) return null;
  const parts = [
    stale.added ? `${plural(stale.added, "sample")} added` : "",
    stale.removed ? `${plural(stale.removed, "sample")} removed` : "",
  ].filter(Boolean);
  return (
    <div className="gs-row gs-fixed gs-stale" role="status" data-cy="gs-stale">
      <span>{error ?? `These results are outdated: ${parts.join(" and ")} since they were computed.`}</span>
      {operators.find_gaps ? (
        <Button
          look="link"
          onClick={() =>
            props.bridge.call("find_gaps", {}).catch((reason) => setError(sentence(reason)))
          }
        >
          Update
        </Button>
      ) : null}
    </div>
  );
}
