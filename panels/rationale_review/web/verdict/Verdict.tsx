import * as React from "react";
import type { Card } from "../contract.gen";
import type { Model } from "../../../web/shared/rationales/verdicts.gen";
import { hits, languageOf, mark, wordsOf } from "./marks";
import { StatusBadge } from "../../../web/shared/rationales/Signs";
import { modelLabel, scoreText, share, TIER_LABEL } from "../../../web/shared/rationales/words";

/** What the model said of one sample: status against ground truth, score, rationale. */
export function Verdict(props: {
  card: Card;
  scale: readonly [number, number];
  models: readonly Model[];
  search: string;
  searchRef: React.RefObject<HTMLInputElement>;
  onSearch(search: string): void;
  onModel(model: string): void;
}): React.ReactElement {
  const { card, scale } = props;
  return (
    <section className="gr-verdict" aria-label="Verdict">
      <dl className="gs-wrap gr-facts">
        <div>
          <dt>Ground truth</dt>
          <dd className="gr-truth">{card.truth ?? <i>none</i>}</dd>
        </div>
        <div>
          <dt>Prediction</dt>
          <dd data-cy="gr-prediction">
            {card.prediction !== null && <span className="gr-truth">{card.prediction}</span>} <StatusBadge status={card.status} />
          </dd>
        </div>
        <div className="gr-grow">
          <dt>Score</dt>
          <dd>
            <Score score={card.score} scale={scale} />
          </dd>
        </div>
      </dl>
      {card.centroid.similarity !== null || card.others.length ? (
        <p className="gr-aside">
          {card.centroid.similarity !== null && (
            <span title="Cosine similarity to the centroid of its class">
              To its class {scoreText(card.centroid.similarity)}
              {card.centroid.bottom ? `, ${TIER_LABEL.bottom.toLowerCase()}` : ""}
            </span>
          )}
          {card.others.map((other) => (
            <button
              key={other.model}
              type="button"
              className="gs-dim gs-bare gr-other"
              title={`Review ${modelLabel(props.models, other.model)} instead of this model`}
              onClick={() => props.onModel(other.model)}
            >
              {modelLabel(props.models, other.model)} <StatusBadge status={other.status} />
              {other.score !== null && ` ${scoreText(other.score)}`}
            </button>
          ))}
        </p>
      ) : null}
      <Rationale {...props} />
    </section>
  );
}

function Score(props: { score: number | null; scale: readonly [number, number] }): React.ReactElement {
  const { score, scale } = props;
  if (score === null) return <i>no score</i>;
  return (
    <span className="gs-row gr-score">
      <span
        className="gs-meter"
        role="meter"
        aria-label="Score"
        aria-valuemin={scale[0]}
        aria-valuemax={scale[1]}
        aria-valuenow={score}
      >
        <i style={{ width: `${100 * share(score, scale)}%` }} />
      </span>
      <b>{scoreText(score)}</b>
      <span className="gs-dim gs-small">of {scoreText(scale[1])}</span>
    </span>
  );
}

function Rationale(props: {
  card: Card;
  search: string;
  searchRef: React.RefObject<HTMLInputElement>;
  onSearch(search: string): void;
}): React.ReactElement {
  const { card, search, searchRef, onSearch } = props;
  const text = card.rationale ?? card.raw;
  const words = React.useMemo(() => wordsOf(search), [search]);
  const found = text ? hits(mark(text, words)) : 0;
  return (
    <>
      <div className="gs-row gr-heading">
        <h3 id="gr-rationale">Rationale</h3>
        <label className="gr-search">
          <span className="gs-hidden">Highlight words in the rationale</span>
          <input
            ref={searchRef}
            type="search"
            value={search}
            placeholder="Highlight (H)"
            onChange={(event) => onSearch(event.target.value)}
            onKeyDown={leave}
          />
        </label>
        <span className="gs-dim gs-small gr-count" role="status">
          {words.length > 0 && `${found} found`}
        </span>
      </div>
      <div className="gs-soft gr-text" tabIndex={0} role="region" aria-labelledby="gr-rationale" data-cy="gr-text">
        {text === null ? (
          <p className="gs-dim">
            {card.status === null
              ? "This model has no verdict for this sample."
              : "The imported files have no text for this sample."}
          </p>
        ) : (
          <>
            {card.rationale === null && (
              <p className="gr-unread" role="note">
                This answer is not valid JSON with a score and a rationale. The original text:
              </p>
            )}
            <Marked text={text} words={words} raw={card.rationale === null} />
            {card.rationale !== null && card.raw !== null && (
              <details>
                <summary>Original answer</summary>
                <Marked text={card.raw} words={words} raw />
              </details>
            )}
            {card.cut > 0 && (
              <p className="gs-dim">{card.cut.toLocaleString("en-US")} more characters are not shown.</p>
            )}
          </>
        )}
      </div>
    </>
  );
}

function Marked(props: { text: string; words: readonly string[]; raw?: boolean }): React.ReactElement {
  const { text, words, raw } = props;
  const paragraphs = raw ? [text] : text.split(/\n{2,}/u);
  return (
    <div className={raw ? "gr-raw" : "gr-prose"} lang={raw ? undefined : languageOf(text)}>
      {paragraphs.map((paragraph, at) => (
        <p key={at} dir="auto">
          {mark(paragraph, words).map((piece, i) =>
            piece.hit ? <mark key={i}>{piece.text}</mark> : piece.text,
          )}
        </p>
      ))}
    </div>
  );
}

/** Escape leaves a field; the modal, which it would close, is not to hear of it. */
export function leave(event: React.KeyboardEvent<HTMLElement>): void {
  event.stopPropagation();
  if (event.key === "Escape") {
    event.preventDefault();
    event.nativeEvent.stopImmediatePropagation();
    event.currentTarget.blur();
  }
}
