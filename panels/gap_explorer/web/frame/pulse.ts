/** What a look at the dataset means: whether to fill the panel again, and to draw the grid again. */

import type { Work } from "../../../web/shared/work/work.gen";
import type { Pulse } from "../contract.gen";

/** What the looks so far have come to. */
export interface Looked {
  /** The state that was asked for last: where the panel cannot show it, asking again changes nothing. */
  asked: string | null;
  /** Null before the first look. */
  work: readonly Work[] | null;
  /** Work has ended since the grid was drawn. */
  owed: boolean;
  refreshed: number;
}

export const NOT_LOOKED: Looked = { asked: null, work: null, owed: false, refreshed: 0 };

/** The panel as it is at a look. */
export interface Standing {
  /** The state that it shows; undefined before it was filled. */
  shown: string | null | undefined;
  /** It has an analysis. */
  run: boolean;
  /** Counts what in this browser has changed samples, and so told the grid itself. */
  refreshed: number;
  /** Its contents are on their way. */
  filling: boolean;
}

/** Whether some work has ended from one look to the next, however short it was. */
export function endedSince(before: readonly Work[] | null, now: readonly Work[]): boolean {
  if (!before) return false;
  const runs = (all: readonly Work[], id: string): boolean => all.some((one) => one.id === id && one.state === "running");
  const stopped = before.some((one) => runs(before, one.id) && !runs(now, one.id));
  return stopped || now.some((one) => one.state !== "running" && !before.some(({ id }) => id === one.id));
}

/** What to do after a look, and what to remember of it. */
export function after(last: Looked, { state, unfinished, work }: Pulse, panel: Standing): { looked: Looked; fill: { grid: boolean } | null } {
  const owed = last.owed || endedSince(last.work, work);
  const waiting = { ...last, work, owed };
  // While a step writes or contents come, the next look says more.
  if (state === null || panel.shown === undefined || panel.filling) return { looked: waiting, fill: null };
  const newer = state !== panel.shown && state !== last.asked;
  const asked = newer ? state : last.asked;
  const kept = unfinished !== null && panel.run; // it says so, and keeps what it has
  const looked: Looked = { asked, work, owed: kept && owed, refreshed: panel.refreshed };
  if (kept || (!owed && !newer)) return { looked, fill: null };
  return { looked, fill: { grid: owed || panel.refreshed === last.refreshed } };
}
