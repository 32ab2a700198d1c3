import * as React from "react";
import { sentence } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import type { Card, RunInfo } from "../contract.gen";
import { isProvisional } from "../verdicts/verdicts";
import { number, percentileWords } from "../words";
import { Marks, Support } from "../answer/Cards";
import { MiddleName } from "../parts/MiddleName";
import { SmallImage } from "../../../web/shared/ui/SmallImage";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** A rest on a point this long asks for its card. */
const DELAY_MS = 120;

export interface Hovered {
  index: number;
  at: [number, number];
}

/** What is under the pointer: picture, name, verdict, distance, percentile, support. */
export function HoverCard(props: {
  bridge: Bridge;
  run: RunInfo;
  stamp: string;
  hovered: Hovered | null;
  width: number;
  height: number;
}): React.ReactElement | null {
  const { bridge, hovered, run, stamp } = props;
  const [card, setCard] = React.useState<{ index: number; card: Card | null; error?: string } | null>(null);
  const kept = React.useRef(new Map<string, Card>());
  const call = useLatest(bridge.call);
  const index = hovered?.index ?? -1;
  const { delta } = bridge.choices;

  React.useEffect(() => {
    if (index < 0) {
      setCard(null);
      return undefined;
    }
    const key = `${stamp}/${index}/${delta}`;
    const known = kept.current.get(key);
    if (known) {
      setCard({ index, card: known });
      return undefined;
    }
    let live = true;
    const timer = window.setTimeout(() => {
      call.current("card", { index, stamp, delta })
        .then((reply) => {
          kept.current.set(key, reply);
          if (live) setCard({ index, card: reply });
        })
        .catch((error: unknown) => {
          if (live) setCard({ index, card: null, error: sentence(error) });
        });
    }, DELAY_MS);
    return () => {
      live = false;
      window.clearTimeout(timer);
    };
  }, [index, stamp, delta]);

  if (!hovered || !card || card.index !== index) return null;
  const [x, y] = hovered.at;
  const style: React.CSSProperties = {
    left: x > props.width / 2 ? undefined : x + 14,
    right: x > props.width / 2 ? props.width - x + 14 : undefined,
    top: y > props.height / 2 ? undefined : y + 10,
    bottom: y > props.height / 2 ? props.height - y + 10 : undefined,
  };
  if (!card.card) {
    return (
      <div className="gs-popup gs-hover" style={style}>
        <p>{card.error}</p>
      </div>
    );
  }
  const { filepath, dist_to_S, percentile, set } = card.card;
  return (
    <div className="gs-popup gs-hover" style={style} role="tooltip" data-cy="gs-hover">
      <SmallImage src={bridge.mediaUrl(filepath)} />
      <MiddleName path={filepath} />
      <p className="gs-row gs-wrap gs-dim gs-small gs-figures">
        <Marks card={card.card} provisional={isProvisional(run, delta)} />
        <span>{set === "S" ? "owned" : "candidate"}</span>
        {dist_to_S !== null ? (
          <span>
            <b>{number(dist_to_S)}</b> from owned ({run.metric})
          </span>
        ) : null}
        {percentile !== null ? <span>{percentileWords(percentile)}</span> : null}
        <Support card={card.card} named={run.sequence_field !== null} />
      </p>
    </div>
  );
}
