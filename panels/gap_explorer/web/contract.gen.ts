// Generated from panels/gap_explorer/contract.py by `npm run contracts`: edit that file instead.

import type { Work, WorkAct, WorkAnswer } from "../../web/shared/work/work.gen";
import type { ActionAnswer, ActionParams, Answer, Card, HeatGridPayload, QueryParams } from "./contract_answers.gen";
import type { Base64, Basis, FieldGroup, Kind, Metric, Palette, Projection, QueryMode, Score, Show, SourceName, TickName } from "./contract_kinds.gen";
import type { GapsAt, Overview, Progress } from "./contract_pages.gen";
export * from "./contract_kinds.gen";
export * from "./contract_answers.gen";
export * from "./contract_pages.gen";
export const MISSING = 65535;

export const STEPS = 65534;

export const COMPONENT = "GapsphereGapExplorer";

/** Drives that the panel lists: the most unusual ones. */
export const DRIVES_MAX = 200;

/** What the person chose. */
export interface Choices {
  show: Show;
  /** `dist_to_S`, `density`, or a field's path. */
  colour: string;
  /** Legend range; null follows the data. */
  range: readonly [number, number] | null;
  projection: Projection;
  /** Most points shown; 0 shows all. */
  limit: number;
  topK: number;
  metric: Metric;
  search: Show;
  rerank: boolean;
  /** Neighbours stand for a wider neighbourhood. */
  spread: boolean;
  /** δ in the run's metric; null follows the run. */
  delta: number | null;
  /** δ of the run that it was chosen against; it is dropped when the run has another. */
  deltaOf: number | null;
  mode: QueryMode;
  sphere: boolean;
  lattice: boolean;
  picks: boolean;
  /** Unfolded. */
  legend: boolean;
  palette: Palette;
  /** Which analysis, where there are several; null takes the first. */
  suffix: string | null;
  /** Heatmaps over the thumbnails that have one. */
  heat: boolean;
  heatOpacity: number;
  /** The start of the App whose settings were taken. */
  started: string | null;
}

/** What `gapsphere app` was given of the choices. */
export interface StartChoices {
  show?: Show;
  projection?: Projection;
  limit?: number;
  topK?: number;
  metric?: Metric;
  search?: Show;
  delta?: number | null;
  rerank?: boolean;
}

/** One start of the App: its choices are taken once, later ones of the person stay. */
export interface Start {
  id: string;
  choices: StartChoices;
}

export interface IsReady {
  kind: "ready";
}

export interface EmptyDataset {
  kind: "empty_dataset";
}

export interface NotComputed {
  kind: "not_computed";
  samples: number;
  S: number;
  U: number;
  /** What a run that ended early, or single steps, left; empty where nothing was begun. */
  done: string;
  /** Which step did not finish; empty where each did. */
  unfinished: string;
  can_run: boolean;
}

/** A step runs, and what was there before is not known any more. */
export interface Working {
  kind: "working";
  message: string;
}

export interface Failed {
  kind: "failed";
  message: string;
}

export type Status = IsReady | EmptyDataset | NotComputed | Working | Failed;

export interface FieldChoice {
  path: string;
  kind: Kind;
  group: FieldGroup;
  /** Unit or meaning of its numbers; empty where it is unknown. */
  unit: string;
}

/** Samples added to or removed from the dataset since the run. */
export interface Stale {
  added: number;
  removed: number;
}

/** Which operators the panel may open. */
export interface Operators {
  find_gaps: boolean;
  compute_heatmaps: boolean;
  export_visual_spec: boolean;
  summarize_gaps: boolean;
}

/** What sets a drive apart by name. */
export interface Finding {
  sentence: string;
}

/** One drive of U beside those of S. */
export interface DriveRow {
  drive: string;
  frames: number;
  /** Share of drives at least as unusual; null where S has one drive. */
  p: number | null;
  /** Median distance to S. */
  median: number;
  /** In units of the median distance inside S. */
  effect: number | null;
  gaps: number;
  covered: number;
  cannot_say: number;
  /** S holds images of the same drive. */
  owned: boolean;
  findings: Finding[];
}

/** A distance worth trying as δ. */
export interface TickInfo {
  name: TickName;
  delta: number;
  label: string;
  /** What the distance is, in words. */
  rule: string;
  /** S has the drives that it needs. */
  supported: boolean;
  gaps: number;
}

/** The analysis that the points belong to. */
export interface RunInfo {
  dataset: string;
  dataset_id: string;
  brain_key: string;
  /** Changes when the points are placed anew. */
  sphere: string;
  suffix: string;
  /** Every analysis that has a sphere. */
  suffixes: string[];
  /** Changes whenever the columns do; answers with another stamp are dropped. */
  stamp: string;
  limit: number;
  /** Its samples are slices of groups. */
  grouped: boolean;
  total: number;
  S: number;
  U: number;
  gaps: number;
  delta: number;
  /** A person gave it: the measured one can be had back. */
  delta_given: boolean;
  ticks: TickInfo[];
  metric: Metric;
  /** What δ rests on. */
  basis: Basis;
  /** What decides the run's verdicts: the distance to S, or novelty. */
  score: Score;
  /** Level that δ holds; null where that is unknown. */
  level: number | null;
  cannot_say: number;
  /** Drives of S, m: δ holds level 1 - F(δ) m / (m + 1), F being the share in `own_quantiles`. */
  drives_owned: number;
  /** What the verdicts are worth, in a sentence. */
  standing: string;
  /** What stands beside the level in a line: the drives, what is missing for a level. */
  standing_in_short: string;
  /** How many drives there are, in words. */
  unit: string;
  /** What the person should know about the run. */
  notes: string[];
  /** Path that names the drives; null where no field does. */
  sequence_field: string | null;
  /** Drives of U, the most unusual first, `DRIVES_MAX` at most. */
  drives: DriveRow[];
  /** Equally spaced quantiles of `dist_to_S` over all of U, 0 % to 100 %. */
  quantiles: Base64;
  /** Equally spaced quantiles of the distances inside S, drives left out and weighted alike. */
  own_quantiles: Base64;
  /** The same with only the image itself left out. */
  inside_quantiles: Base64;
  fields: FieldChoice[];
  stale: Stale | null;
  /** Changes with what the first screen is made of, beyond the points. */
  overview: string;
  operators: Operators;
  source: SourceName;
}

/** uint16: numeric is min + (max - min) * u16 / STEPS, categorical an index of `classes`. */
export interface ColourColumn {
  field: string;
  kind: Kind;
  values: Base64;
  min: number;
  max: number;
  /** Most frequent first. */
  classes: string[];
}

export interface StampedColumn extends ColourColumn {
  stamp: string;
}

/** 14 bytes and two bits a point. */
export interface ColumnsPayload {
  stamp: string;
  n: number;
  /** float32, interleaved; null when the source is `routes`. */
  xyz: Base64 | null;
  /** Bitmask, little bit order: 1 is S. */
  sets: Base64;
  /** Bitmask: 1 is a gap of the run, whatever decided that; at another δ the distance does. */
  gaps: Base64;
  /** uint32 positions of the K-Center picks that are left, first pick first. */
  picks: Base64;
  /** uint32, the rank of each: with holes where picks were deleted. */
  ranks: Base64;
  dist: ColourColumn;
}

/** Which points the grid's view and filters keep. */
export interface MasksPayload {
  stamp: string;
  /** null: nothing is filtered. */
  match: Base64 | null;
}

export interface PanelData {
  /** Name of the dataset that all of this but `opened` is about. */
  dataset?: string;
  /** Names all of it, as the pulse does. */
  state?: string | null;
  /** As in the pulse. */
  mark?: string | null;
  status?: Status;
  run?: RunInfo | null;
  columns?: ColumnsPayload | null;
  masks?: MasksPayload | null;
  start?: Start | null;
  /** Sample id of the image opened in the modal. */
  opened?: string | null;
}

/** What the panel asks now and then. */
export interface Pulse {
  /** Names what there is to show; null while a step writes it. */
  state: string | null;
  /** Changes with every edit of a sample; null while a step writes. */
  mark: string | null;
  /** The sentence of a step that was interrupted: what it wrote is no result. */
  unfinished: string | null;
  work: Work[];
}

export interface Events {
  reload: [{ limit: number; suffix: string | null; source?: SourceName | null; grid?: boolean }, Record<string, never>];
  pulse: [Record<string, never>, Pulse];
  work: [{ id: string; do: WorkAct }, WorkAnswer];
  masks: [{ stamp: string }, MasksPayload];
  colour: [{ stamp: string; field: string }, StampedColumn];
  geometry: [{ stamp: string }, { stamp: string; xyz: Base64 }];
  cartesian: [{ stamp: string }, { stamp: string; xyz: Base64 }];
  ids: [{ stamp: string }, { stamp: string; ids: Base64 }];
  card: [{ stamp: string; index: number; delta: number | null }, Card];
  cards: [{ stamp: string; ids: string[]; delta: number | null }, { cards: Card[] }];
  heatmaps: [{ stamp: string; ids: string[] }, { maps: Record<string, HeatGridPayload>; making: Work | null }];
  making: [Record<string, never>, { making: Work | null }];
  flatten: [Record<string, never>, { changing: boolean }];
  ask: [QueryParams, Answer];
  overview: [{ stamp: string }, Overview];
  progress: [{ stamp: string }, Progress];
  delta: [{ stamp: string; delta: number; field?: string | null }, GapsAt];
  show_gaps: [{ stamp: string; delta: number }, { message: string }];
  use_delta: [{ stamp: string; delta: number | null }, { message: string }];
  act: [ActionParams, ActionAnswer];
  clear: [Record<string, never>, Record<string, never>];
  find_gaps: [Record<string, never>, Record<string, never>];
  summarize: [Record<string, never>, Record<string, never>];
}

export type EventName = keyof Events;

export const EVENT_NAMES: readonly EventName[] = ["reload", "pulse", "work", "masks", "colour", "geometry", "cartesian", "ids", "card", "cards", "heatmaps", "making", "flatten", "ask", "overview", "progress", "delta", "show_gaps", "use_delta", "act", "clear", "find_gaps", "summarize"];

export const DEFAULT_CHOICES: Choices = {"show": "both", "colour": "dist_to_S", "range": null, "projection": "sphere", "limit": 50000, "topK": 8, "metric": "cosine", "search": "U", "rerank": true, "spread": true, "delta": null, "deltaOf": null, "mode": "point", "sphere": true, "lattice": true, "picks": true, "legend": true, "palette": "viridis", "suffix": null, "heat": true, "heatOpacity": 0.6, "started": null};
