import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Card, Choice } from "../contract.gen";
import type { Decision } from "../../../web/shared/rationales/verdicts.gen";
import { KEY_OF } from "../keys/keys";
import { leave } from "./Verdict";
import { DECISION_HINT, DECISION_LABEL, STATUS_LABEL } from "../../../web/shared/rationales/words";

const ORDER: readonly Decision[] = ["agree", "disagree", "relabel", "unsure"];

/** The four decisions and the note that goes with them. */
export function Decide(props: {
  card: Card;
  labels: readonly string[];
  busy: boolean;
  note: string;
  noteRef: React.RefObject<HTMLTextAreaElement>;
  relabelling: boolean;
  setNote(note: string): void;
  setRelabelling(open: boolean): void;
  decide(choice: Choice): void;
}): React.ReactElement {
  const { card, busy, note, relabelling } = props;
  const stands = card.decision;
  const choose = (decision: Decision): void =>
    decision === "relabel"
      ? props.setRelabelling(!relabelling)
      : props.decide({ decision, label: null, note: note.trim() || null });
  return (
    <section className="gs-row gs-wrap gs-fixed gr-decide" aria-label="Decision">
      {relabelling && (
        <Relabel
          key={card.id}
          labels={props.labels}
          initial={stands.label ?? ""}
          busy={busy}
          close={() => props.setRelabelling(false)}
          save={(label) => props.decide({ decision: "relabel", label, note: note.trim() || null })}
        />
      )}
      <div className="gs-wrap gr-buttons">
        {ORDER.map((decision) => (
          <button
            key={decision}
            type="button"
            className="gs-inline gs-clip gs-soft gr-choice"
            data-cy={`gr-${decision}`}
            title={DECISION_HINT[decision]}
            aria-pressed={stands.decision === decision}
            aria-expanded={decision === "relabel" ? relabelling : undefined}
            aria-keyshortcuts={KEY_OF[decision]}
            disabled={busy}
            onClick={() => choose(decision)}
          >
            <kbd aria-hidden="true">{KEY_OF[decision]}</kbd>
            {DECISION_LABEL[decision]}
            {decision === "relabel" && (stands.label ? `: ${stands.label}` : " …")}
          </button>
        ))}
      </div>
      <p className="gs-fine gr-meaning" data-cy="gr-meaning">
        Agree: {meaning(card)} is right. Disagree: it is wrong. Relabel: the ground truth is wrong.
      </p>
      <label className="gr-note">
        <span className="gs-hidden">Note, saved with the decision</span>
        <textarea
          ref={props.noteRef}
          rows={1}
          maxLength={4000}
          value={note}
          dir="auto"
          placeholder="Note (W), saved with the decision"
          onChange={(event) => props.setNote(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              event.currentTarget.blur();
            }
            leave(event);
          }}
        />
      </label>
      {stands.time && (
        <p className="gr-when">
          Decided <time dateTime={stands.time}>{new Date(stands.time).toLocaleString()}</time>
        </p>
      )}
    </section>
  );
}

/** What a person agrees with: the status that the model's answer was given. */
const meaning = (card: Card): string =>
  card.status === null ? "what the model said" : `the status “${STATUS_LABEL[card.status]}”`;

function Relabel(props: {
  labels: readonly string[];
  initial: string;
  busy: boolean;
  save(label: string): void;
  close(): void;
}): React.ReactElement {
  const [label, setLabel] = React.useState(props.initial);
  const field = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => field.current?.focus(), []);
  const wanted = label.trim();
  return (
    <form
      className="gs-row gs-wrap gr-relabel"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted) props.save(wanted);
      }}
    >
      <label>
        Correct class{" "}
        <input
          ref={field}
          list="gr-labels"
          value={label}
          maxLength={200}
          dir="auto"
          data-cy="gr-label"
          onChange={(event) => setLabel(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") props.close();
            leave(event);
          }}
        />
      </label>
      <datalist id="gr-labels">
        {props.labels.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Button type="submit" look="primary" disabled={!wanted || props.busy}>
        Save
      </Button>
      <Button look="link" onClick={props.close}>Cancel</Button>
    </form>
  );
}
