import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import { sentence } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import { DRIVES_MAX, type DriveRow, type RunInfo } from "../contract.gen";
import { Tally } from "../verdicts/Tally";
import { tallyWords } from "../verdicts/verdicts";
import { begun, count, plural } from "../words";
import { Said } from "../verdicts/Verdict";
import { Notice } from "../parts/Notice";

/** What sets a drive apart by name, at most so many sentences in the list; its answer has all. */
const NAMED = 3;

/** The drives of the candidates, the most unlike the owned images first: a click asks about one. */
export function Drives(props: {
  bridge: Bridge;
  run: RunInfo;
  /** The drive that the answer is about. */
  asked: string | null;
  ask(drive: string): void;
}): React.ReactElement {
  const { run, asked, ask } = props;
  const list = React.useRef<HTMLOListElement>(null);
  // One stop for the Tab key, however many drives there are; the arrows move inside.
  const [at, setAt] = React.useState(() => Math.max(0, run.drives.findIndex((row) => row.drive === asked)));
  const current = Math.min(at, run.drives.length - 1);
  const keys = (event: React.KeyboardEvent): void => {
    const last = run.drives.length - 1;
    const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(next, last));
    setAt(to);
    list.current?.querySelectorAll<HTMLElement>("button")[to]?.focus();
  };

  if (!run.drives.length) return <NoDrives bridge={props.bridge} run={run} />;
  return (
    <>
      <p className="gs-dim gs-drives-help">{explanation(run)}</p>
      <ol ref={list} className="gs-drives" data-cy="gs-drives" aria-label="Candidate drives" onKeyDown={keys}>
        {run.drives.map((row, index) => (
          <li key={row.drive}>
            <button
              type="button"
              className="gs-bare gs-drive"
              data-cy="gs-drive"
              aria-current={row.drive === asked ? "true" : undefined}
              tabIndex={index === current ? 0 : -1}
              title={`Show the drive ${row.drive} on the sphere and in the grid`}
              onFocus={() => setAt(index)}
              onClick={() => ask(row.drive)}
            >
              <Drive row={row} provisional={run.basis === "provisional"} />
            </button>
          </li>
        ))}
      </ol>
      {run.drives.length === DRIVES_MAX ? (
        <p className="gs-fine">These are the {count(DRIVES_MAX)} drives that are most unlike the owned images.</p>
      ) : null}
    </>
  );
}

function Drive(props: { row: DriveRow; provisional: boolean }): React.ReactElement {
  const { row, provisional } = props;
  const tally = tallyWords(row, provisional);
  return (
    <>
      <span className="gs-row gs-drive-head">
        <b>{row.drive}</b>
        {row.owned ? (
          <i className="gs-owned" title="Images of this drive are owned, so it is not a new one">
            also owned
          </i>
        ) : null}
        <span className="gs-nowrap gs-small">{plural(row.frames, "frame")}</span>
      </span>
      <Tally of={row} provisional={provisional} />
      <span className="gs-row gs-wrap gs-dim gs-small gs-drive-figures">
        {row.p !== null ? (
          <span>
            p <b>{+row.p.toPrecision(2)}</b>
          </span>
        ) : null}
        {row.effect !== null ? (
          <span>
            <b>{+row.effect.toPrecision(2)} ×</b> the usual distance
          </span>
        ) : null}
        <span>{tally}</span>
      </span>
      {row.findings.slice(0, NAMED).map(({ sentence: text }) => (
        <span key={text} className="gs-small gs-finding">
          <Said text={begun(text)} />
        </span>
      ))}
      {row.findings.length > NAMED ? (
        <span className="gs-small gs-finding gs-dim">And {row.findings.length - NAMED} more</span>
      ) : null}
    </>
  );
}

function explanation(run: RunInfo): string {
  const m = run.drives_owned;
  const order = "Candidate drives, the most unlike the owned images first.";
  if (m < 2) return `${order} With one owned drive they are in the order of their median distance; p needs a second one.`;
  return `${order} p is the share of drives at least as far from the owned images as this one; with ${plural(m, "owned drive")} it cannot be below ${+(1 / (m + 1)).toPrecision(2)}.`;
}

function NoDrives(props: { bridge: Bridge; run: RunInfo }): React.ReactElement {
  const { sequence_field: field, operators } = props.run;
  const [error, setError] = React.useState<string | null>(null);
  return (
    <div className="gs-dim gs-invite" data-cy="gs-no-drives">
      <h2>No drives among the candidates</h2>
      {field ? (
        <p className="gs-plain">
          The field <code>{field}</code> names the drives, and no candidate has a value in it.
        </p>
      ) : (
        <p className="gs-plain">
          The run knew no field that says on which drive an image was recorded. If this dataset has one,
          name it as <code>sequence_field</code> (“Field that names the drive”) in the form
          of <code>find_gaps</code> or <code>compute_coverage</code>.
        </p>
      )}
      {operators.find_gaps ? (
        <Button
          look="step"
          onClick={() => props.bridge.call("find_gaps", {}).catch((reason) => setError(sentence(reason)))}
        >
          Find gaps …
        </Button>
      ) : null}
      {error ? (
        <Notice bad>
          {error}
        </Notice>
      ) : null}
    </div>
  );
}
