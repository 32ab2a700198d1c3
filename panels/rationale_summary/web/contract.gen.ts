// Generated from panels/rationale_summary/contract.py by `npm run contracts`: edit that file instead.

import type { Decision, Empty, Model, NoVerdicts, Status, Tier } from "../../web/shared/rationales/verdicts.gen";
export const COMPONENT = "GapsphereRationaleSummary";

/** What was clicked: everything given must hold, and null is the value "none". ``score`` is low, high and whether the bin is the last one, which includes its end. */
export interface Pick {
  status?: Status | null;
  class?: string | null;
  decision?: Decision | null;
  tier?: Tier;
  score?: readonly [number, number, boolean];
}

export interface StatusBar {
  name: Status | null;
  count: number;
}

export interface DecisionBar {
  name: Decision | null;
  count: number;
}

export interface TierBar {
  name: Tier;
  count: number;
  decided: number;
}

export interface ClassBars {
  name: string | null;
  bars: StatusBar[];
}

/** Decisions counted for one status. */
export interface Agreed {
  status: Status | null;
  agree?: number;
  disagree?: number;
  relabel?: number;
  unsure?: number;
}

export interface Counts {
  total: number;
  decided: number;
  /** Share of "agree" among agree, disagree and relabel. */
  agreement: number | null;
  statuses: StatusBar[];
  decisions: DecisionBar[];
  tiers: TierBar[];
  agreed: Agreed[];
  /** The most misclassified first. */
  classes: ClassBars[];
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

export type Opened = Ready | Empty | NoVerdicts;

export interface Events {
  open: [{ model: string | null }, Opened];
  pick: [{ model: string; pick: Pick }, { shown: number; pick: Pick }];
  back: [Record<string, never>, Record<string, never>];
  review: [{ model: string }, { id: string }];
  import_cache: [Record<string, never>, Record<string, never>];
}

export type EventName = keyof Events;

export const EVENT_NAMES: readonly EventName[] = ["open", "pick", "back", "review", "import_cache"];
