import * as React from "react";

/**
 * A choice that the browser keeps.  Not in the panel's state: the App takes a change of it for a
 * change of the session.
 */
export function useStored(key: string, initial: string): [string, (value: string) => void] {
  const name = `gapsphere.rationale.${key}`;
  const [value, setValue] = React.useState(() => {
    try {
      return window.localStorage.getItem(name) ?? initial;
    } catch {
      return initial; // a browser that keeps nothing: the choice lasts as long as the page
    }
  });
  const choose = React.useCallback(
    (next: string) => {
      setValue(next);
      try {
        window.localStorage.setItem(name, next);
      } catch (error) {
        console.warn("rationale: the choice is not kept", error);
      }
    },
    [name],
  );
  return [value, choose];
}
