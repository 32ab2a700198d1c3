import * as React from "react";
import type { Sentences } from "../contract.gen";
import { MARK_WORDS, type Mark } from "../verdicts";

/** A verdict in words: what holds and how sure that is, the evidence, what to do. */
export function Verdict(props: { words: Sentences }): React.ReactElement {
  const { tone, badge, headline, evidence, advice, trust } = props.words;
  return (
    <div className={`gs-soft gs-verdict gs-${tone}`} data-cy="gs-verdict" data-tone={tone}>
      <p className="gs-verdict-line">
        <b className="gs-small gs-badge">{badge}</b>
        {headline}
      </p>
      {evidence.length ? (
        <ul className="gs-evidence">
          {evidence.map((line) => (
            <li key={line}>{line}</li>
          ))}
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

/** The verdict of one image, as a mark on its picture. */
export function VerdictMark(props: { mark: Mark | null }): React.ReactElement | null {
  return props.mark ? <b className={`gs-mark-of gs-${props.mark}`}>{MARK_WORDS[props.mark]}</b> : null;
}
