import * as React from "react";
import type { Bridge } from "./bridge";
import type { Ready, SequenceKey } from "./contract.gen";
import type { CurvesState } from "./useCurves";
import { sameSequence } from "./words";

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
  const latest = React.useRef({ bridge, pick, opened, sequence });
  latest.current = { bridge, pick, opened, sequence };
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
    let current = true;
    latest.current.bridge
      .call("locate", { ids: [due] })
      .then(({ home }) => {
        if (!current) return;
        const known = latest.current.opened.sequences.some((one) => sameSequence(one, home));
        if (home && known && !sameSequence(home, latest.current.sequence)) latest.current.pick(home);
        else setDue(null);
      })
      // Where it belongs stays unknown and the panel where it is; nothing else depends on it.
      .catch((error: unknown) => console.warn("sparse_sampling: sample not located", error));
    return () => {
      current = false;
    };
  }, [due, curves, here, setAt]);
}
