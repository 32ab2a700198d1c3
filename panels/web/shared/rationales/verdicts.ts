/** What a language model says of a sample and what a person decides, in the review and its summary. */

export type Status = "correct" | "misclassified" | "ambiguous" | "unknown";
export type Decision = "agree" | "disagree" | "relabel" | "unsure";
export type Tier = "misclassified" | "ambiguous" | "bottom" | "rest";

/** A language model: the suffix of its fields, and what people call it. */
export interface Model {
  name: string;
  label: string;
}

/** Said on the window when a decision was saved or taken back; the summary listens. */
export const REVIEWED = "gapsphere:reviewed";
