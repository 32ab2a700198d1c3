import * as React from "react";
import type { Column } from "../cloud/columns";
import { ALL_MARKS, type MarkFilter } from "./flags";
import { carriedOver, hiddenPoints, NOTHING_HIDDEN, presentClasses, soloed, toggled, type Hidden } from "./classes";

export interface LegendState {
  /** Classes hidden by the person. */
  hidden: Hidden;
  /** 1 where they hide a point; null where nothing is hidden. */
  points: Uint8Array | null;
  marks: MarkFilter;
  toggle(classes: readonly number[]): void;
  /** These classes alone; all again where they are alone already. */
  solo(classes: readonly number[]): void;
  setMarks(marks: MarkFilter): void;
  reset(): void;
}

/** What the legend hides: of the field on show, so another colour shows all again. */
export function useLegend(column: Column | null): LegendState {
  const [of, setOf] = React.useState<{ column: Column | null; hidden: Hidden }>({ column, hidden: NOTHING_HIDDEN });
  const [marks, setMarks] = React.useState(ALL_MARKS);
  const hidden = React.useMemo(
    () => (column && of.column ? carriedOver(of.hidden, of.column, column) : NOTHING_HIDDEN),
    [of, column],
  );
  const all = React.useMemo(() => (column ? presentClasses(column) : []), [column]);
  const points = React.useMemo(() => (column ? hiddenPoints(column, hidden) : null), [column, hidden]);
  return {
    hidden,
    points,
    marks,
    toggle: (classes) => setOf({ column, hidden: toggled(hidden, all, classes) }),
    solo: (classes) => setOf({ column, hidden: soloed(hidden, all, classes) }),
    setMarks,
    reset: () => {
      setOf({ column, hidden: NOTHING_HIDDEN });
      setMarks(ALL_MARKS);
    },
  };
}
