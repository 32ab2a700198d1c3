import * as React from "react";
import type { Bridge } from "../bridge";
import type { RunInfo } from "../contract.gen";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** How long the App may take to change the grid's view before a question is asked all the same. */
const PATIENCE_MS = 10_000;

/**
 * Has the grid show every slice of a grouped dataset when the points arrive, and again before a
 * question where the person went back to groups.
 *
 * The App drops the extended selection once it has changed the view, which takes a while: an answer
 * linked in the meantime would be gone from the grid (seen with FiftyOne 1.22.1).  So a question
 * waits for the promise returned here.
 *
 * @param view the stages of the view bar, another object after each change
 */
export function useFlatGrid(
  run: RunInfo | null | undefined,
  view: unknown,
  call: Bridge["call"],
): () => Promise<void> {
  const grouped = useLatest(run?.grouped ?? false);
  const waiting = React.useRef<(() => void)[]>([]);
  const pending = React.useRef<Promise<void> | null>(null);

  React.useEffect(() => {
    for (const go of waiting.current.splice(0)) go();
  }, [view]);

  const flat = React.useCallback(async () => {
    if (!grouped.current) return;
    const changed = new Promise<void>((go) => {
      waiting.current.push(go);
      window.setTimeout(go, PATIENCE_MS);
    });
    pending.current ??= call("flatten", {})
      .then(({ changing }) => (changing ? changed : undefined))
      // The answer then stays in the panel alone.
      .catch((error: unknown) => console.warn("gap_explorer: the grid shows groups", error))
      .finally(() => {
        pending.current = null;
      });
    await pending.current;
  }, [call, grouped]);

  const stamp = run?.stamp;
  React.useEffect(() => {
    if (stamp !== undefined) void flat();
  }, [stamp, flat]);
  return flat;
}
