// Generated from panels/gap_explorer/contract.py by `npm run contracts`: edit that file instead.

import type { Work } from "../../web/shared/work/work.gen";
export const MISSING = 65535;

export const STEPS = 65534;

export const COMPONENT = "GapsphereGapExplorer";

/** Samples that a tray holds: as many as a person gathers by hand. */
export const TRAY_MAX = 1000;

/** Drives that the panel lists: the most unusual ones. */
export const DRIVES_MAX = 200;

/** Values that the gaps at a δ are counted by. */
export const CLASSES_MAX = 4;

export const ROUNDS_MAX = 50;

export const FOLLOWED_MAX = 50;

/** Rounds, gap cards and Visual Specs that the page of progress lists. */
export const SPECS_MAX = 10;

export const CARDS_MAX = 50;

export const CONTRASTS_MAX = 12;

export const PICKS_MAX = 1000;

/** The key of gaps that are in no card. */
export const SINGLE_IMAGES = "single images";

export type Base64 = string;

export type Vec3 = readonly [number, number, number];

export type Projection = "sphere" | "cartesian";

export type Show = "S" | "U" | "both";

export type Metric = "cosine" | "euclidean";

export type QueryMode = "point" | "place" | "cap" | "lasso";

/** Who serves coordinates and ids: this panel, or FiftyOne's own ``/embeddings/v2``. */
export type SourceName = "panel" | "routes";

export type Kind = "numeric" | "categorical";

export type FieldGroup = "coverage" | "fields" | "labels" | "attributes" | "metadata";

export type Basis = "level" | "given" | "kept" | "provisional" | "none" | "unrated";

export type Score = "nearest" | "novelty";

export type GapVerdict = "gap" | "covered" | "cannot say";

export type Tone = "gap" | "provisional" | "covered" | "unknown" | "empty" | "plain";

export type Palette = "viridis" | "cividis";

export type TickName = "level" | "p90" | "knee";

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
  shown: number;
  S: number;
  U: number;
  gaps: number;
  delta: number;
  delta_max: number;
  delta_source: string;
  /** A person gave it: the measured one can be had back. */
  delta_given: boolean;
  ticks: TickInfo[];
  metric: Metric;
  /** What δ rests on. */
  basis: Basis;
  /** What decides the run's verdicts: the distance to S, or novelty. */
  score: Score;
  /** Level asked for. */
  alpha: number;
  /** Level that δ holds; null where that is unknown. */
  level: number | null;
  cannot_say: number;
  /** Drives of S, m: δ holds level 1 - F(δ) m / (m + 1), F being the share in `own_quantiles`. */
  drives_owned: number;
  /** What the verdicts are worth, in a sentence. */
  standing: string;
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
  encoder: string;
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
  /** uint32 positions of the K-Center picks, first pick first. */
  picks: Base64;
  dist: ColourColumn;
}

/** Which points the grid's view and filters keep. */
export interface MasksPayload {
  stamp: string;
  /** null: nothing is filtered. */
  match: Base64 | null;
  count: number;
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

export interface OfStamp {
  stamp: string;
}

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
  gap: boolean;
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
  /** Milliseconds the query took in Python. */
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

/** Heatmaps that are being made, or were made last. */
export interface Making {
  running: boolean;
  done: number;
  total: number;
  message: string | null;
  error: string | null;
}

export interface ActionAnswer {
  /** What was done, for the person. */
  message: string;
  /** `tag`: `untag` takes it back. */
  undo?: boolean;
  /** `heatmap`: the work that has begun. */
  making?: Making;
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

/** One coverage run as the dataset grew. */
export interface RoundRow {
  number: number;
  /** ISO, UTC. */
  time: string;
  S: number;
  drives_owned: number;
  U: number;
  drives_pool: number;
  gaps: number;
  covered: number;
  cannot_say: number;
  delta: number;
  /** Of the gaps of the round before; null where nothing is compared. */
  closed: number | null;
  opened: number | null;
  still: number | null;
  /** What changed since the round before, in sentences. */
  said: string[];
}

/** A gap card from round to round. */
export interface FollowedCard {
  number: number;
  title: string;
  state: "open" | "met" | "closed" | "gone";
  images: number;
  /** Of them covered or in S. */
  done: number;
  /** Of them new in this round. */
  new: number;
}

/** A Visual Spec against the images that came after it. */
export interface IssuedSpec {
  id: string;
  title: string;
  state: "open" | "met" | "unknown";
  quantity: number;
  met: number;
  /** What came, in a sentence; or why nothing could be checked. */
  said: string;
}

export interface Progress {
  /** Newest first, `ROUNDS_MAX` at most. */
  rounds: RoundRow[];
  /** Those with most gaps left first, `FOLLOWED_MAX` at most. */
  cards: FollowedCard[];
  /** The newest first, `SPECS_MAX` at most. */
  specs: IssuedSpec[];
  /** What to do, where there is nothing to compare yet; else empty. */
  nothing: string;
}

/** A sample as a small picture. */
export interface Picture {
  id: string;
  /** Position among the points shown, -1 when it is not shown. */
  index: number;
  filepath: string;
  dist_to_S: number | null;
  drive: string | null;
}

/** An image of a card beside the nearest image of S. */
export interface Pair {
  image: Picture;
  nearest: Picture | null;
}

/** A kind of scene that S lacks. */
export interface GapCardRow {
  /** The value of `gap_card` on its images. */
  key: string;
  title: string;
  counts: string;
  /** Figures and reservations, in sentences. */
  lines: string[];
  images: number;
  pictures: Pair[];
  /** uint32, among the points shown. */
  positions: Base64;
}

/** What sets candidates apart by name, where there are no cards. */
export interface ContrastRow {
  group: ValueGroup | DriveGroup;
  title: string;
  counts: string;
  lines: string[];
  images: number;
  positions: Base64;
}

export interface PickRow extends Picture {
  rank: number;
  /** Covering radius once it is added. */
  radius: number | null;
}

/** The first screen: what S lacks, and what to label next. */
export interface Overview extends OfStamp {
  /** The weightiest first, `CARDS_MAX` at most; single images last. */
  cards: GapCardRow[];
  cards_total: number;
  /** Why there are none to read; empty where there are. */
  no_cards: string;
  /** Cards were made of the last coverage run, if there were gaps to make them of. */
  summarized: boolean;
  /** Where there are no cards. */
  contrasts: ContrastRow[];
  /** First pick first, `PICKS_MAX` at most. */
  picks: PickRow[];
  picks_total: number;
  radius_before: number | null;
  /** Picks after which the radius falls little. */
  knee: number | null;
}

export interface ClassCount {
  value: string;
  gaps: number;
}

/** The gaps at a δ. */
export interface GapsAt {
  delta: number;
  gaps: number;
  /** What they are counted by; null where no field tells them apart. */
  field: string | null;
  /** Most frequent first, `CLASSES_MAX` at most. */
  classes: ClassCount[];
  /** Gaps of further values, or of none. */
  others: number;
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
  work: [{ id: string; do: "stop" | "dismiss" | "again" }, Record<string, never>];
  masks: [{ stamp: string }, MasksPayload];
  colour: [{ stamp: string; field: string }, StampedColumn];
  geometry: [{ stamp: string }, { stamp: string; xyz: Base64 }];
  cartesian: [{ stamp: string }, { stamp: string; xyz: Base64 }];
  ids: [{ stamp: string }, { stamp: string; ids: Base64 }];
  card: [{ stamp: string; index: number; delta: number | null }, Card];
  cards: [{ stamp: string; ids: string[]; delta: number | null }, { cards: Card[] }];
  heatmaps: [{ stamp: string; ids: string[] }, { maps: Record<string, HeatGridPayload>; making: Making | null }];
  making: [{ stop: boolean }, { making: Making | null }];
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
