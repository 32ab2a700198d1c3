import * as React from "react";
import type { Bridge } from "../bridge";
import { Bitmask } from "../../../web/shared/wire/columns";
import type { RunInfo, Show } from "../contract.gen";
import { count } from "../words";
import type { Cloud } from "./useCloud";

/**
 * What S alone, U alone and the grid's filters leave: every count, the legend and the distances are
 * of these points.
 */
export interface Shown {
  show: Show;
  /** What the grid keeps; null keeps all. */
  match: Bitmask | null;
  keeps(index: number): boolean;
  /** Points kept, of S and of U. */
  owned: number;
  pool: number;
}

/** The points of a cloud that a choice of set and the grid's filters leave. */
function shownOf(cloud: Pick<Cloud, "n" | "sets">, show: Show, match: Bitmask | null): Shown {
  const { n, sets } = cloud;
  let owned = 0;
  let pool = 0;
  for (let i = 0; i < n; i++) {
    if (match && !match.has(i)) continue;
    if (sets.has(i)) owned++;
    else pool++;
  }
  return {
    show,
    match,
    keeps: (i) => (!match || match.has(i)) && (show === "both" || sets.has(i) === (show === "S")),
    owned: show === "U" ? 0 : owned,
    pool: show === "S" ? 0 : pool,
  };
}

/** How many points are on show, of how many: of one set where it is alone, of all otherwise. */
export function shownWords(
  run: Pick<RunInfo, "total" | "S" | "U">,
  { show, match, owned, pool }: Pick<Shown, "show" | "match" | "owned" | "pool">,
): string {
  const [all, noun] = { S: [run.S, "owned"], U: [run.U, "candidates"], both: [run.total, "points"] }[show] as [number, string];
  const now = owned + pool;
  if (now === all) return `${count(all)} ${noun}`;
  // Fewer than there are: the grid filters, or the limit of points drawn.
  return `${match ? "" : "Showing "}${count(now)} of ${count(all)}${match || show !== "both" ? ` ${noun}` : ""}`;
}

export function useShown(bridge: Bridge, cloud: Cloud | null): Shown | null {
  const { masks } = bridge.data;
  const { show } = bridge.choices;
  return React.useMemo(() => {
    if (!cloud) return null;
    const filtered = masks?.match && masks.stamp === cloud.stamp ? masks.match : null;
    return shownOf(cloud, show, filtered ? Bitmask.decode(filtered, cloud.n) : null);
  }, [cloud, masks, show]);
}
