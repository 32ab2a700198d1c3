/** What statuses, tiers and decisions are called on the screen, here and in the summary. */

import type { Decision, Model, Status, Tier } from "./verdicts.gen";

export const STATUS_LABEL: Readonly<Record<Status, string>> = {
  correct: "Correct",
  misclassified: "Misclassified",
  ambiguous: "Ambiguous",
  unknown: "Unknown",
};

/** Shapes beside the colours: neither alone has to carry the meaning. */
export const STATUS_SIGN: Readonly<Record<Status, string>> = {
  correct: "✓",
  misclassified: "✕",
  ambiguous: "≈",
  unknown: "?",
};

export const TIER_LABEL: Readonly<Record<Tier, string>> = {
  misclassified: "Misclassified",
  ambiguous: "Ambiguous",
  bottom: "Far from its class (bottom 5 %)",
  rest: "The rest",
};

export const DECISION_LABEL: Readonly<Record<Decision, string>> = {
  agree: "Agree",
  disagree: "Disagree",
  relabel: "Relabel",
  unsure: "Unsure",
};

export const DECISION_HINT: Readonly<Record<Decision, string>> = {
  agree: "The verdict is correct",
  disagree: "The verdict is wrong",
  relabel: "The ground truth is wrong: enter the correct class",
  unsure: "Cannot be decided from this image",
};

export const statusKey = (status: Status | null): Status => status ?? "unknown";

export const modelLabel = (models: readonly Model[], name: string): string =>
  models.find((model) => model.name === name)?.label ?? name;

/** A score as a share of its scale, 0 to 1. */
export function share(score: number, scale: readonly [number, number]): number {
  const [low, high] = scale;
  return Math.min(1, Math.max(0, (score - low) / (high - low || 1)));
}

/** As many digits as a score needs: 0.62, 7.5, 83. */
export const scoreText = (score: number): string =>
  score.toLocaleString("en-US", { maximumFractionDigits: Math.abs(score) < 10 ? 3 : 1 });
