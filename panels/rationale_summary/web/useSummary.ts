import * as React from "react";
import { sentence } from "../../web/shared/wire/errors";
import { heard } from "../../web/shared/wire/heard";
import { REVIEWED } from "../../web/shared/rationales/reviewedEvent";
import { useStored } from "../../web/shared/rationales/useStored";
import type { Bridge } from "./bridge";
import type { Opened, Pick } from "./contract.gen";
import { useLatest } from "../../web/shared/hooks/useLatest";

export interface Summary {
  opened: Opened | null;
  busy: boolean;
  failure: string | null;
  /** Why the last click did nothing. */
  refused: string;
  setModel(model: string): void;
  pick(pick: Pick): void;
  back(): void;
  review(): void;
  reload(): void;
}

/** Quiet after the last decision before counting again: one scan, not one a key. */
const REST_MS = 600;

/** The counts, kept up to date, and what a click does. */
export function useSummary(bridge: Bridge): Summary {
  const [opened, setOpened] = React.useState<Opened | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [failure, setFailure] = React.useState<string | null>(null);
  const [refused, setRefused] = React.useState("");
  const [turn, setTurn] = React.useState(0);
  const [model, setModel] = useStored("model", "");
  const live = useLatest(bridge);

  React.useEffect(() => {
    setBusy(true);
    const settle = (answer: Opened | null, failed: string | null): void => {
      if (answer) setOpened(answer);
      setFailure(failed);
      setBusy(false);
    };
    return heard(live.current.call("open", { model }), (answer) => settle(answer, null), (reason) => settle(null, reason));
  }, [model, bridge.view, turn]);

  React.useEffect(() => {
    let timer = 0;
    const later = (): void => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => setTurn((value) => value + 1), REST_MS);
    };
    window.addEventListener(REVIEWED, later);
    return () => {
      window.clearTimeout(timer);
      window.removeEventListener(REVIEWED, later);
    };
  }, []);

  const of = opened?.kind === "ready" ? opened.model : "";
  const act = (work: () => Promise<unknown>): void => {
    setRefused("");
    work().catch((reason: unknown) => setRefused(sentence(reason)));
  };
  return {
    opened,
    busy,
    failure,
    refused,
    setModel,
    pick: (pick) => act(() => live.current.call("pick", { model: of, pick })),
    back: () => act(() => live.current.call("back", {})),
    review: () =>
      act(async () => {
        await live.current.call("review", { model: of });
        live.current.showReview();
      }),
    reload: () => setTurn((value) => value + 1),
  };
}
