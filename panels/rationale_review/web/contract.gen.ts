// Generated from panels/rationale_review/contract.py by `npm run contracts`: edit that file instead.

import type { Decision, Empty, Model, NoVerdicts, Status, Tier } from "../../web/shared/rationales/verdicts.gen";
export const COMPONENT = "GapsphereRationaleReview";

/** Characters of a rationale that are sent, so that a runaway model cannot stall the browser. */
export const TEXT_MAX = 20000;

export const NEIGHBORS = 8;

export type Over = "queue" | "view";

/** The decision that holds for a sample; ``time`` is ISO, UTC. */
export interface Standing {
  decision: Decision | null;
  label: string | null;
  note: string | null;
  time: string | null;
}

/** Similarity to the centre of the sample's class, and whether in the lowest 5 %. */
export interface Centroid {
  similarity: number | null;
  bottom: boolean;
}

export interface OtherModel {
  model: string;
  status: Status | null;
  score: number | null;
}

/** Positions from 0; null where the view does not hold the sample. */
export interface Place {
  queue: number | null;
  view: number | null;
}

/** One sample in full. */
export interface Verdict {
  id: string;
  filepath: string;
  name: string;
  truth: string | null;
  /** null: the model has no status for this sample. */
  status: Status | null;
  score: number | null;
  /** The class that the model answered with, where its table has one. */
  prediction: string | null;
  rationale: string | null;
  /** The model's text, where it did not parse. */
  raw: string | null;
  /** Characters left out of the text. */
  cut: number;
  tier: Tier;
  centroid: Centroid;
  others: OtherModel[];
  decision: Standing;
}

export interface Card extends Verdict {
  /** The model judged by; "" is the model without a name. */
  model: string;
  at: Place;
}

export interface Neighbor {
  id: string;
  filepath: string;
  truth: string | null;
  status: Status | null;
  decision: Decision | null;
  /** Cosine distance, 0 to 2. */
  distance: number;
  /** Whether the view holds it: the App's modal opens no other. */
  here: boolean;
}

export interface Decided {
  decided: number;
  total: number;
}

export interface Progress {
  progress: Decided;
  can_undo: boolean;
}

export interface Ready extends Progress {
  kind: "ready";
  models: Model[];
  model: string;
  /** Classes to relabel to, the most frequent first. */
  labels: string[];
  /** Lowest and highest possible score. */
  scale: readonly [number, number];
  embeddings: boolean;
}

export type Opened = Ready | Empty | NoVerdicts;

export interface Choice {
  decision: Decision;
  label: string | null;
  note: string | null;
}

export interface Events {
  open: [{ model: string | null }, Opened];
  card: [{ id: string; model: string }, { card: Card }];
  decide: [{ id: string; model: string; decision: Decision; label: string | null; note: string | null; advance: boolean }, { progress: Decided; can_undo: boolean; card: Card; next: Card | null }];
  undo: [{ model: string }, { progress: Decided; can_undo: boolean; card: Card | null; taken?: Decision }];
  step: [{ id: string; model: string; over: Over; by: 1 | -1 }, { card: Card | null }];
  show: [{ id: string; model: string }, { card: Card }];
  neighbors: [{ id: string; model: string }, { id: string; neighbors: Neighbor[] }];
  import_cache: [Record<string, never>, Record<string, never>];
}

export type EventName = keyof Events;

export const EVENT_NAMES: readonly EventName[] = ["open", "card", "decide", "undo", "step", "show", "neighbors", "import_cache"];
