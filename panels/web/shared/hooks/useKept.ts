import * as React from "react";
import { useLatest } from "./useLatest";

/**
 * What a person chose in a panel, kept by the browser for each dataset.
 *
 * Not in the panel's state, where FiftyOne would keep it too: the App takes a change of state for
 * a change of the session and then drops the extended selection, so that turning the lattice off
 * would also take the answer out of the grid (seen with FiftyOne 1.22.1).  The price: a saved
 * workspace, which is made of panel states, opens with the browser's choices and not with its own.
 */
export function useKept<C extends object>(
  panel: string,
  dataset: string,
  defaults: C,
): [C, (patch: Partial<C>) => void] {
  const name = `gapsphere.${panel}.${dataset}`;
  const [state, setState] = React.useState(() => ({ name, choices: stored(name, defaults) }));
  const choices = state.name === name ? state.choices : stored(name, defaults);
  const current = useLatest(choices);

  const choose = React.useCallback(
    (patch: Partial<C>) => {
      const next = { ...current.current, ...patch };
      current.current = next;
      setState({ name, choices: next });
      try {
        window.localStorage.setItem(name, JSON.stringify(next));
      } catch {
        // A browser that keeps nothing still shows everything; the choices last as long as the page.
      }
    },
    [name],
  );
  return [choices, choose];
}

/** Choices that an older version did not know have their defaults. */
function stored<C extends object>(name: string, defaults: C): C {
  try {
    const text = window.localStorage.getItem(name);
    return { ...defaults, ...(text ? (JSON.parse(text) as Partial<C>) : {}) };
  } catch {
    return defaults;
  }
}
