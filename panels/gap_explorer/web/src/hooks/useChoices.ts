import * as React from "react";
import { DEFAULT_CHOICES, type Choices } from "../contract";

const KEY = "gapsphere.gap_explorer.";

/**
 * The person's choices, kept by the browser for each dataset.
 *
 * Not in the panel's state, where FiftyOne would keep them too: the App takes a change of state for
 * a change of the session and then drops the extended selection, so that turning the lattice off
 * would also take the answer out of the grid (seen with FiftyOne 1.22.1).  The price: a saved
 * workspace, which is made of panel states, opens with the browser's choices and not with its own.
 */
export function useChoices(dataset: string): [Choices, (patch: Partial<Choices>) => void] {
  const [state, setState] = React.useState(() => ({ dataset, choices: stored(dataset) }));
  const choices = state.dataset === dataset ? state.choices : stored(dataset);
  const current = React.useRef(choices);
  current.current = choices;

  const choose = React.useCallback(
    (patch: Partial<Choices>) => {
      const next = { ...current.current, ...patch };
      current.current = next;
      setState({ dataset, choices: next });
      try {
        window.localStorage.setItem(KEY + dataset, JSON.stringify(next));
      } catch {
        // A browser that keeps nothing still shows everything; the choices last as long as the page.
      }
    },
    [dataset],
  );
  return [choices, choose];
}

function stored(dataset: string): Choices {
  try {
    const text = window.localStorage.getItem(KEY + dataset);
    return { ...DEFAULT_CHOICES, ...(text ? (JSON.parse(text) as Partial<Choices>) : {}) };
  } catch {
    return DEFAULT_CHOICES;
  }
}
