import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import { SmallImage } from "../../../web/shared/ui/SmallImage";
import { sentence } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import { SINGLE_IMAGES, type GapCardRow, type Group, type Overview, type RunInfo } from "../contract.gen";
import { groupOf, rowsOf, sameGroup, type GroupRow } from "./groups";
import { usePositions, type OverviewState } from "./useOverview";
import type { TrayState } from "../tray/useTray";
import { atRun, isProvisional, gapsWords } from "../verdicts/verdicts";
import { begun, fileName, number, plural } from "../words";
import { GroupActions } from "./GroupActions";
import { useFirst } from "../parts/More";
import { Said } from "../verdicts/Verdict";

interface Shown {
  bridge: Bridge;
  run: RunInfo;
  state: OverviewState;
  overview: Overview;
  points: number;
  tray: TrayState | null;
}

/** Rows listed before the rest is asked for: what to label next stands below them, in sight. */
const FIRST = 4;

/** What S lacks: gap cards; without them what differs by name; without that, what to do. */
export function Lacks(props: Shown): React.ReactElement {
  const { bridge, run, overview } = props;
  const rows = React.useMemo(() => rowsOf(overview), [overview]);
  const lights = usePositions(rows, props.points);
  const [shown, more] = useFirst(rows, FIRST);
  return (
    <section aria-label="What the owned images lack">
      <p className="gs-dim gs-small">{lead(run, overview, !atRun(run, bridge.choices.delta))}</p>
      {overview.summarized ? null : <Summarize bridge={bridge} run={run} why={overview.no_cards} />}
      {rows.length ? (
        <ol className="gs-lacks" data-cy="gs-lacks">
          {shown.map((row, at) => (
            <Row
              key={"key" in row ? row.key : `${row.title} ${row.counts}`}
              {...props}
              row={row}
              group={groupOf(row)}
              positions={lights[at]}
            />
          ))}
        </ol>
      ) : null}
      {more}
    </section>
  );
}

/** What there is, in a sentence; where δ was `moved`, at which δ that is. */
export function lead(run: RunInfo, overview: Overview, moved = false): string {
  const { cards, contrasts, cards_total: total, by_metadata: lacking } = overview;
  const alone = (kind: string): string =>
    lacking ? ` Metadata alone names ${plural(lacking, kind)} of scene that you own nothing of.` : "";
  if (run.gaps === 0) {
    const besides = alone("kind");
    const far = `No candidate is farther from the owned images than δ = ${number(run.delta)}.`;
    const none = run.score === "novelty" ? "No candidate is novel enough to be a gap." : far;
    if (besides) return none + besides;
    const apart = contrasts.length ? " These differ by name all the same:" : " No field or attribute sets the candidates apart either.";
    return run.basis === "none" ? `Too few owned drives to call anything a gap.${apart}` : none + apart;
  }
  const gaps = (moved ? `At the run’s δ = ${number(run.delta)}: ` : "") + gapsWords(run.gaps, isProvisional(run, null));
  if (!cards.length) {
    return contrasts.length ? `${gaps}. What candidates differ in by name:` : `${gaps}. No field or attribute sets them apart.`;
  }
  const single = cards.find((card) => card.key === SINGLE_IMAGES);
  const kinds = total ? ` in ${plural(total, "kind")} of scene` : "";
  return `${gaps}${kinds}${single && total ? ` and ${plural(single.images, "single image")}` : ""}, the weightiest first.${alone("more kind")}`;
}

function Row(
  props: Shown & { row: GroupRow; group: Group; positions: Uint32Array },
): React.ReactElement {
  const { bridge, state, row, group, positions, tray } = props;
  const chosen = sameGroup(state.chosen, group);
  const card = "key" in row ? row : null;
  const away = (): void => state.point(null);
  return (
    <li className={chosen ? "gs-lack gs-chosen-lack" : "gs-lack"} data-cy="gs-lack">
      <button
        type="button"
        className="gs-bare gs-lack-head"
        aria-expanded={chosen}
        title={chosen ? "Restore the previous view" : "Highlight these on the sphere and show them in the grid"}
        onPointerEnter={() => state.point(positions)}
        onPointerLeave={away}
        onFocus={() => state.point(positions)}
        onBlur={away}
        onClick={() => state.choose(chosen ? null : group, positions)}
      >
        <span className="gs-lack-text">
          <b>{row.title}</b>
          <span className="gs-dim gs-small">
            <Said text={row.counts} />
          </span>
        </span>
        {card && !chosen ? (
          <span className="gs-strip-of" aria-hidden="true">
            {card.pictures.map(({ image }) => (
              <SmallImage key={image.id} src={bridge.mediaUrl(image.filepath)} />
            ))}
          </span>
        ) : null}
      </button>
      {chosen ? (
        <div className="gs-lack-body">
          {card ? <Pairs bridge={bridge} card={card} /> : null}
          <GroupActions state={state} group={group} images={row.images} tag={row.title} tray={tray} />
          <Lines lines={row.lines} />
        </div>
      ) : null}
    </li>
  );
}

/** Lines of a card shown at first. */
const LINES = 4;

function Lines(props: { lines: readonly string[] }): React.ReactElement {
  const [shown, more] = useFirst(props.lines, LINES);
  return (
    <ul className="gs-small gs-lack-lines">
      {shown.map((line) => (
        <li key={line}>
          <Said text={begun(line)} />
        </li>
      ))}
      {more ? <li>{more}</li> : null}
    </ul>
  );
}

/** Exemplars, each above the owned image that is nearest to it. */
function Pairs(props: { bridge: Bridge; card: GapCardRow }): React.ReactElement | null {
  const { bridge, card } = props;
  if (!card.pictures.length) return null;
  const owned = card.pictures.some(({ nearest }) => nearest);
  return (
    <div className="gs-pairs">
      <span className="gs-dim gs-small">candidates</span>
      {card.pictures.map(({ image }) => (
        <figure key={image.id} title={fileName(image.filepath)}>
          <SmallImage src={bridge.mediaUrl(image.filepath)} />
          <figcaption>{image.dist_to_S === null ? "" : number(image.dist_to_S)}</figcaption>
        </figure>
      ))}
      {owned ? <span className="gs-dim gs-small gs-pairs-owned">nearest owned</span> : null}
      {owned
        ? card.pictures.map(({ image, nearest }) => (
            <figure key={image.id} title={nearest ? fileName(nearest.filepath) : undefined}>
              {nearest ? <SmallImage src={bridge.mediaUrl(nearest.filepath)} /> : null}
            </figure>
          ))
        : null}
    </div>
  );
}

/** Cards are not there to read: why, and the button that makes them. */
function Summarize(props: { bridge: Bridge; run: RunInfo; why: string }): React.ReactElement | null {
  const { bridge, run, why } = props;
  const [error, setError] = React.useState<string | null>(null);
  return (
    <p className="gs-row gs-wrap gs-small gs-summarize" role="note">
      <span>{error ?? why}</span>
      {run.operators.summarize_gaps && run.gaps ? (
        <Button
          look="step"
          onClick={() => bridge.call("summarize", {}).catch((reason) => setError(sentence(reason)))}
        >
          Summarize {plural(run.gaps, "gap")} …
        </Button>
      ) : null}
    </p>
  );
}
