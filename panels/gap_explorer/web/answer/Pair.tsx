import * as React from "react";
import type { Bridge } from "../bridge";
import type { Card } from "../contract.gen";
import type { HeatState } from "../heatmaps/useHeatmaps";
import { MiddleName } from "../parts/MiddleName";
import { Thumb } from "../heatmaps/Thumb";

/** The image asked about beside the owned image nearest to it, and how far they are apart. */
export function Pair(props: {
  bridge: Bridge;
  image: Card;
  beside: Card | null;
  apart: string;
  heat: HeatState;
}): React.ReactElement {
  const { image, beside, apart } = props;
  return (
    <figure className="gs-pair" data-cy="gs-pair">
      <One {...props} card={image} says={image.set === "S" ? "Owned" : "Candidate"} />
      {beside ? (
        <One {...props} card={beside} says={image.set === "S" ? "Owned, nearest to it" : "Nearest owned"} />
      ) : null}
      {apart ? <figcaption>{apart}</figcaption> : null}
    </figure>
  );
}

function One(props: { bridge: Bridge; card: Card; says: string; heat: HeatState }): React.ReactElement {
  const { bridge, card, heat } = props;
  return (
    <div data-set={card.set}>
      <span className="gs-soft gs-thumb">
        <Thumb
          src={bridge.mediaUrl(card.filepath)}
          heat={bridge.choices.heat ? (heat.maps.get(card.id) ?? null) : null}
          opacity={bridge.choices.heatOpacity}
        />
        <span className="gs-tags">
          {card.pick !== null ? <b className="gs-pick-tag">pick {card.pick}</b> : null}
        </span>
      </span>
      <b className="gs-says">{props.says}</b>
      <MiddleName path={card.filepath} />
      {card.drive !== null ? (
        <span className="gs-fine gs-of-drive" title={card.drive}>
          <span className="gs-clip">{card.drive}</span>
        </span>
      ) : null}
    </div>
  );
}
