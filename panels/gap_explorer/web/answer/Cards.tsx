import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Bridge } from "../bridge";
import type { Card, Metric } from "../contract.gen";
import type { HeatState } from "../heatmaps/useHeatmaps";
import type { TrayState } from "../tray/useTray";
import { markOf, supportWords } from "../verdicts/verdicts";
import { count, fileName, farWords, number } from "../words";
import { Check, Plus } from "../parts/Icons";
import { MiddleName } from "../parts/MiddleName";
import { Thumb } from "../heatmaps/Thumb";
import { VerdictMark } from "../verdicts/Verdict";

/** Images of an answer, best first: a click chooses one, its plus puts it into the tray. */
export function Cards(props: {
  bridge: Bridge;
  cards: readonly Card[];
  /** Gaps are provisional ones. */
  provisional: boolean;
  /** The unit of the figures. */
  metric: Metric;
  chosen: ReadonlySet<string>;
  toggle(id: string): void;
  heat: HeatState;
  tray: TrayState | null;
  /** Images near here of the drive of a card that are not shown, by its id. */
  more: Readonly<Record<string, number>>;
  /** Ask for all of a drive. */
  drive(drive: string): void;
}): React.ReactElement {
  const { bridge, chosen, heat, tray } = props;
  return (
    <ol className="gs-cards" data-cy="gs-cards">
      {props.cards.map((card, rank) => (
        <li key={card.id} className={chosen.has(card.id) ? "gs-chosen" : undefined}>
          <button
            type="button"
            className="gs-bare gs-card"
            data-cy="gs-card"
            aria-pressed={chosen.has(card.id)}
            aria-label={`${fileName(card.filepath)}, rank ${rank + 1}`}
            title={`${card.filepath}\n${farWords(card, props.metric)}`}
            onClick={() => props.toggle(card.id)}
          >
            <span className="gs-soft gs-thumb">
              <Thumb
                src={bridge.mediaUrl(card.filepath)}
                heat={bridge.choices.heat ? (heat.maps.get(card.id) ?? null) : null}
                opacity={bridge.choices.heatOpacity}
              />
              {card.dist_to_S !== null ? <span className="gs-far">{number(card.dist_to_S)}</span> : null}
              {chosen.has(card.id) ? (
                <span className="gs-tick">
                  <Check />
                </span>
              ) : null}
              <Marks card={card} provisional={props.provisional} />
            </span>
            <MiddleName path={card.filepath} />
          </button>
          {tray && card.set === "U" ? <Gather card={card} tray={tray} /> : null}
          <More card={card} count={props.more[card.id] ?? 0} drive={props.drive} />
        </li>
      ))}
    </ol>
  );
}

/** Where several frames of a drive lie near here and one is shown: the way to all of the drive. */
function More(props: { card: Card; count: number; drive(drive: string): void }): React.ReactElement | null {
  const { card } = props;
  const { drive } = card;
  if (drive === null) return null;
  return (
    <span className="gs-fine gs-of-drive" title={drive}>
      <span className="gs-clip">{drive}</span>
      {props.count ? (
        <Button
          look="link"
          title={`${count(props.count)} more near here: show the drive`}
          onClick={() => props.drive(drive)}
        >
          +{count(props.count)}
        </Button>
      ) : null}
    </span>
  );
}

/** What a picture is marked with: gaps and picks. */
export function Marks(props: { card: Card; provisional: boolean }): React.ReactElement {
  const { pick } = props.card;
  return (
    <span className="gs-tags">
      <VerdictMark mark={markOf(props.card, props.provisional)} />
      {pick !== null ? <b className="gs-pick-tag">pick {pick}</b> : null}
    </span>
  );
}

/** How many owned images stand behind the verdict. */
export function Support(props: { card: Card; named: boolean }): React.ReactElement | null {
  const words = supportWords(props.card, props.named);
  return words ? <span data-cy="gs-support">{words}</span> : null;
}

function Gather(props: { card: Card; tray: TrayState }): React.ReactElement {
  const { card, tray } = props;
  const held = tray.has(card.id);
  const what = held ? "Remove from the Visual Spec" : "Add to the Visual Spec";
  return (
    <button
      type="button"
      className="gs-gather"
      data-cy="gs-gather"
      aria-pressed={held}
      aria-label={`${what}: ${fileName(card.filepath)}`}
      title={what}
      onClick={() => (held ? tray.remove(card.id) : tray.add([card.id]))}
    >
      {held ? <Check /> : <Plus />}
    </button>
  );
}
