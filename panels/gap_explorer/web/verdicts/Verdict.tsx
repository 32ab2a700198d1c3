import * as React from "react";
import type { Sentences } from "../contract.gen";
import { useFirst } from "../parts/More";
import { MARK_WORDS, type Mark } from "./verdicts";

/** Sentences of evidence shown at first: what can be done with the answer stays in sight. */
const FIRST = 6;

/** What is known, a sentence each: compared with what, what differs, what is there and what is not. */
export function Evidence(props: { words: Sentences }): React.ReactElement | null {
  const { evidence } = props.words;
  const [shown, more] = useFirst(evidence, FIRST, props.words);
  if (!evidence.length) return null;
  return (
    <ul className="gs-evidence" data-cy="gs-evidence">
      {shown.map((line) => (
        <li key={line}>
          <Said text={line} />
        </li>
      ))}
      {more ? <li>{more}</li> : null}
    </ul>
  );
}

/** The verdict with its reservation, what to do, and how far the sphere can be trusted here. */
export function Verdict(props: { words: Sentences }): React.ReactElement | null {
  const { tone, badge, headline, advice, trust } = props.words;
  if (!headline && !advice && !trust) return null;
  return (
    <div className={`gs-soft gs-verdict gs-${tone}`} data-cy="gs-verdict" data-tone={tone}>
      {headline ? (
        <p className="gs-verdict-line">
          {badge ? <b className="gs-small gs-badge">{badge}</b> : null}
          {headline}
        </p>
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

/** The verdict of one image, as a mark on its picture: a provisional gap has a dashed border. */
export function VerdictMark(props: { mark: Mark | null }): React.ReactElement | null {
  const { mark } = props;
  if (!mark) return null;
  return (
    <b className={`gs-mark-of gs-${mark}`} title={MARK_WORDS[mark]}>
      {mark === "covered" ? "within δ" : "gap"}
    </b>
  );
}
