/** One byte a point: which set, whether it is a gap at this δ, dimmed, hidden. */

import { firstBeyond, MISSING, type Column } from "./columns";
import type { Bitmask } from "../../web/shared/columns";
import type { Show } from "./contract.gen";
import { FLAG } from "./scene/shaders";

export interface FlagInputs {
  sets: Bitmask;
  dist: Column;
  delta: number;
  /** The run's gaps, where its own δ is asked with; null: the distance decides. */
  gaps: Bitmask | null;
  show: Show;
  /** What the grid's view and filters keep; null keeps all. */
  match: Bitmask | null;
  /** When given, everything outside it is dimmed (a large answer). */
  only: Uint8Array | null;
}

/** Fills `flags` and returns how many of the shown candidates are gaps, of how many. */
export function writeFlags(flags: Uint8Array, input: FlagInputs): { gaps: number; U: number } {
  const { sets, dist, show, match, only } = input;
  const beyond = firstBeyond(dist, input.delta);
  let gaps = 0;
  let candidates = 0;
  for (let i = 0; i < flags.length; i++) {
    const owned = sets.has(i);
    let flag = owned ? FLAG.S : 0;
    if (!owned) {
      candidates++;
      const value = dist.values[i];
      if (input.gaps ? input.gaps.has(i) : value !== MISSING && value >= beyond) {
        flag |= FLAG.GAP;
        gaps++;
      }
    }
    if ((show === "S" && !owned) || (show === "U" && owned)) flag |= FLAG.HIDDEN;
    if ((match && !match.has(i)) || (only && !only[i])) flag |= FLAG.DIM;
    flags[i] = flag;
  }
  return { gaps, U: candidates };
}
