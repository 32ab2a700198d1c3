import * as React from "react";

/** A value as the newest render has it, for callbacks that outlive their render. */
export function useLatest<T>(value: T): React.MutableRefObject<T> {
  const latest = React.useRef(value);
  latest.current = value;
  return latest;
}
