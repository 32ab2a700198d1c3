import * as React from "react";
import type { Bridge } from "../bridge";
import type { Card } from "../contract.gen";
import type { HeatState } from "../hooks/useHeatmaps";
import type { TrayState } from "../hooks/useTray";
import { markOf, supportWords } from "../verdicts";
import { fileName, folder, number } from "../words";
import { Check, Plus } from "./Icons";
import { Thumb } from "./Thumb";
import { VerdictMark } from "./Verdict";

/** The images of an answer, best first: a click chooses one, its plus puts it into the tray. */
export function Cards(props: {
  bridge: Bridge;
  cards: readonly Card[];
  /** Gaps are provisional ones. */
  provisional: boolean;
  /** A field names the drives. */
  named: boolean;
  chosen: ReadonlySet<string>;
  toggle(id: string): void;
  heat: HeatState;
  tray: TrayState | null;
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
            onClick={() => props.toggle(card.id)}
          >
            <span className="gs-soft gs-thumb">
              <Thumb
                src={bridge.mediaUrl(card.filepath)}
                heat={bridge.choices.heat ? (heat.maps.get(card.id) ?? null) : null}
                opacity={bridge.choices.heatOpacity}
              />
              <span className="gs-rank">{rank + 1}</span>
              {chosen.has(card.id) ? (
                <span className="gs-tick">
                  <Check />
                </span>
              ) : null}
              <Marks card={card} provisional={props.provisional} />
            </span>
            <span className="gs-name" title={card.filepath}>
              {fileName(card.filepath)}
            </span>
            <span className="gs-path" title={card.filepath}>
              {folder(card.filepath)}
            </span>
            <span className="gs-row gs-wrap gs-dim gs-small gs-figures">
              {card.dist_to_S !== null ? (
                <span>
                  distance to S <b>{number(card.dist_to_S)}</b>
                </span>
              ) : null}
              {card.distance !== null ? (
                <span>
                  distance to click <b>{number(card.distance)}</b>
                </span>
              ) : null}
              <Support card={card} named={props.named} />
            </span>
          </button>
          {tray && card.set === "U" ? <Gather card={card} tray={tray} /> : null}
        </li>
      ))}
    </ol>
  );
}

/** S or U, the verdict, pick. */
export function Marks(props: { card: Card; provisional: boolean }): React.ReactElement {
  const { set, pick } = props.card;
  return (
    <span className="gs-tags">
      {set ? <b className={`gs-set-${set}`}>{set}</b> : null}
      <VerdictMark mark={markOf(props.card, props.provisional)} />
      {pick !== null ? <b className="gs-pick-tag">pick {pick}</b> : null}
    </span>
  );
}

/** How many images of S stand behind the verdict. */
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
