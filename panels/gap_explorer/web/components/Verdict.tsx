import * as React from "react";
import { Button } from "../../../web/shared/controls";
import type { Sentences } from "../contract.gen";
import { MARK_WORDS, type Mark } from "../verdicts";

/** Sentences of evidence shown at first: what can be done with the answer stays in sight. */
const FIRST = 6;

/** A verdict in words: what holds and how sure that is, the evidence, what to do. */
export function Verdict(props: { words: Sentences }): React.ReactElement {
  const { tone, badge, headline, evidence, advice, trust } = props.words;
  const [all, setAll] = React.useState(false);
  React.useEffect(() => setAll(false), [props.words]);
  const shown = all || evidence.length <= FIRST + 1 ? evidence : evidence.slice(0, FIRST);
  const hidden = evidence.length - shown.length;
  return (
    <div className={`gs-soft gs-verdict gs-${tone}`} data-cy="gs-verdict" data-tone={tone}>
      <p className="gs-verdict-line">
        <b className="gs-small gs-badge">{badge}</b>
        {headline}
      </p>
      {evidence.length ? (
        <ul className="gs-evidence">
          {shown.map((line) => (
            <li key={line}>
              <Said text={line} />
            </li>
          ))}
          {hidden ? (
            <li>
              <Button look="link" aria-expanded={false} onClick={() => setAll(true)}>
                {hidden} more
              </Button>
            </li>
          ) : null}
        </ul>
      ) : null}
      {advice ? <p className="gs-advice">{advice}</p> : null}
      {trust ? (
        <p className={`gs-trust gs-trust-${trust.level}`}>
          <i aria-hidden="true" />
          {trust.text}
        </p>
      ) : null}
    </div>
  );
}

/** A sentence from Python: what stands in backticks is the name of a field. */
export function Said(props: { text: string }): React.ReactElement {
  const parts = props.text.split("`");
  return <>{parts.map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part))}</>;
}

/** The verdict of one image, as a mark on its picture. */
export function VerdictMark(props: { mark: Mark | null }): React.ReactElement | null {
  return props.mark ? <b className={`gs-mark-of gs-${props.mark}`}>{MARK_WORDS[props.mark]}</b> : null;
}
