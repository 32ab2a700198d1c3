/** One byte a point: which set, whether it is a gap at this δ, dimmed, hidden. */

import { firstBeyond, MISSING, type Column } from "../cloud/columns";
import type { Bitmask } from "../../../web/shared/wire/columns";
import type { Show } from "../contract.gen";
import { FLAG } from "../scene/marks/shaders";

/** Marks that a person may see alone, or not at all. */
export interface MarkFilter {
  alone: "gap" | "pick" | null;
  gapsHidden: boolean;
}

export const ALL_MARKS: MarkFilter = { alone: null, gapsHidden: false };

interface FlagInputs {
  sets: Bitmask;
  dist: Column;
  delta: number;
  /** The run's gaps, where its own δ is asked with; null: the distance decides. */
  gaps: Bitmask | null;
  picks: ArrayLike<number>;
  show: Show;
  /** What the grid's view and filters keep; null keeps all. */
  match: Bitmask | null;
  /** 1 where the legend hides a point; null hides none. */
  hidden: Uint8Array | null;
  marks: MarkFilter;
}

interface Flags {
  flags: Uint8Array;
  /** Candidates shown and kept by the grid that are gaps. */
  gaps: number;
}

/** The flags of all points; the legend's choices hide, the grid's dim. */
export function makeFlags(n: number, input: FlagInputs): Flags {
  const { sets, dist, show, match, hidden, marks } = input;
  const flags = new Uint8Array(n);
  const beyond = firstBeyond(dist, input.delta);
  const alone = marks.alone === "pick" ? new Uint8Array(n) : null;
  for (let k = 0; alone && k < input.picks.length; k++) alone[input.picks[k]] = 1;
  let gaps = 0;
  for (let i = 0; i < n; i++) {
    const owned = sets.has(i);
    const value = dist.values[i];
    const gap = !owned && (input.gaps ? input.gaps.has(i) : value !== MISSING && value >= beyond);
    const dim = match !== null && !match.has(i);
    const out = (show === "S" && !owned) || (show === "U" && owned);
    if (gap && !dim && !out) gaps++;
    const unwanted =
      hidden?.[i] || (gap && marks.gapsHidden) || (marks.alone === "gap" && !gap) || (alone && !alone[i]);
    flags[i] =
      (owned ? FLAG.S : 0) | (gap ? FLAG.GAP : 0) | (dim ? FLAG.DIM : 0) | (out || unwanted ? FLAG.HIDDEN : 0);
  }
  return { flags, gaps };
}
