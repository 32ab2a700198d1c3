// Generated from panels/gap_explorer/contract_kinds.py by `npm run contracts`: edit that file instead.

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

/** About the points of this stamp. */
export interface OfStamp {
  stamp: string;
}
