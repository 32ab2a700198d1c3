import * as React from "react";
import { Switch } from "../../web/shared/ui/controls";
import { scoreText } from "../../web/shared/rationales/words";
import type { Counts, Pick } from "./contract.gen";
import { count, heights, samePick } from "./words";

const ROWS = ["correct", "misclassified"] as const;

/**
 * Scores of the correct above the line, of the misclassified below it: position tells them apart, so
 * that colour is not needed.  One tab stop; arrow keys move among the bins.
 */
export function Histogram(props: {
  counts: Counts;
  pick: Pick | null;
  onPick(pick: Pick): void;
}): React.ReactElement {
  const { counts, pick, onPick } = props;
  const { edges, scores } = counts;
  const [shares, setShares] = React.useState(true);
  const [at, setAt] = React.useState(0);
  const tall = heights(scores.correct, scores.misclassified, shares);
  const bins = edges.length - 1;
  const known = ROWS.some((row) => scores[row].some((n) => n > 0));

  const move = (event: React.KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: bins, ArrowUp: -bins }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = at + step;
    if (next < 0 || next >= 2 * bins) return;
    setAt(next);
    event.currentTarget.querySelectorAll("button")[next]?.focus();
  };

  if (!known) return <p className="gs-dim">No correct or misclassified samples have a score.</p>;
  return (
    <>
      <div className="gr-plot">
        <span className="gs-column gs-small gs-fixed gr-axis" aria-hidden="true">
          <b data-status="correct">✓ Correct</b>
          <b data-status="misclassified">✕ Misclassified</b>
        </span>
        <div role="group" aria-label="Scores, correct above, misclassified below" onKeyDown={move}>
          {ROWS.map((row, r) => (
            <div key={row} className="gr-bins" data-row={row} data-status={row}>
              {scores[row].map((n, i) => {
                const own: Pick = { status: row, score: [edges[i], edges[i + 1], i === bins - 1] };
                const range = `${scoreText(edges[i])} to ${scoreText(edges[i + 1])}`;
                return (
                  <button
                    key={i}
                    type="button"
                    data-cy={`gr-bin-${row}-${i}`}
                    tabIndex={r * bins + i === at ? 0 : -1}
                    aria-disabled={n === 0}
                    aria-pressed={samePick(pick, own)}
                    aria-label={`Score ${range}, ${row}: ${count(n)}`}
                    title={`${range}: ${count(n)} ${row}`}
                    onFocus={() => setAt(r * bins + i)}
                    onClick={() => n > 0 && onPick(own)}
                  >
                    <i style={{ height: `${100 * (r ? tall.below : tall.above)[i]}%` }} />
                  </button>
                );
              })}
            </div>
          ))}
          <div className="gs-dim gs-small gr-ticks" aria-hidden="true">
            {[0, bins / 2, bins].map((tick) => (
              <span key={tick}>{scoreText(edges[tick])}</span>
            ))}
          </div>
        </div>
      </div>
      <Switch
        label="Normalize each row"
        hint="Off: counts on a common scale"
        checked={shares}
        onChange={setShares}
      />
    </>
  );
}
