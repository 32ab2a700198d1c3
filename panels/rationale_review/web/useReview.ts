import * as React from "react";
import { sentence } from "../../web/shared/wire/errors";
import { heard } from "../../web/shared/wire/heard";
import { REVIEWED } from "../../web/shared/rationales/reviewedEvent";
import type { Bridge } from "./bridge";
import type { Card, Choice, Opened, Over, Progress, Ready } from "./contract.gen";
import type { Decision } from "../../web/shared/rationales/verdicts.gen";
import { useStored } from "../../web/shared/rationales/useStored";
import { DECISION_LABEL } from "../../web/shared/rationales/words";
import { useLatest } from "../../web/shared/hooks/useLatest";

/** A decision that could not be saved, kept so that it can be tried again. */
interface Unsaved {
  card: Card;
  choice: Choice;
  message: string;
}

export interface Review {
  opened: Opened | null;
  ready: Ready | null;
  /** The card of the sample on the screen; null while it is on its way. */
  card: Card | null;
  busy: boolean;
  /** Why the panel or the card cannot be shown. */
  failure: string | null;
  unsaved: Unsaved | null;
  /** What just happened, for eyes and screen readers. */
  notice: string;
  advance: boolean;
  over: Over;
  setAdvance(advance: boolean): void;
  setOver(over: Over): void;
  setModel(model: string): void;
  decide(choice: Choice): void;
  retry(): void;
  dismiss(): void;
  undo(): void;
  step(by: 1 | -1): void;
  show(id: string): void;
  reload(): void;
}

/** The open sample's card, and all that is done with it; one thing at a time. */
export function useReview(bridge: Bridge): Review {
  const [opened, setOpened] = React.useState<Opened | null>(null);
  const [card, setCard] = React.useState<Card | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [failure, setFailure] = React.useState<string | null>(null);
  const [unsaved, setUnsaved] = React.useState<Unsaved | null>(null);
  const [notice, setNotice] = React.useState("");
  const [turn, setTurn] = React.useState(0);
  /** The sample the panel shows: the modal's, or one that the modal is still opening. */
  const [target, setTarget] = React.useState(bridge.sampleId);
  const [model, setModel] = useStored("model", "");
  const [advance, setAdvance] = useStored("advance", "yes");
  const [over, setOver] = useStored("over", "queue");
  const live = useLatest(bridge);
  const locked = React.useRef(false);

  React.useEffect(() => {
    setFailure(null);
    return heard(live.current.call("open", { model }), setOpened, setFailure);
  }, [model, bridge.view, turn]);

  const ready = opened?.kind === "ready" ? opened : null;
  const { sampleId } = bridge;
  const of = ready?.model;
  /** Samples that answers of ours open, oldest first, until the modal has got there. */
  const opening = React.useRef<string[]>([]);
  React.useEffect(() => {
    const at = opening.current.indexOf(sampleId ?? "");
    const catchingUp = at >= 0 && at < opening.current.length - 1;
    opening.current = catchingUp ? opening.current.slice(at + 1) : [];
    if (!catchingUp) setTarget(sampleId);
  }, [sampleId]);

  const latest = React.useRef<{ card: Card | null; turn: number }>({ card: null, turn });
  const take = (next: Card): void => {
    latest.current = { card: next, turn };
    setCard(next);
  };
  React.useEffect(() => {
    if (target === null || of === undefined) return undefined;
    const { card: known, turn: since } = latest.current;
    if (known?.id === target && known.model === of && since === turn) return undefined;
    setFailure(null);
    return heard(live.current.call("card", { id: target, model: of }), (answer) => take(answer.card), setFailure);
  }, [target, of, turn]);

  const shown = card && card.id === target && card.model === of ? card : null;
  const progressed = (answer: Progress): void =>
    setOpened((before) =>
      before?.kind === "ready"
        ? { ...before, progress: answer.progress, can_undo: answer.can_undo }
        : before,
    );

  /** Run one thing; a key pressed meanwhile is not kept, it would decide on another image. */
  const run = (work: () => Promise<void>, refused?: (message: string) => void): void => {
    if (locked.current) return;
    locked.current = true;
    setBusy(true);
    setNotice("");
    work()
      .catch((reason: unknown) => (refused ?? setNotice)(sentence(reason)))
      .finally(() => {
        locked.current = false;
        setBusy(false);
      });
  };

  /** Show a card that came with an answer at once, while the modal opens its sample. */
  const follow = (next: Card): void => {
    if (next.id !== target) opening.current.push(next.id);
    setTarget(next.id);
    take(next);
  };

  const save = (target: Card, choice: Choice): void =>
    run(
      async () => {
        const about = { id: target.id, model: target.model, ...choice };
        const answer = await live.current.call("decide", { ...about, advance: advance === "yes" });
        setUnsaved(null);
        progressed(answer);
        follow(answer.next ?? answer.card);
        const { decided, total } = answer.progress;
        setNotice(saidOf(choice, advance === "yes" && !answer.next, decided, total));
        window.dispatchEvent(new CustomEvent(REVIEWED));
      },
      (message) => setUnsaved({ card: target, choice, message }),
    );

  return {
    opened,
    ready,
    card: shown,
    busy,
    failure,
    unsaved,
    notice,
    advance: advance === "yes",
    over: over === "view" ? "view" : "queue",
    setAdvance: (value) => setAdvance(value ? "yes" : "no"),
    setOver,
    setModel,
    decide: (choice) => shown && save(shown, choice),
    retry: () => unsaved && save(unsaved.card, unsaved.choice),
    dismiss: () => setUnsaved(null),
    undo: () =>
      run(async () => {
        const answer = await live.current.call("undo", { model: of ?? "" });
        progressed(answer);
        if (!answer.card) {
          setNotice("There is nothing to undo.");
          return;
        }
        follow(answer.card);
        setNotice(`Taken back: ${label(answer.taken)} on ${answer.card.name}.`);
        window.dispatchEvent(new CustomEvent(REVIEWED));
      }),
    step: (by) =>
      run(async () => {
        if (!target) return;
        const where: Over = over === "view" ? "view" : "queue";
        const answer = await live.current.call("step", { id: target, model: of ?? "", over: where, by });
        if (answer.card) follow(answer.card);
        else setNotice(`This is the ${by > 0 ? "last" : "first"} of the ${where}.`);
      }),
    show: (id) =>
      run(async () => {
        follow((await live.current.call("show", { id, model: of ?? "" })).card);
      }),
    reload: () => setTurn((value) => value + 1),
  };
}

const label = (decision: Decision | undefined): string =>
  decision ? DECISION_LABEL[decision].toLowerCase() : "a decision";

function saidOf(choice: Choice, last: boolean, decided: number, total: number): string {
  const what = choice.decision === "relabel" ? `relabel to ${choice.label}` : label(choice.decision);
  const rest = last && decided >= total ? " That was the last one: every sample of the view is reviewed." : "";
  return `Saved: ${what}.${rest}`;
}
