import * as React from "react";
import { heard } from "../../web/shared/wire/heard";
import { SmallImage } from "../../web/shared/ui/SmallImage";
import { decimals } from "../../web/shared/ui/decimals";
import type { Bridge } from "./bridge";
import type { Card, Neighbor } from "./contract.gen";
import { StatusBadge } from "../../web/shared/rationales/Signs";
import { DECISION_LABEL, STATUS_LABEL, statusKey } from "../../web/shared/rationales/words";
import { useLatest } from "../../web/shared/hooks/useLatest";

type Found = { id: string; rows: Neighbor[] } | { id: string; message: string };

/** The server answers in milliseconds once it holds the embeddings; many take seconds to read. */
const LATE_MS = 800;

/** The nearest samples in embedding space: does the model fail on all that look like this? */
export function Neighbors(props: {
  bridge: Bridge;
  card: Card;
  embeddings: boolean;
  show(id: string): void;
}): React.ReactElement {
  const { bridge, card, embeddings } = props;
  const [found, setFound] = React.useState<Found | null>(null);
  const call = useLatest(bridge.call);

  // A decision changes the neighbours of other cards, never those of its own.
  React.useEffect(() => {
    if (!embeddings) return undefined;
    return heard(
      call.current("neighbors", { id: card.id, model: card.model }),
      (answer) => setFound({ id: card.id, rows: answer.neighbors }),
      (message) => setFound({ id: card.id, message }),
    );
  }, [card.id, card.model, embeddings]);

  const own = found?.id === card.id ? found : null;
  const waiting = embeddings && !own;
  const [late, setLate] = React.useState(false);
  React.useEffect(() => {
    setLate(false);
    if (!waiting) return undefined;
    const timer = window.setTimeout(() => setLate(true), LATE_MS);
    return () => window.clearTimeout(timer);
  }, [waiting]);
  return (
    <section className="gs-column gs-fixed gr-neighbors" aria-label="Neighbours in embedding space" aria-busy={waiting}>
      <h3>
        Neighbours{" "}
        <span role="status">
          {own && "rows" in own ? saying(own.rows) : late ? "loading embeddings (first time only) …" : ""}
        </span>
      </h3>
      {!embeddings ? (
        <p className="gs-dim">
          No sample has an embedding. Import <code>embeddings.pt</code> with the feature cache, or run{" "}
          <code>compute_embeddings</code>, to see the nearest samples.
        </p>
      ) : own && "message" in own ? (
        <p className="gs-dim" role="alert">
          {own.message}
        </p>
      ) : own && own.rows.length === 0 ? (
        <p className="gs-dim">This is the only sample with an embedding.</p>
      ) : (
        <ol className="gr-strip">
          {own
            ? own.rows.map((row, at) => <One key={row.id} bridge={bridge} row={row} at={at} show={props.show} />)
            : Array.from({ length: 8 }, (_, at) => <li key={at} className="gs-soft gr-waiting" />)}
        </ol>
      )}
    </section>
  );
}

function One(props: { bridge: Bridge; row: Neighbor; at: number; show(id: string): void }): React.ReactElement {
  const { bridge, row, at, show } = props;
  const status = STATUS_LABEL[statusKey(row.status)].toLowerCase();
  const decided = row.decision ? `, reviewed: ${DECISION_LABEL[row.decision].toLowerCase()}` : "";
  const where = row.here ? "" : ", not in the grid's view";
  return (
    <li>
      <button
        type="button"
        className="gs-soft gr-thumb"
        data-status={statusKey(row.status)}
        data-cy="gr-neighbor"
        disabled={!row.here}
        title={`${row.truth ?? "no ground truth"}, ${status}, distance ${decimals(row.distance)}${decided}${where}`}
        aria-label={`Neighbour ${at + 1}: ${row.truth ?? "no ground truth"}, ${status}${decided}${where}`}
        onClick={() => show(row.id)}
      >
        <SmallImage src={bridge.mediaUrl(row.filepath)} />
        <span className="gs-row gs-dim gr-caption">
          <StatusBadge status={row.status} short />
          <span className="gs-clip gr-name">{row.truth ?? "none"}</span>
          <span>{decimals(row.distance, 2)}</span>
        </span>
      </button>
    </li>
  );
}

function saying(rows: readonly Neighbor[]): string {
  const wrong = rows.filter((row) => row.status === "misclassified").length;
  return rows.length ? `${wrong} of ${rows.length} misclassified` : "";
}
