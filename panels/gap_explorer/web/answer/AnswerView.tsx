import * as React from "react";
import { Button } from "../../../web/shared/ui/controls";
import type { Bridge } from "../bridge";
import type { Action, Answer, Card, RunInfo } from "../contract.gen";
import type { AnswerState } from "./useAnswer";
import { useEscape } from "./useEscape";
import type { HeatState } from "../heatmaps/useHeatmaps";
import type { TrayState } from "../tray/useTray";
import { isProvisional, suggestedTag } from "../verdicts/verdicts";
import { count, title } from "../words";
import { Actions, type Scope } from "./Actions";
import { Cards } from "./Cards";
import { HeatControls, HeatFailure } from "../heatmaps/Heat";
import { Check, Close } from "../parts/Icons";
import { Notice } from "../parts/Notice";
import { Pair } from "./Pair";
import { Evidence, Verdict } from "../verdicts/Verdict";

/** The answer to a click: the evidence in pictures and sentences, the verdict last, what to do with it. */
export function AnswerView(props: {
  bridge: Bridge;
  run: RunInfo;
  state: AnswerState;
  answer: Answer;
  heat: HeatState;
  tray: TrayState | null;
}): React.ReactElement {
  const { answer, bridge, heat, run, state, tray } = props;
  const { query, words } = answer;
  const [chosen, setChosen] = React.useState<ReadonlySet<string>>(new Set());
  const [scope, setScope] = React.useState<Scope>("one");
  React.useEffect(() => {
    setChosen(new Set());
    setScope("one");
  }, [answer]);
  const head = React.useRef<HTMLElement>(null);
  useEscape(head, state.clear);
  const image = query.kind === "point" ? (answer.cards[0] ?? null) : null;
  const around = image ? answer.cards.slice(1) : answer.cards;
  const ids = chosen.size ? [...chosen] : image && scope === "one" ? [image.id] : null;
  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const act = (action: Action): void => {
    void state.act(action, ids).then((reply) => {
      if (reply?.making) heat.follow(reply.making);
      tray?.take(reply);
    });
  };
  const shown = [...answer.cards, ...answer.owned];
  const meant = ids ? shown.filter((card) => ids.includes(card.id)) : answer.cards;
  const group = {
    bridge,
    provisional: isProvisional(run, bridge.choices.delta),
    metric: answer.metric,
    chosen,
    toggle,
    heat,
    tray,
    more: answer.more,
    drive: (drive: string) => state.ask({ kind: "drive", drive }),
  };
  const candidates = around.filter((card) => card.set === "U");
  const owned = [...around.filter((card) => card.set === "S"), ...answer.owned];
  const heading = HEADINGS[query.kind];
  return (
    <>
      <header className="gs-row gs-results-head" ref={head}>
        <h2 title={title(answer)}>{title(answer)}</h2>
        {state.busy ? <span className="gs-spinner" role="status" aria-label="Searching" /> : null}
        <button
          type="button"
          className="gs-bare gs-icon"
          aria-label="Close this answer"
          title="Close this answer (Esc)"
          onClick={state.clear}
        >
          <Close />
        </button>
      </header>

      <div className={image ? undefined : "gs-apart"}>
        <div className="gs-says-it">
          <div className="gs-told">
            {image ? (
              <Pair bridge={bridge} image={image} beside={answer.beside} apart={words?.apart ?? ""} heat={heat} />
            ) : null}
            {words ? (
              <div>
                <Evidence words={words} />
                <Verdict words={words} />
              </div>
            ) : null}
          </div>

          <div className="gs-does">
            <Actions
              run={run}
              total={ids?.length ?? answer.total}
              chosen={chosen.size}
              scope={image && around.length ? scope : null}
              setScope={setScope}
              around={around.length}
              tag={suggestedTag(meant, group.provisional)}
              busy={heat.making?.state === "running"}
              act={act}
            />
            {state.notice ? (
              <Notice>
                <Check /> {state.notice}
              </Notice>
            ) : null}
            <HeatFailure heat={heat} />
          </div>
          <HeatControls bridge={bridge} maps={heat.maps.size} />
        </div>

        <div className="gs-shows">
          <Group heading={heading[0]} cards={candidates} {...group}>
            {query.kind === "drive" ? null : <Spread bridge={bridge} />}
          </Group>
          <Group heading={heading[1]} cards={owned} {...group} />
          {answer.total > answer.cards.length ? (
            <p className="gs-fine">
              {query.kind === "drive" ? "The farthest from what is owned" : "Some of them"} are shown; actions apply to
              all {count(answer.total)}.
            </p>
          ) : null}
        </div>
      </div>
    </>
  );
}

/** Headings of the candidates and of the owned images, by what was asked about. */
const HEADINGS: Record<Answer["query"]["kind"], readonly [string, string]> = {
  point: ["Candidates like it", "Owned images like it"],
  place: ["Candidates nearest here", "Owned images nearest here"],
  cap: ["Candidates here", "Owned images here"],
  lasso: ["Candidates inside", "Owned images inside"],
  drive: ["Its candidates", "Owned images of it"],
};

type GroupProps = Omit<React.ComponentProps<typeof Cards>, "cards">;

function Group(
  props: GroupProps & { heading: string; cards: readonly Card[]; children?: React.ReactNode },
): React.ReactElement | null {
  const { heading, children, ...rest } = props;
  if (!props.cards.length) return null;
  return (
    <section className="gs-group" aria-label={heading}>
      <h3 className="gs-row">
        {heading}
        <span className="gs-grow" />
        {children}
      </h3>
      <Cards {...rest} />
    </section>
  );
}

/** Whether images stand for a neighbourhood or are the very nearest, which may be frames of one moment. */
function Spread(props: { bridge: Bridge }): React.ReactElement {
  const { choices, choose } = props.bridge;
  return (
    <Button
      look="link"
      title={
        choices.spread
          ? "These stand for a neighbourhood six times as large; near duplicates are left out"
          : "These are the very nearest, which may be frames of one moment"
      }
      onClick={() => choose({ spread: !choices.spread })}
    >
      {choices.spread ? "Show the very nearest" : "Leave out near duplicates"}
    </Button>
  );
}
