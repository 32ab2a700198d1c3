import * as React from "react";
import { heard } from "../../../web/shared/wire/heard";
import type { Bridge } from "../bridge";
import type { Ready, SequenceKey } from "../contract.gen";
import type { CurvesState } from "./useCurves";
import { sameSequence } from "../words";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** A sample opened in the App moves the panel to its frame and sequence. */
export function useGridLink(
  bridge: Bridge,
  opened: Ready,
  sequence: SequenceKey,
  state: CurvesState,
  pick: (sequence: SequenceKey) => void,
): void {
  const { opened: sampleId } = bridge;
  const { curves, of, setAt } = state;
  // Done once for each opening: afterwards the person may scrub away from it.
  const [due, setDue] = React.useState<string | null>(sampleId);
  const latest = useLatest({ bridge, pick, opened, sequence });
  React.useEffect(() => setDue(sampleId), [sampleId]);

  const here = curves !== null && sameSequence(of, sequence);
  React.useEffect(() => {
    if (due === null || !curves || !here) return undefined;
    const at = curves.ids.indexOf(due);
    if (at >= 0) {
      setAt(at);
      setDue(null);
      return undefined;
    }
    return heard(
      latest.current.bridge.call("locate", { ids: [due] }),
      ({ home }) => {
        const known = latest.current.opened.sequences.some((one) => sameSequence(one, home));
        if (home && known && !sameSequence(home, latest.current.sequence)) latest.current.pick(home);
        else setDue(null);
      },
      // Where it belongs stays unknown and the panel where it is; nothing else depends on it.
      (reason) => console.warn("sparse_sampling: sample not located", reason),
    );
  }, [due, curves, here, setAt]);
}
