import * as React from "react";
import { Button } from "../../web/shared/ui/controls";
import { PanelRoot } from "../../web/shared/ui/PanelRoot";
import type { Decision, Status } from "../../web/shared/rationales/verdicts.gen";
import { ModelSelect } from "../../web/shared/rationales/ModelSelect";
import { Reviewed } from "../../web/shared/rationales/Reviewed";
import { Face, Failed, NoVerdicts, StatusBadge } from "../../web/shared/rationales/Signs";
import { DECISION_LABEL, STATUS_LABEL, statusKey, TIER_LABEL } from "../../web/shared/rationales/words";
import { Bar, Stack } from "./Bars";
import type { Bridge } from "./bridge";
import type { Counts, Pick, Ready } from "./contract.gen";
import { Histogram } from "./Histogram";
import { useSummary, type Summary } from "./useSummary";
import { count, inOrder, shareOf, pickText, samePick, samples, STATUSES, wrongWords } from "./words";

const DECISIONS: readonly (Decision | null)[] = ["agree", "disagree", "relabel", "unsure", null];
const CLASSES_SHOWN = 12;

/** The panel beside the grid. */
export function RationaleSummary(props: { bridge: Bridge }): React.ReactElement {
  return (
    <PanelRoot cy="rationale-summary" className="gr-root gr-summary">
      {() => <Body bridge={props.bridge} />}
    </PanelRoot>
  );
}

function Body(props: { bridge: Bridge }): React.ReactElement {
  const summary = useSummary(props.bridge);
  const { opened } = summary;
  if (summary.failure) {
    return <Failed title="The samples could not be counted" message={summary.failure} retry={summary.reload} />;
  }
  if (!opened) return <Face name="loading" title="Counting …" busy />;
  if (opened.kind === "empty") return <Face name="empty" title="This dataset has no samples" />;
  if (opened.kind === "no_verdicts") {
    return <NoVerdicts canImport={opened.can_import} run={() => props.bridge.call("import_cache", {})} />;
  }
  return <Counted summary={summary} ready={opened} />;
}

function Counted(props: { summary: Summary; ready: Ready }): React.ReactElement {
  const { summary, ready } = props;
  const { counts, pick } = ready;
  const choose = (next: Pick): void => (samePick(pick, next) ? summary.back() : summary.pick(next));
  return (
    <>
      <div className="gs-row gs-wrap gs-fixed gs-bar">
        <span className="gs-nowrap gs-dim" data-cy="gr-total">
          {samples(counts.total)}
        </span>
        <span className="gs-grow" />
        <ModelSelect models={ready.models} value={ready.model} onChange={summary.setModel} />
        <Button look="link" onClick={summary.reload}>Refresh</Button>
        <Button look="primary" data-cy="gr-start" onClick={summary.review}>
          {counts.decided ? "Continue reviewing" : "Start reviewing"}
        </Button>
      </div>
      {pick && (
        <div className="gs-row gs-wrap gs-picked" role="status" data-cy="gr-picked">
          <span>
            The grid shows: <b>{pickText(pick)}</b>
          </span>
          <Button look="step" data-cy="gr-back" onClick={summary.back}>Show all {count(counts.total)}</Button>
        </div>
      )}
      {summary.refused && (
        <p className="gs-row gs-wrap gs-alert" role="alert">
          {summary.refused}
        </p>
      )}
      <div className="gr-scroll" aria-busy={summary.busy}>
        {counts.total === 0 ? (
          <p className="gs-dim">The current view has no samples.</p>
        ) : (
          <div className="gr-columns">
            <Review counts={counts} pick={pick} choose={choose} />
            <Statuses counts={counts} pick={pick} choose={choose} />
            <section aria-label="Scores">
              <h2>Score</h2>
              <Histogram counts={counts} pick={pick} onPick={choose} />
            </section>
            <Classes counts={counts} pick={pick} choose={choose} />
          </div>
        )}
      </div>
    </>
  );
}

interface Part {
  counts: Counts;
  pick: Pick | null;
  choose(pick: Pick): void;
}

function Review({ counts, pick, choose }: Part): React.ReactElement {
  const { total, decided, agreement } = counts;
  return (
    <section aria-label="Review progress">
      <h2>Review</h2>
      <Reviewed decided={decided} total={total} label="gr-reviewed" />
      <p className="gr-agreement" data-cy="gr-agreement">
        {agreement === null ? (
          "No decisions that agree or disagree yet."
        ) : (
          <>
            <b>{shareOf(agreement, 1)}</b> agreement with the model, excluding unsure
          </>
        )}
      </p>
      {inOrder(counts.decisions, DECISIONS).map(({ name, count: value }) => (
        <Bar
          key={name ?? "none"}
          said={name === null ? "Not reviewed" : DECISION_LABEL[name]}
          value={value}
          whole={total}
          own={{ decision: name }}
          pick={pick}
          choose={choose}
          cy={`gr-decision-${name ?? "none"}`}
        />
      ))}
      <h3>The queue</h3>
      {counts.tiers
        .filter((tier) => tier.count > 0)
        .map((tier) => (
          <Bar
            key={tier.name}
            said={TIER_LABEL[tier.name]}
            value={tier.decided}
            whole={tier.count}
            of={`${count(tier.decided)} of ${count(tier.count)}`}
            own={{ tier: tier.name }}
            pick={pick}
            choose={choose}
            cy={`gr-tier-${tier.name}`}
          />
        ))}
    </section>
  );
}

function Statuses({ counts, pick, choose }: Part): React.ReactElement {
  return (
    <section aria-label="Status">
      <h2>Status</h2>
      {inOrder<Status | null>(counts.statuses, STATUSES).map(({ name, count: value }) => (
        <Bar
          key={name ?? "none"}
          label={name === null ? "None" : <StatusBadge status={name} />}
          said={name === null ? "No status" : STATUS_LABEL[statusKey(name)]}
          value={value}
          whole={counts.total}
          own={{ status: name }}
          pick={pick}
          choose={choose}
          tone={statusKey(name)}
          cy={`gr-status-${name ?? "none"}`}
        />
      ))}
      {counts.agreed.length > 0 && (
        <table className="gs-small gr-table">
          <caption>Decisions by status</caption>
          <thead>
            <tr>
              <th scope="col">Status</th>
              {DECISIONS.slice(0, 4).map((name) => (
                <th key={name} scope="col">
                  {DECISION_LABEL[name as Decision]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {STATUSES.flatMap((status) => counts.agreed.filter((row) => statusKey(row.status) === status)).map(
              (row) => (
                <tr key={row.status ?? "none"}>
                  <th scope="row">{row.status === null ? "None" : STATUS_LABEL[row.status]}</th>
                  {DECISIONS.slice(0, 4).map((name) => (
                    <td key={name}>{count(row[name as Decision] ?? 0)}</td>
                  ))}
                </tr>
              ),
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Classes({ counts, pick, choose }: Part): React.ReactElement {
  const [all, setAll] = React.useState(false);
  const shown = all ? counts.classes : counts.classes.slice(0, CLASSES_SHOWN);
  const sum = (bars: { count: number }[]): number => bars.reduce((total, bar) => total + bar.count, 0);
  const longest = Math.max(...shown.map((one) => sum(one.bars)), 1);
  const more = counts.classes.length - CLASSES_SHOWN;
  return (
    <section aria-label="Classes">
      <h2>Classes, most misclassified first</h2>
      <p className="gr-legend">
        {STATUSES.map((status) => (
          <StatusBadge key={status} status={status} />
        ))}
      </p>
      <ol className="gr-classes">
        {shown.map((one) => {
          const name = one.name ?? "No ground truth";
          const wrong = one.bars.find((bar) => bar.name === "misclassified")?.count ?? 0;
          return (
            <li key={one.name ?? ""}>
              <button
                type="button"
                className="gs-clip gr-class-name"
                data-cy="gr-class"
                aria-pressed={samePick(pick, { class: one.name })}
                title={`${name}: show all ${count(sum(one.bars))} in the grid`}
                onClick={() => choose({ class: one.name })}
              >
                {name}
              </button>
              <span className="gr-class-track">
                <Stack
                  label={name}
                  longest={longest}
                  parts={inOrder<Status | null>(one.bars, STATUSES).map((bar) => ({
                    key: statusKey(bar.name),
                    value: bar.count,
                    said: `${name}, ${bar.name === null ? "no status" : STATUS_LABEL[bar.name].toLowerCase()}`,
                    active: samePick(pick, { class: one.name, status: bar.name }),
                    onClick: () => choose({ class: one.name, status: bar.name }),
                  }))}
                />
              </span>
              <span className="gs-nowrap gs-dim gr-bar-count" title="Samples that are misclassified">
                {wrongWords(wrong, sum(one.bars))}
              </span>
            </li>
          );
        })}
      </ol>
      {more > 0 && (
        <Button look="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Fewer classes" : `${count(more)} more classes`}
        </Button>
      )}
      {all && counts.classes_total > counts.classes.length && (
        <p className="gs-dim">
          {count(counts.classes_total - counts.classes.length)} more classes are not listed.
        </p>
      )}
    </section>
  );
}
