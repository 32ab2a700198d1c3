import * as React from "react";
import type { Bridge } from "../bridge";
import type { RunInfo } from "../contract.gen";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/**
 * Has the grid show every slice of a grouped dataset when the points arrive, and again before a
 * question where the person went back to groups.
 *
 * The App drops the extended selection once it has changed the view, which takes a while: an answer
 * linked in the meantime would be gone from the grid (seen with FiftyOne 1.22.1).  So a question
 * waits for the promise returned here.
 *
 * @param viewed resolves once the view is another one
 */
export function useFlatGrid(
  run: RunInfo | null | undefined,
  viewed: () => Promise<void>,
  call: Bridge["call"],
): () => Promise<void> {
  const grouped = useLatest(run?.grouped ?? false);
  const pending = React.useRef<Promise<void> | null>(null);

  const flat = React.useCallback(async () => {
    if (!grouped.current) return;
    const changed = viewed();
    pending.current ??= call("flatten", {})
      .then(({ changing }) => (changing ? changed : undefined))
      // The answer then stays in the panel alone.
      .catch((error: unknown) => console.warn("gap_explorer: the grid shows groups", error))
      .finally(() => {
        pending.current = null;
      });
    await pending.current;
  }, [call, grouped, viewed]);

  const stamp = run?.stamp;
  React.useEffect(() => {
    if (stamp !== undefined) void flat();
  }, [stamp, flat]);
  return flat;
}
