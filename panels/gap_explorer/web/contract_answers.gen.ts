// Generated from panels/gap_explorer/contract_answers.py by `npm run contracts`: edit that file instead.

import type { Work } from "../../web/shared/work/work.gen";
import type { Base64, GapVerdict, Metric, OfStamp, Show, Tone, Vec3 } from "./contract_kinds.gen";
/** Samples that a tray holds: as many as a person gathers by hand. */
export const TRAY_MAX = 1000;

export interface SampleQuery {
  kind: "point";
  id: string;
}

export interface PointQuery {
  kind: "point";
  index: number;
  /** In an answer: the sample, whatever its position becomes. */
  id?: string;
}

export interface PlaceQuery {
  kind: "place";
  direction: Vec3;
}

export interface CapQuery {
  kind: "cap";
  direction: Vec3;
  angle: number;
}

export interface LassoQuery {
  kind: "lasso";
  /** Bitmask over the points shown: 1 is inside. */
  mask: Base64;
}

export interface DriveQuery {
  kind: "drive";
  drive: string;
}

export type Query = SampleQuery | PointQuery | PlaceQuery | CapQuery | LassoQuery | DriveQuery;

export interface QueryParams extends OfStamp {
  query: Query;
  k: number;
  metric: Metric;
  search: Show;
  rerank: boolean;
  spread: boolean;
  delta: number | null;
}

/** One image in an answer. */
export interface Card {
  id: string;
  /** Position among the points shown, -1 when it is not shown. */
  index: number;
  filepath: string;
  /** Null where no field names it. */
  drive: string | null;
  set: "S" | "U";
  /** In the unit of the answer, else the run's. */
  dist_to_S: number | null;
  percentile: number | null;
  /** Null for an image of S. */
  verdict: GapVerdict | null;
  /** Images of S within δ. */
  support: number | null;
  support_drives: number | null;
  /** K-Center rank, null when it was not picked. */
  pick: number | null;
  /** Distance to the image asked about, in the query's metric; null elsewhere. */
  distance: number | null;
}

export interface Trust {
  level: "supported" | "weak" | "artefact";
  text: string;
}

/** A verdict in words, for a person. */
export interface Sentences {
  tone: Tone;
  /** How far an image is from the owned image beside it; may be empty. */
  apart: string;
  evidence: string[];
  /** A word or two; empty of a place and a cap. */
  badge: string;
  /** The verdict and its reservation; may be empty. */
  headline: string;
  /** What to do; may be empty. */
  advice: string;
  trust: Trust | null;
}

export interface Answer extends OfStamp {
  query: Query;
  cards: Card[];
  /** Images of S around a place or in a cap. */
  owned: Card[];
  /** The image of S nearest to a point; of another drive, where the point is of S itself. */
  beside: Card | null;
  /** Images of U near here that are not shown and of the drive of one that is, by its id. */
  more: Record<string, number>;
  /** Unit of every distance in the answer. */
  metric: Metric;
  /** Samples in the answer: K neighbours, or everything inside a cap or lasso or of a drive. */
  total: number;
  /** The verdict; null where S has no image on the sphere. */
  words: Sentences | null;
  /** uint32 positions, among the points shown, to light up. */
  highlight: Base64;
  /** Milliseconds the query took in Python, which the benchmark reads. */
  ms: number;
}

export interface PlainAction {
  /** `link` shows them in the grid and leaves the view bar; `untag` undoes the last tag. */
  kind: "link" | "show" | "select" | "heatmap" | "collect" | "spec" | "untag";
}

export interface TagAction {
  kind: "tag";
  tag: string;
}

export interface SaveViewAction {
  kind: "save_view";
  name: string;
}

export type Action = PlainAction | TagAction | SaveViewAction;

/** On everything in the answer to a query. */
export interface OnAnswer extends QueryParams {
  action: Action;
  ids: null;
}

/** On samples chosen one by one; the query is not read. */
export interface OnSamples extends OfStamp {
  action: Action;
  ids: string[];
}

export interface CardGroup {
  kind: "card";
  /** A value of the field `gap_card`. */
  key: string;
}

export interface PicksGroup {
  kind: "picks";
  /** So many, the first pick first. */
  count: number;
}

/** Candidates with a value. */
export interface ValueGroup {
  kind: "value";
  field: string;
  value: string;
}

export interface DriveGroup {
  kind: "drive";
  drive: string;
}

export type Group = CardGroup | PicksGroup | ValueGroup | DriveGroup;

/** On samples that belong together without a question. */
export interface OnGroup extends OfStamp {
  action: Action;
  group: Group;
}

export type ActionParams = OnAnswer | OnSamples | OnGroup;

export interface ActionAnswer {
  /** What was done, for the person. */
  message: string;
  /** `tag`: `untag` takes it back. */
  undo?: boolean;
  /** `heatmap`: the work that has begun. */
  making?: Work;
  /** `collect`: the candidates meant. */
  ids?: string[];
  /** `collect`: how many samples of S were left out. */
  owned?: number;
}

/** One heatmap as it is stored: uint8, row by row, covering the whole image. */
export interface HeatGridPayload {
  rows: number;
  columns: number;
  values: Base64;
}
