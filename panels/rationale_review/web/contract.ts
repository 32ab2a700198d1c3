/** Mirrors `panels/rationale_review/contract.py`: the events, what they take and what they answer. */

import type { Decision, Model, Status, Tier } from "../../web/shared/rationales/verdicts";

export type Over = "queue" | "view";

export interface Standing {
  decision: Decision | null;
  label: string | null;
  note: string | null;
  /** ISO, UTC. */
  time: string | null;
}

export interface Card {
  id: string;
  /** Whose verdict this is; "" is the model without a name. */
  model: string;
  filepath: string;
  name: string;
  truth: string | null;
  /** null: the model said nothing of this sample. */
  status: Status | null;
  score: number | null;
  rationale: string | null;
  /** What the file held, where it did not parse. */
  raw: string | null;
  /** Characters left out of the text. */
  cut: number;
  tier: Tier;
  centroid: { similarity: number | null; rank: number | null; bottom: boolean };
  others: { model: string; status: Status | null; score: number | null }[];
  decision: Standing;
  /** Places from 0; null where the view does not hold the sample. */
  at: { queue: number | null; view: number | null };
}

export interface Neighbor {
  id: string;
  filepath: string;
  truth: string | null;
  status: Status | null;
  score: number | null;
  decision: Decision | null;
  /** Cosine distance, 0 to 2. */
  distance: number;
  /** Whether the view holds it: the App's modal opens no other. */
  here: boolean;
}

export interface Progress {
  progress: { decided: number; total: number };
  can_undo: boolean;
}

export interface Ready extends Progress {
  kind: "ready";
  models: Model[];
  model: string;
  /** Classes to relabel to, the most frequent first. */
  labels: string[];
  /** Lowest and highest score there can be. */
  scale: [number, number];
  embeddings: boolean;
}

export type Opened = Ready | { kind: "empty" } | { kind: "no_verdicts"; can_import: boolean };

export interface Choice {
  decision: Decision;
  label: string | null;
  note: string | null;
}

interface About {
  id: string;
  model: string;
}

export interface Events {
  open: [{ model: string | null }, Opened];
  card: [About, { card: Card }];
  decide: [
    About & Choice & { advance: boolean },
    Progress & { card: Card; next: Card | null },
  ];
  undo: [{ model: string }, Progress & { card: Card | null; taken?: Decision }];
  step: [About & { over: Over; by: 1 | -1 }, { card: Card | null }];
  show: [About, { card: Card }];
  neighbors: [About, { id: string; neighbors: Neighbor[] }];
  import_cache: [object, object];
}

export const EVENT_NAMES: readonly (keyof Events)[] = [
  "open",
  "card",
  "decide",
  "undo",
  "step",
  "show",
  "neighbors",
  "import_cache",
];
