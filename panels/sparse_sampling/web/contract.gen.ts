// Generated from panels/sparse_sampling/contract.py by `npm run contracts`: edit that file instead.

import type { Work, WorkAct, WorkAnswer } from "../../web/shared/work/work.gen";
export const COMPONENT = "GapsphereSparseSampling";

/** Most frames that one event may name. */
export const CHUNK = 256;

export const METRICS = ["psnr", "ssim", "n_samples", "reconstruction_error"] as const;

export type Metric = "psnr" | "ssim" | "n_samples" | "reconstruction_error";

/** One policy, run over sequences of the dataset. */
export interface Simulation {
  suffix: string;
  policy: string;
  order: string | null;
  /** Whether frames have an importance map. */
  importance: boolean;
  /** Whether frames have their measured pixels. */
  measured: boolean;
}

/** A sequence: the field that groups it, null where all samples are one, and its value. */
export interface SequenceKey {
  field: string | null;
  value: string;
}

export interface Sequence extends SequenceKey {
  /** In the grid's view, and in the simulation. */
  frames: number;
  whole: number;
  /** Working resolution, width and height. */
  resolution: readonly [number, number] | null;
  /** Mean over all simulated frames, by suffix. */
  psnr: Record<string, number | null>;
}

/** What the panel put into the grid: frames ``start`` to before ``stop``. */
export interface Shown extends SequenceKey {
  start: number;
  stop: number;
}

export interface Ready {
  kind: "ready" | "outside";
  stamp: string;
  simulations: Simulation[];
  /** Simulations whose grouping field is gone. */
  unusable: number;
  sequences: Sequence[];
  /** Simulated sequences, in the view or not. */
  total: number;
  shown: Shown | null;
  can_run: boolean;
}

export interface NoDataset {
  kind: "no_dataset";
}

export interface NoSimulation {
  kind: "empty" | "none";
  can_run: boolean;
}

export interface FieldGone {
  kind: "gone";
  fields: string[];
  can_run: boolean;
}

export interface Begun {
  kind: "begun";
  stamp: string;
}

export type Opened = Ready | NoDataset | NoSimulation | FieldGone | Begun;

/** Columns as base64: 12 bytes an id, float64 numbers, float32 figures with NaN for none. */
export interface CurvesPayload {
  n: number;
  ids: string;
  numbers: string;
  /** Whether the numbers are seconds of a clock. */
  time: boolean;
  cuts: number[];
  columns: Record<string, Record<Metric, string>>;
}

export interface Server {
  stream: string;
  /** null where it does not answer. */
  sessions: number | null;
}

export interface Pulse {
  stamp: string;
  /** null where none runs. */
  server: Server | null;
  /** Starts a server. */
  command: string;
  work: Work[];
}

export interface Events {
  open: [Record<string, never>, Opened];
  curves: [SequenceKey, CurvesPayload];
  pictures: [{ ids: string[]; suffixes: string[] }, { files: Record<string, (string | null)[]> }];
  measured: [{ ids: string[]; suffix: string }, { counts: number[]; points: string }];
  locate: [{ ids: string[] }, { home: SequenceKey | null }];
  show: [Shown, { shown: Shown }];
  back: [Record<string, never>, Record<string, never>];
  select: [{ ids: string[] }, { selected: number }];
  open_sample: [{ ids: string[] }, Record<string, never>];
  pulse: [Record<string, never>, Pulse];
  work: [{ id: string; do: WorkAct }, WorkAnswer];
  simulate: [Record<string, never>, Record<string, never>];
}

export type EventName = keyof Events;

export const EVENT_NAMES: readonly EventName[] = ["open", "curves", "pictures", "measured", "locate", "show", "back", "select", "open_sample", "pulse", "work", "simulate"];
