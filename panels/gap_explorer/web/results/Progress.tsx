import * as React from "react";
import { heard } from "../../../web/shared/wire/heard";
import { useLatest } from "../../../web/shared/hooks/useLatest";
import type { Bridge } from "../bridge";
import type { FollowedCard, Progress as Page, RoundRow, RunInfo } from "../contract.gen";
import { Tally } from "../verdicts/Tally";
import { tallyWords } from "../verdicts/verdicts";
import { begun, count, number, plural } from "../words";
import { Notice } from "../parts/Notice";

const STATES: Record<FollowedCard["state"], string> = {
  open: "open",
  met: "more than half covered",
  closed: "closed",
  gone: "in other cards",
};

/** How coverage went on from run to run: rounds, and the cards as they stand. */
export function Progress(props: { bridge: Bridge; run: RunInfo }): React.ReactElement {
  const { bridge, run } = props;
  const call = useLatest(bridge.call);
  const [page, setPage] = React.useState<Page | null>(null);
  const [error, setError] = React.useState<string | null>(null);
  React.useEffect(() => {
    setError(null);
    return heard(call.current("progress", { stamp: run.stamp }), setPage, setError);
  }, [run.stamp, run.overview]);

  if (error) {
    return (
      <Notice bad>
        {error}
      </Notice>
    );
  }
  if (!page) return <p className="gs-dim">Reading the rounds …</p>;
  const [newest, ...earlier] = page.rounds;
  return (
    <div data-cy="gs-progress">
      {page.nothing ? (
        <div className="gs-dim gs-invite">
          <h2>{page.rounds.length > 1 ? "A new encoder" : "One round so far"}</h2>
          <p className="gs-plain">{page.nothing}</p>
        </div>
      ) : null}
      {newest ? (
        <ol className="gs-rounds" aria-label="Newest round">
          <Round row={newest} said={newest.said} provisional={run.basis === "provisional"} />
        </ol>
      ) : null}
      {page.cards.length ? (
        <>
          <h2>Gap cards</h2>
          <ul className="gs-rounds" aria-label="Gap cards">
            {page.cards.map((card) => (
              <li key={card.number} data-cy="gs-followed">
                <span className="gs-row gs-drive-head">
                  <b>{begun(card.title)}</b>
                  <span className="gs-nowrap gs-small">{STATES[card.state]}</span>
                </span>
                <Bar done={card.done} of={card.images} />
                <span className="gs-dim gs-small">
                  {count(card.done)} of {plural(card.images, "image")} covered or owned
                  {card.new ? `, ${count(card.new)} new` : ""}
                </span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {page.specs.length ? (
        <>
          <h2>Visual Specs</h2>
          <ul className="gs-rounds" aria-label="Visual Specs">
            {page.specs.map((spec) => (
              <li key={spec.id} data-cy="gs-issued-spec">
                <span className="gs-row gs-drive-head">
                  <b title={spec.id}>{spec.title}</b>
                  <span className="gs-nowrap gs-small">{spec.state === "unknown" ? "not checked" : spec.state}</span>
                </span>
                {spec.state === "unknown" ? null : <Bar done={spec.met} of={spec.quantity} />}
                <span className="gs-dim gs-small">
                  {spec.count ? `${spec.count} images; ` : ""}
                  {spec.said}
                </span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {earlier.length ? (
        <>
          <h2>Earlier rounds</h2>
          <ol className="gs-rounds" aria-label="Earlier rounds, newest first">
            {earlier.map((row) => (
              <Round key={row.number} row={row} said={inShort(row)} provisional={false} />
            ))}
          </ol>
        </>
      ) : null}
    </div>
  );
}

/** What an earlier round changed, in a line. */
const inShort = (row: RoundRow): string[] =>
  row.closed === null || row.still === null || row.opened === null
    ? []
    : [`${plural(row.closed, "gap")} closed, ${count(row.still)} still open, ${count(row.opened)} opened`];

function Round(props: { row: RoundRow; said: string[]; provisional: boolean }): React.ReactElement {
  const { row, said, provisional } = props;
  return (
    <li data-cy="gs-round">
      <span className="gs-row gs-drive-head">
        <b>Round {row.number}</b>
        <time className="gs-nowrap gs-small" dateTime={row.time} title={row.time}>
          {new Date(row.time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}
        </time>
      </span>
      <Tally of={row} provisional={provisional} />
      <span className="gs-row gs-wrap gs-dim gs-small gs-drive-figures">
        <span>{tallyWords(row, provisional)}</span>
        <span>
          <b>{count(row.S)}</b> owned of {plural(row.drives_owned, "drive")}
        </span>
        <span>
          <b>{count(row.U)}</b> {row.U === 1 ? "candidate" : "candidates"} of {plural(row.drives_pool, "drive")}
        </span>
        <span>
          δ <b>{number(row.delta)}</b>
        </span>
      </span>
      {said.map((text) => (
        <span key={text} className="gs-small gs-finding">
          {text}
        </span>
      ))}
    </li>
  );
}

function Bar(props: { done: number; of: number }): React.ReactElement {
  const { done, of } = props;
  return (
    <span className="gs-tally" aria-hidden="true">
      <i className="gs-covered" style={{ flexGrow: done }} />
      <i style={{ flexGrow: Math.max(0, of - done) }} />
    </span>
  );
}
