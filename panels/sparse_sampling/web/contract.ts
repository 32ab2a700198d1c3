/** Mirrors `panels/sparse_sampling/contract.py`: the events, what they take and what they answer. */

export const METRICS = ["psnr", "ssim", "n_samples", "reconstruction_error"] as const;
export type Metric = (typeof METRICS)[number];

/** One policy, run over sequences of the dataset. */
export interface Simulation {
  suffix: string;
  policy: string;
  /** Pixels a frame that were asked for. */
  sample_count: number;
  field: string | null;
  order: string | null;
  /** Whether frames have such a map, or the measured pixels. */
  importance: boolean;
  measured: boolean;
}

/** A sequence by the field that groups it, null where all samples are one, and its value. */
export interface SequenceKey {
  field: string | null;
  value: string;
}

export interface Sequence extends SequenceKey {
  /** In the grid's view, and in the simulation. */
  frames: number;
  whole: number;
  /** Working resolution, width and height. */
  resolution: [number, number] | null;
  /** Mean over all simulated frames, by suffix. */
  psnr: Record<string, number | null>;
}

/** What the panel put into the grid: frames `start` to before `stop`. */
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
  /** Sequences simulated, in the view or not. */
  total: number;
  shown: Shown | null;
  can_run: boolean;
}

export type Opened =
  | Ready
  | { kind: "no_dataset" }
  | { kind: "empty" | "none"; can_run: boolean }
  | { kind: "gone"; fields: string[]; can_run: boolean }
  | { kind: "begun"; stamp: string };

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
  /** Null where it does not answer. */
  sessions: number | null;
}

export interface Pulse {
  stamp: string;
  /** Null where none runs. */
  server: Server | null;
  can_serve: boolean;
}

export interface Events {
  open: [object, Opened];
  curves: [SequenceKey, CurvesPayload];
  /** By `frame`, `reconstruction:suffix`, `importance:suffix`; null where there is no file. */
  pictures: [{ ids: string[]; suffixes: string[] }, { files: Record<string, (string | null)[]> }];
  /** (u, v) as uint16 steps over 0..1, base64. */
  measured: [{ ids: string[]; suffix: string }, { counts: number[]; points: string }];
  locate: [{ ids: string[] }, { home: SequenceKey | null }];
  show: [Shown, { shown: Shown }];
  back: [object, object];
  select: [{ ids: string[] }, { selected: number }];
  open_sample: [{ ids: string[] }, object];
  pulse: [object, Pulse];
  simulate: [object, object];
  serve: [object, object];
}

export const EVENT_NAMES: readonly (keyof Events)[] = [
  "open",
  "curves",
  "pictures",
  "measured",
  "locate",
  "show",
  "back",
  "select",
  "open_sample",
  "pulse",
  "simulate",
  "serve",
];

/** Most frames that may be named at once. */
export const CHUNK = 256;
