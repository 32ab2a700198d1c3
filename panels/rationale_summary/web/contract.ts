/** Mirrors `panels/rationale_summary/contract.py`: the events, what they take and what they answer. */

import type { Decision, Model, Status, Tier } from "../../web/shared/rationales/verdicts";

/** What was clicked; all that is given must hold, and null is "none", a value of its own. */
export interface Pick {
  status?: Status | null;
  class?: string | null;
  decision?: Decision | null;
  tier?: Tier;
  /** Low, high, and whether the bin is the last one, which holds its end. */
  score?: [number, number, boolean];
}

export interface Bar<N> {
  name: N;
  count: number;
}

export interface Counts {
  total: number;
  decided: number;
  /** Share of "agree" among agree, disagree and relabel. */
  agreement: number | null;
  statuses: Bar<Status | null>[];
  decisions: Bar<Decision | null>[];
  tiers: { name: Tier; count: number; decided: number }[];
  agreed: ({ status: Status | null } & Partial<Record<Decision, number>>)[];
  /** The most misclassified first. */
  classes: { name: string | null; bars: Bar<Status | null>[] }[];
  classes_total: number;
  /** One more than there are bins. */
  edges: number[];
  scores: Record<Status, number[]>;
}

export interface Ready {
  kind: "ready";
  models: Model[];
  model: string;
  /** What the grid shows of these counts, null for all. */
  pick: Pick | null;
  counts: Counts;
}

export type Opened = Ready | { kind: "empty" } | { kind: "no_verdicts"; can_import: boolean };

export interface Events {
  open: [{ model: string | null }, Opened];
  pick: [{ model: string; pick: Pick }, { shown: number; pick: Pick }];
  back: [object, object];
  review: [{ model: string }, { id: string }];
  import_cache: [object, object];
}

export const EVENT_NAMES: readonly (keyof Events)[] = ["open", "pick", "back", "review", "import_cache"];
