import * as React from "react";
import type { Bridge } from "../bridge";
import type { FieldChoice, GapsAt, RunInfo } from "../contract.gen";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** Rest of pointer or slider after which Python is asked. */
const REST_MS = 150;
const KEPT = 200;
/** The values that gaps are counted by may be edited: what was told is asked again after so long. */
const FRESH_MS = 60_000;

/** Answers of the panels of this page; a stamp names the analysis, and its δ decides. */
const known = new Map<string, { gaps: GapsAt; until: number }>();

/** What the gaps are counted by: the field that colours the points, where it has classes. */
export function fieldOf(
  fields: readonly Pick<FieldChoice, "path" | "kind">[],
  colour: string,
): string | null {
  return fields.some(({ path, kind }) => path === colour && kind === "categorical") ? colour : null;
}

/** The gaps at a δ and what they are of; null until it is known, and for no δ. */
export function useGapsAt(bridge: Bridge, run: RunInfo, delta: number | null): GapsAt | null {
  const field = fieldOf(run.fields, bridge.choices.colour);
  const key = `${run.stamp}|${run.delta}|${field}|${delta}`;
  const [, told] = React.useReducer((before: number) => before + 1, 0);
  const live = useLatest(bridge);
  React.useEffect(() => {
    if (delta === null || (known.get(key)?.until ?? 0) > Date.now()) return undefined;
    let here = true;
    const timer = window.setTimeout(() => {
      live.current
        .call("delta", { delta, stamp: run.stamp, field })
        .then((reply) => {
          const first = known.keys().next().value;
          if (known.size >= KEPT && first !== undefined) known.delete(first);
          known.set(key, { gaps: reply, until: Date.now() + FRESH_MS });
          if (here) told();
        })
        // The estimate stays on show, marked as one.
        .catch((error: unknown) => console.warn("gap_explorer: no exact count", error));
    }, REST_MS);
    return () => {
      here = false;
      window.clearTimeout(timer);
    };
  }, [key]);
  return delta === null ? null : (known.get(key)?.gaps ?? null);
}
