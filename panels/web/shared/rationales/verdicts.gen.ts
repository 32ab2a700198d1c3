// Generated from panels/verdict_types.py by `npm run contracts`: edit that file instead.

export type Status = "correct" | "misclassified" | "ambiguous" | "unknown";

export type Decision = "agree" | "disagree" | "relabel" | "unsure";

export type Tier = "misclassified" | "ambiguous" | "bottom" | "rest";

/** A language model: the suffix of its fields, and its display name. */
export interface Model {
  name: string;
  label: string;
}

/** The dataset has no samples. */
export interface Empty {
  kind: "empty";
}

/** No language model has judged the samples. */
export interface NoVerdicts {
  kind: "no_verdicts";
  can_import: boolean;
}
