import * as React from "react";

/** How long a change may take to come before whoever waits for it goes on all the same. */
const PATIENCE_MS = 10_000;

/** A function whose promise resolves at the next change of a value. */
export function useNext(value: unknown): () => Promise<void> {
  const waiting = React.useRef<(() => void)[]>([]);
  React.useEffect(() => {
    for (const go of waiting.current.splice(0)) go();
  }, [value]);
  return React.useCallback(
    () =>
      new Promise<void>((go) => {
        waiting.current.push(go);
        window.setTimeout(go, PATIENCE_MS);
      }),
    [],
  );
}
