import * as React from "react";
import type { Metric, SequenceKey } from "./contract";

/** What the person chose, for each dataset. */
export interface Choices {
  sequence: SequenceKey | null;
  /** The frame left at, by its number. */
  frame: number | null;
  metric: Metric;
  fps: number;
  /** Suffixes whose lines are off, and the one or two whose pictures are shown. */
  hidden: string[];
  pictures: string[];
  importance: boolean;
  difference: boolean;
  /** What lies over the frame. */
  over: "nothing" | "importance" | "pixels";
  /** Show the frame as the loop sees it. */
  coarse: boolean;
  hardest: number;
}

export const DEFAULTS: Choices = {
  sequence: null,
  frame: null,
  metric: "psnr",
  fps: 10,
  hidden: [],
  pictures: [],
  importance: true,
  difference: false,
  over: "nothing",
  coarse: false,
  hardest: 10,
};

const KEY = "gapsphere.sparse_sampling.";

/** Choices that the browser keeps; panel state would not do, see the Gap Explorer's `useChoices`. */
export function useKept(dataset: string): [Choices, (patch: Partial<Choices>) => void] {
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
        // A browser that keeps nothing: the choices last as long as the page.
      }
    },
    [dataset],
  );
  return [choices, choose];
}

function stored(dataset: string): Choices {
  try {
    const text = window.localStorage.getItem(KEY + dataset);
    return { ...DEFAULTS, ...(text ? (JSON.parse(text) as Partial<Choices>) : {}) };
  } catch {
    return DEFAULTS;
  }
}
