import * as React from "react";
import { Button } from "../../web/shared/ui/controls";
import { PanelRoot } from "../../web/shared/ui/PanelRoot";
import type { Bridge } from "./bridge";
import type { Card, Choice, Ready } from "./contract.gen";
import { Decide } from "./verdict/Decide";
import type { Action } from "./keys/keys";
import { Neighbors } from "./Neighbors";
import { Face, Failed, NoVerdicts } from "../../web/shared/rationales/Signs";
import { TopBar } from "./TopBar";
import { useKeys } from "./keys/useKeys";
import { useReview, type Review } from "./useReview";
import { Verdict } from "./verdict/Verdict";
import { DECISION_LABEL } from "../../web/shared/rationales/words";

/** The panel in the sample modal. */
export function RationaleReview(props: { bridge: Bridge }): React.ReactElement {
  return (
    <PanelRoot cy="rationale-review" className="gr-root">
      {(_, root) => <Body bridge={props.bridge} root={root} />}
    </PanelRoot>
  );
}

function Body(props: { bridge: Bridge; root: HTMLElement | null }): React.ReactElement {
  const { bridge, root } = props;
  const review = useReview(bridge);
  const { opened, ready, card } = review;
  if (review.failure) {
    return <Failed title="The verdict could not be loaded" message={review.failure} retry={review.reload} />;
  }
  if (!opened) return <Face name="loading" title="Sorting the review queue …" busy />;
  if (opened.kind === "empty") return <Face name="empty" title="This dataset has no samples" />;
  if (opened.kind === "no_verdicts") {
    return <NoVerdicts canImport={opened.can_import} run={() => bridge.call("import_cache", {})} />;
  }
  return <Working bridge={bridge} root={root} review={review} ready={ready as Ready} card={card} />;
}

function Working(props: {
  bridge: Bridge;
  root: HTMLElement | null;
  review: Review;
  ready: Ready;
  card: Card | null;
}): React.ReactElement {
  const { bridge, root, review, ready, card } = props;
  const [search, setSearch] = React.useState("");
  const [note, setNote] = React.useState("");
  const [relabelling, setRelabelling] = React.useState(false);
  const searchRef = React.useRef<HTMLInputElement>(null);
  const noteRef = React.useRef<HTMLTextAreaElement>(null);

  // A draft belongs to one sample: the next one starts from what is saved on it.
  const stands = card?.decision.note ?? "";
  React.useEffect(() => {
    setNote(stands);
    setRelabelling(false);
  }, [card?.id, card?.model, stands, card?.decision.time]);

  useKeys(root, (action: Action) => {
    if (action === "undo") review.undo();
    else if (action === "next") review.step(1);
    else if (action === "previous") review.step(-1);
    else if (action === "note") noteRef.current?.focus();
    else if (action === "search") searchRef.current?.focus();
    else if (!card) return false;
    else if (action === "relabel") setRelabelling(true);
    else review.decide({ decision: action, label: null, note: note.trim() || null });
    return true;
  }, bridge.close);

  return (
    <>
      <TopBar review={review} ready={ready} card={card} />
      {review.unsaved && <NotSaved review={review} />}
      <p className="gs-notice" role="status" aria-live="polite" data-cy="gr-notice">
        {review.notice}
      </p>
      {card ? (
        <div className="gr-main" data-cy="gr-card" data-sample={card.id}>
          <div className="gr-left">
            <Picture key={card.id} src={bridge.mediaUrl(card.filepath)} name={card.name} />
            <Neighbors bridge={bridge} card={card} embeddings={ready.embeddings} show={review.show} />
          </div>
          <Verdict
            card={card}
            scale={ready.scale}
            models={ready.models}
            search={search}
            searchRef={searchRef}
            onSearch={setSearch}
            onModel={review.setModel}
          />
        </div>
      ) : (
        <Face name="card" title="Loading the verdict …" busy />
      )}
      {card && (
        <Decide
          card={card}
          labels={ready.labels}
          busy={review.busy}
          note={note}
          noteRef={noteRef}
          relabelling={relabelling}
          setNote={setNote}
          setRelabelling={setRelabelling}
          decide={(choice: Choice) => review.decide(choice)}
        />
      )}
    </>
  );
}

function NotSaved(props: { review: Review }): React.ReactElement | null {
  const { review } = props;
  if (!review.unsaved) return null;
  const { card, choice, message } = review.unsaved;
  return (
    <div className="gs-row gs-wrap gs-alert" role="alert" data-cy="gr-unsaved">
      <p>
        <b>
          Not saved: {DECISION_LABEL[choice.decision].toLowerCase()}
          {choice.label ? ` to ${choice.label}` : ""} on {card.name}.
        </b>{" "}
        {message}
      </p>
      <Button look="primary" disabled={review.busy} onClick={review.retry}>Try again</Button>
      <Button look="link" onClick={review.dismiss}>Discard</Button>
    </div>
  );
}

function Picture(props: { src: string; name: string }): React.ReactElement {
  const [failed, setFailed] = React.useState(false);
  return (
    <figure className="gs-column gr-picture">
      {failed ? (
        <p className="gs-dim">This image cannot be loaded.</p>
      ) : (
        <img src={props.src} alt={props.name} onError={() => setFailed(true)} />
      )}
      <figcaption title={props.name}>{props.name}</figcaption>
    </figure>
  );
}
