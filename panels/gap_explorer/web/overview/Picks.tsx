import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import { WholeNumber } from "../../../web/shared/ui/WholeNumber";
import { SmallImage } from "../../../web/shared/ui/SmallImage";
import type { Bridge } from "../bridge";
import type { Overview, PicksGroup, RunInfo } from "../contract.gen";
import type { OverviewState } from "./useOverview";
import type { TrayState } from "../tray/useTray";
import { count, fileName, number, plural } from "../words";
import { Done } from "./GroupActions";
import { RadiusCurve } from "./RadiusCurve";

/** Picks that are proposed where the curve has no knee, and pictures shown before all are asked for. */
const PROPOSED = 10;
const PICTURES = 12;

/** What to label next: ranked picks as pictures, what each buys, and a tag on the first N. */
export function Picks(props: {
  bridge: Bridge;
  run: RunInfo;
  state: OverviewState;
  overview: Overview;
  tray: TrayState | null;
  ask(id: string): void;
}): React.ReactElement | null {
  const { bridge, state, overview, tray } = props;
  const { picks, picks_total: total } = overview;
  const [wanted, setN] = React.useState<number | null>(null);
  const [all, setAll] = React.useState(false);
  const [tag, setTag] = React.useState("to label");
  const [at, setAt] = React.useState<number | null>(null);
  const radii = React.useMemo(() => picks.map((pick) => pick.radius), [picks]);
  if (!total) {
    return (
      <section aria-label="Next to label">
        <h2>Next to label</h2>
        <p className="gs-dim" data-cy="gs-no-picks">
          {overview.no_picks}
        </p>
      </section>
    );
  }
  const n = Math.min(Math.max(1, wanted ?? overview.knee ?? PROPOSED), total);
  const group: PicksGroup = { kind: "picks", count: n };
  const shown = picks.slice(0, all ? n : Math.min(n, PICTURES));
  const pointed = picks[(at ?? n) - 1] ?? picks[picks.length - 1];
  const light = (index: number): void => state.point(index < 0 ? null : Uint32Array.of(index));
  return (
    <section aria-label="Next to label" data-cy="gs-picks">
      <header className="gs-row gs-overview-head">
        <h2>Next to label</h2>
        <span className="gs-dim gs-small">{plural(total, "pick")}, most wanted first</span>
      </header>
      <div className="gs-row gs-curve-row">
        <RadiusCurve
          before={overview.radius_before}
          radii={radii}
          knee={overview.knee}
          n={n}
          pointed={at}
          point={(rank) => {
            setAt(rank);
            light(rank === null ? -1 : (picks[rank - 1]?.index ?? -1));
          }}
          choose={setN}
        />
        <figure className="gs-pointed">
          <SmallImage src={bridge.mediaUrl(pointed.filepath)} />
          <figcaption>
            pick {pointed.rank}
            {pointed.radius === null ? "" : `, radius ${number(pointed.radius)}`}
          </figcaption>
        </figure>
      </div>
      <form
        className="gs-row gs-wrap gs-tag-picks"
        onSubmit={(event) => {
          event.preventDefault();
          if (tag.trim()) void state.act({ kind: "tag", tag: tag.trim() }, group);
        }}
      >
        <label className="gs-row">
          First
          <WholeNumber label="Number of picks" min={1} max={total} value={n} onChange={setN} />
        </label>
        <input
          type="text"
          aria-label="Tag of the picks"
          value={tag}
          onChange={(event) => setTag(event.target.value)}
        />
        <Button type="submit" look="primary" disabled={!tag.trim()}>
          Tag {count(n)}
        </Button>
        <Button look="link" onClick={() => void state.act({ kind: "show" }, group)}>
          Show in grid
        </Button>
        {tray ? (
          <Button
            look="link"
            onClick={() => void state.act({ kind: "collect" }, group).then(tray.take)}
          >
            Add to Visual Spec
          </Button>
        ) : null}
      </form>
      <Done state={state} group={group} />
      <ol className="gs-picks" data-cy="gs-pick-list">
        {shown.map((pick) => (
          <li key={pick.id}>
            <button
              type="button"
              className="gs-bare"
              title={`${fileName(pick.filepath)}: show it beside its nearest owned image`}
              onClick={() => props.ask(pick.id)}
              onPointerEnter={() => light(pick.index)}
              onPointerLeave={() => light(-1)}
              onFocus={() => light(pick.index)}
              onBlur={() => light(-1)}
            >
              <span className="gs-soft gs-thumb">
                <SmallImage src={bridge.mediaUrl(pick.filepath)} />
                <span className="gs-rank">{pick.rank}</span>
              </span>
              <span className="gs-row gs-small gs-dim gs-pick-words">
                <b title="Distance to the nearest owned image">{pick.dist_to_S === null ? "" : number(pick.dist_to_S)}</b>
                <span className="gs-nowrap" title={pick.drive === null ? undefined : `Drive ${pick.drive}`}>
                  {pick.drive ?? ""}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ol>
      {n > shown.length && shown.length < picks.length ? (
        <Button look="link" onClick={() => setAll(true)}>
          Show all {count(Math.min(n, picks.length))}
        </Button>
      ) : null}
    </section>
  );
}
