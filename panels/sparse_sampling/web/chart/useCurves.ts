import * as React from "react";
import { heard } from "../../../web/shared/wire/heard";
import type { Bridge } from "../bridge";
import type { SequenceKey } from "../contract.gen";
import { decodeCurves, follow, type Curves } from "./curves";
import { useLatest } from "../../../web/shared/hooks/useLatest";

export interface CurvesState {
  curves: Curves | null;
  /** The sequence that they are of. */
  of: SequenceKey | null;
  failure: string | null;
  at: number;
  setAt(at: number): void;
  /** Ask for them again. */
  retry(): void;
}

/** The curves of the chosen sequence and the frame looked at, which stays the same frame if it can. */
export function useCurves(
  bridge: Bridge,
  sequence: SequenceKey,
  turn: number,
  first: number | null,
): CurvesState {
  const [read, setRead] = React.useState<{ curves: Curves; of: SequenceKey } | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  const [asked, setAsked] = React.useState(0);
  const [at, setAt] = React.useState(0);
  const live = useLatest(bridge);
  const now = useLatest({ read, at, first });
  const { field, value } = sequence;

  React.useEffect(() => {
    setFailure(null);
    return heard(
      live.current.call("curves", { field, value }),
      (payload) => {
        const curves = decodeCurves(payload);
        const { read: before, at: was, first: left } = now.current;
        if (before?.of.field === field && before.of.value === value) setAt(follow(before.curves, was, curves));
        else setAt(left === null ? 0 : Math.max(0, curves.numbers.indexOf(left)));
        setRead({ curves, of: { field, value } });
      },
      setFailure,
    );
  }, [field, value, turn, asked]);

  const retry = (): void => setAsked((n) => n + 1);
  return { curves: read?.curves ?? null, of: read?.of ?? null, failure, at, setAt, retry };
}
