import * as React from "react";
import { DEFAULT_CHOICES, type Choices, type RunInfo } from "./contract.gen";
import { useKept } from "../../web/shared/hooks/useKept";

/** What the person chose in the Gap Explorer. */
export const useChoices = (dataset: string): [Choices, (patch: Partial<Choices>) => void] =>
  useKept("gap_explorer", dataset, DEFAULT_CHOICES);

/** The choices as they stand for a run: a δ that was chosen against another one of the run is none. */
export function choicesFor(choices: Choices, run: Pick<RunInfo, "delta"> | null | undefined): Choices {
  const { delta, deltaOf } = choices;
  const other = run && delta !== null && deltaOf !== null && deltaOf !== run.delta;
  return other ? { ...choices, delta: null, deltaOf: null } : choices;
}

/** {@link choicesFor}, and the browser forgets what no longer stands. */
export function useChoicesFor(
  choices: Choices,
  choose: (patch: Partial<Choices>) => void,
  run: RunInfo | null | undefined,
): Choices {
  const standing = React.useMemo(() => choicesFor(choices, run), [choices, run]);
  React.useEffect(() => {
    if (standing !== choices) choose({ delta: null, deltaOf: null });
    // Given before there was a run (by the settings of the App's start): it is of the first one.
    else if (run && choices.delta !== null && choices.deltaOf === null) choose({ deltaOf: run.delta });
  }, [standing, choices, choose, run]);
  return standing;
}
