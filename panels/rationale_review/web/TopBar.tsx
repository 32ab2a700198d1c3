import * as React from "react";
import { Button, Segmented } from "../../web/shared/ui/controls";
import type { Card, Ready } from "./contract.gen";
import type { Review } from "./useReview";
import { KEY_OF } from "./keys/keys";
import { ModelSelect } from "../../web/shared/rationales/ModelSelect";
import { Reviewed } from "../../web/shared/rationales/Reviewed";
import { TIER_LABEL } from "../../web/shared/rationales/words";

/** How far the review is, and the ways on. */
export function TopBar(props: { review: Review; ready: Ready; card: Card | null }): React.ReactElement {
  const { review, ready, card } = props;
  const { decided, total } = ready.progress;
  const at = card?.at[review.over];
  return (
    <div className="gs-row gs-wrap gs-fixed gs-bar">
      <Reviewed decided={decided} total={total} label="gr-progress" />
      {card && (
        <span className="gs-dim" data-cy="gr-place">
          {at === null || at === undefined ? "not in the current view" : `No. ${(at + 1).toLocaleString("en-US")}`}
          {review.over === "queue" && ` · ${TIER_LABEL[card.tier]}`}
        </span>
      )}
      <span className="gs-grow" />
      <ModelSelect models={ready.models} value={ready.model} onChange={review.setModel} />
      <Segmented
        label="Order of next and previous"
        value={review.over}
        onChange={review.setOver}
        options={[
          { value: "queue", label: "Queue", title: "Most important first" },
          { value: "view", label: "View", title: "In the order of the grid" },
        ]}
      />
      <span className="gr-steps">
        <Button look="step" disabled={review.busy} onClick={() => review.step(-1)}>
          <kbd aria-hidden="true">{KEY_OF.previous}</kbd> Previous
        </Button>
        <Button look="step" disabled={review.busy} onClick={() => review.step(1)}>
          Next <kbd aria-hidden="true">{KEY_OF.next}</kbd>
        </Button>
        <Button look="step" data-cy="gr-undo" disabled={review.busy || !ready.can_undo} onClick={review.undo}>
          <kbd aria-hidden="true">{KEY_OF.undo}</kbd> Undo
        </Button>
      </span>
      <label className="gs-inline gs-nowrap gs-dim gr-check" title="After a decision, open the next undecided sample in the queue">
        <input
          type="checkbox"
          checked={review.advance}
          onChange={(event) => review.setAdvance(event.target.checked)}
        />
        Auto next
      </label>
    </div>
  );
}
