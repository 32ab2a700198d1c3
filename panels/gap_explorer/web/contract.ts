/**
 * What Python and this panel say to each other.  `panels/gap_explorer/contract.py` holds the other
 * half; a test compares the names.
 *
 * The rule: **data** is what was computed (pushed by Python, lost on reload, sent again by
 * `on_load`), **choices** are the person's (kept by the browser, see `hooks/useChoices.ts`, and sent
 * with the events that need them), and an **event** returns its answer as the result of the call.
 *
 * Every per-point column is in one canonical order, the order of the sphere's brain run restricted
 * to the points shown, and a point's position in it is its only key here.
 */

import type { Vec3 } from "./math";

/** Little-endian bytes as base64: the one way in which arrays cross. */
export type Base64 = string;

export type Projection = "sphere" | "cartesian";
export type Show = "S" | "U" | "both";
export type Metric = "cosine" | "euclidean";
export type QueryMode = "point" | "place" | "cap";

/** What the person chose. */
export interface Choices {
  show: Show;
  /** `dist_to_S`, `density`, or a field's path. */
  colour: string;
  /** Legend range; null follows the data. */
  range: [number, number] | null;
  projection: Projection;
  /** Points shown at most; 0 shows all. */
  limit: number;
  topK: number;
  metric: Metric;
  search: Show;
  rerank: boolean;
  /** δ in the run's metric; null follows the run. */
  delta: number | null;
  mode: QueryMode;
  sphere: boolean;
  lattice: boolean;
  picks: boolean;
  palette: "viridis" | "cividis";
  /** Which analysis, where there are several; null takes the first. */
  suffix: string | null;
  /** Heatmaps over the thumbnails that have one, and how dense, 0..1. */
  heat: boolean;
  heatOpacity: number;
}

export const DEFAULT_CHOICES: Choices = {
  show: "both",
  colour: "dist_to_S",
  range: null,
  projection: "sphere",
  limit: 50_000,
  topK: 8,
  metric: "cosine",
  search: "U",
  rerank: true,
  delta: null,
  mode: "point",
  sphere: true,
  lattice: true,
  picks: true,
  palette: "viridis",
  suffix: null,
  heat: true,
  heatOpacity: 0.6,
};

/** Panel data `status`: which face the panel shows. */
export type Status =
  | { kind: "ready" }
  | { kind: "empty_dataset" }
  | { kind: "not_computed"; samples: number; S: number; U: number; can_run: boolean }
  | { kind: "failed"; message: string };

export interface FieldChoice {
  path: string;
  kind: "numeric" | "categorical";
}

/** Panel data `run`: the analysis the points belong to. */
export interface RunInfo {
  dataset: string;
  dataset_id: string;
  brain_key: string;
  suffix: string;
  /** Every analysis that has a sphere. */
  suffixes: string[];
  /** Changes whenever the columns do; answers that carry another stamp are dropped. */
  stamp: string;
  /** Points shown at most, as the columns were made; 0 is all. */
  limit: number;
  /** Points of the run, and how many of them are shown. */
  total: number;
  shown: number;
  S: number;
  U: number;
  gaps: number;
  delta: number;
  delta_max: number;
  delta_source: string;
  metric: Metric;
  /** Equally spaced quantiles of `dist_to_S` over all of U, 0 % to 100 %. */
  quantiles: Base64;
  /** Equally spaced quantiles of the leave-one-out distances of S. */
  own_quantiles: Base64;
  encoder: string;
  fields: FieldChoice[];
  /** Samples added to or removed from the dataset since the run, if any. */
  stale: { added: number; removed: number } | null;
  /** Which operators the panel may hand over to. */
  operators: { find_gaps: boolean; compute_heatmaps: boolean; export_visual_spec: boolean };
  /** `routes`: geometry comes from FiftyOne's own `/embeddings/v2`, not in `columns.xyz`. */
  source: SourceName;
}

/** Who serves coordinates and ids; see `source.ts`. */
export type SourceName = "panel" | "routes";

/** A colour column: `values` is uint16, 65535 stands for missing. */
export interface ColourColumn {
  field: string;
  kind: "numeric" | "categorical";
  values: Base64;
  /** Numeric: value = min + (max - min) * u16 / 65534. */
  min: number;
  max: number;
  /** Categorical: the names the indices stand for, most frequent first. */
  classes: string[];
}

/** Panel data `columns`: 14 bytes and one bit a point. */
export interface ColumnsPayload {
  stamp: string;
  n: number;
  /** float32, interleaved; null when `run.source` is `routes`. */
  xyz: Base64 | null;
  /** Bitmask, little bit order: 1 is S. */
  sets: Base64;
  /** uint32 positions of the K-Center picks, first pick first. */
  picks: Base64;
  dist: ColourColumn;
}

/** Panel data `masks`: which points the grid's view and filters keep. */
export interface MasksPayload {
  stamp: string;
  /** null: nothing is filtered. */
  match: Base64 | null;
  count: number;
}

export interface PanelData {
  /** Name of the dataset that all of this but `opened` is about. */
  dataset?: string;
  status?: Status;
  run?: RunInfo;
  columns?: ColumnsPayload;
  masks?: MasksPayload;
  /** Sample id of the image opened in the modal. */
  opened?: string | null;
}

export type Query =
  | { kind: "point"; id: string }
  | { kind: "point"; index: number }
  | { kind: "place"; direction: Vec3 }
  | { kind: "cap"; direction: Vec3; angle: number };

export interface QueryParams {
  query: Query;
  stamp: string;
  k: number;
  metric: Metric;
  search: Show;
  rerank: boolean;
  delta: number | null;
}

/** One image in an answer. */
export interface Card {
  id: string;
  /** Position among the points shown, -1 when it is not shown. */
  index: number;
  filepath: string;
  set: "S" | "U" | "";
  dist_to_S: number | null;
  percentile: number | null;
  gap: boolean;
  /** K-Center rank, null when it was not picked. */
  pick: number | null;
  /** Distance to the place asked for, in the query's metric. */
  distance: number | null;
}

/** Numbers behind the verdict; `words.ts` turns them into sentences. */
export interface Verdict {
  /** True for an empty place: read off a mean of neighbours, not off an image. */
  estimated: boolean;
  /** The place itself belongs to S: its distance to the rest of S. */
  owned: boolean;
  distance: number;
  percentile: number;
  delta: number;
  metric: Metric;
  gap: boolean;
  /** Candidates of U near the place that lie beyond δ, of how many looked at. */
  candidates: number;
  looked_at: number;
  /** Distance from the place to the nearest candidate of U. */
  nearest_candidate: number | null;
  /** Share of sphere neighbours that are neighbours in embedding space, 0..1. */
  trust: number | null;
  trust_k: number;
}

export interface Answer {
  stamp: string;
  query: Query;
  cards: Card[];
  /** Samples in the answer: K neighbours, or everything inside a cap. */
  total: number;
  inside: { S: number; U: number; gaps: number } | null;
  verdict: Verdict | null;
  /** uint32 positions, among the points shown, to light up. */
  highlight: Base64;
  /** Milliseconds the query took in Python. */
  ms: number;
}

export interface DeltaAnswer {
  delta: number;
  gaps: number;
  U: number;
  percentile: number;
}

export type Action =
  | { kind: "show" }
  | { kind: "select" }
  | { kind: "view" }
  | { kind: "tag"; tag: string }
  | { kind: "save_view"; name: string }
  | { kind: "heatmap" }
  | { kind: "collect" }
  | { kind: "spec" };

/** Samples meant one by one need no question; null means the whole answer of one. */
export type ActionParams = { action: Action; stamp: string } & (
  | ({ ids: null } & QueryParams)
  | ({ ids: string[] } & Partial<QueryParams>)
);

export interface ActionAnswer {
  /** What was done, for the person. */
  message: string;
  /** `heatmap`: the work that has begun. */
  making?: Making;
  /** `collect`: the candidates meant, and how many samples of S were left out. */
  ids?: string[];
  owned?: number;
}

/** Heatmaps that are being made, or were made last. */
export interface Making {
  running: boolean;
  done: number;
  total: number;
  message: string | null;
  error: string | null;
}

/** One heatmap as it is stored: uint8, row by row, covering the whole image. */
export interface HeatGridPayload {
  rows: number;
  columns: number;
  values: Base64;
}

/** Any event may return this in place of its answer: one sentence for the person. */
export interface Refusal {
  error: string;
}

/** Events by name, with what goes in and what comes back. */
export interface Events {
  reload: [{ limit: number; suffix: string | null; source?: SourceName | null }, Record<string, never>];
  masks: [{ stamp: string }, MasksPayload];
  colour: [{ field: string; stamp: string }, ColourColumn & { stamp: string }];
  geometry: [{ stamp: string }, { stamp: string; xyz: Base64 }];
  cartesian: [{ stamp: string }, { stamp: string; xyz: Base64 }];
  ids: [{ stamp: string }, { stamp: string; ids: Base64 }];
  card: [{ index: number; stamp: string; delta: number | null }, Card];
  cards: [{ ids: string[]; stamp: string; delta: number | null }, { cards: Card[] }];
  heatmaps: [
    { ids: string[]; stamp: string },
    { maps: Record<string, HeatGridPayload>; making: Making | null },
  ];
  making: [{ stop: boolean }, { making: Making | null }];
  ask: [QueryParams, Answer];
  delta: [{ delta: number; stamp: string }, DeltaAnswer];
  act: [ActionParams, ActionAnswer];
  clear: [Record<string, never>, Record<string, never>];
  find_gaps: [Record<string, never>, Record<string, never>];
}

export type EventName = keyof Events;

export const EVENT_NAMES: readonly EventName[] = [
  "reload",
  "masks",
  "colour",
  "geometry",
  "cartesian",
  "ids",
  "card",
  "cards",
  "heatmaps",
  "making",
  "ask",
  "delta",
  "act",
  "clear",
  "find_gaps",
];
