import * as React from "react";

/**
 * The same object for as long as `key` is the same.
 *
 * FiftyOne deep-copies panel data on every render, so that nothing in it keeps its identity; without
 * this each event would decode every column again and ask for all that depends on them.
 */
export function useStable<T>(value: T, key: string): T {
  const kept = React.useRef({ key, value });
  if (kept.current.key !== key) kept.current = { key, value };
  return kept.current.value;
}
