/** What the verdicts at a δ are worth: the run's own at its δ, by distance alone at any other. */

import type { Card, RunInfo } from "../contract.gen";
import { shareAbove } from "../math";
import { count, plural } from "../words";

type Run = Pick<RunInfo, "delta" | "basis" | "level" | "drives_owned">;

/** What an image of U is marked as. */
export type Mark = "gap" | "provisional" | "covered" | "unknown";

export const MARK_WORDS: Record<Mark, string> = {
  gap: "GAP",
  provisional: "provisional gap",
  covered: "covered",
  unknown: "cannot say",
};

/** Whether the verdicts at a chosen δ (null follows the run) are the run's. */
export const atRun = (run: Pick<RunInfo, "delta">, delta: number | null): boolean =>
  delta === null || delta === run.delta;

/** Whether a gap at this δ is only new against other stretches of the drives of S. */
export const isProvisional = (run: Pick<RunInfo, "delta" | "basis">, delta: number | null): boolean =>
  run.basis === "provisional" && atRun(run, delta);

/**
 * The level that a δ holds, 1 / (m + 1) to 1; null where it is unknown.
 *
 * @param own equally spaced quantiles of the distances inside S, drives left out
 */
export function levelAt(run: Run, own: ArrayLike<number>, delta: number): number | null {
  if (atRun(run, delta)) return run.level;
  const m = run.drives_owned;
  if (m < 2 || own.length === 0) return null;
  return 1 - ((1 - shareAbove(own, delta)) * m) / (m + 1);
}

/** A level as a percentage of two digits, as Python writes it. */
export const share = (level: number): string =>
  level < 0.995 ? `${+(100 * level).toPrecision(2)} %` : "100 %";

export function levelWords(run: Pick<RunInfo, "basis">, level: number | null, own: boolean): string {
  if (own && run.basis === "provisional") return "provisional";
  if (own && run.basis === "none") return "no verdict";
  return level === null || (own && run.basis === "unrated") ? "level unknown" : `level ${share(level)}`;
}

/**
 * What a picture is marked with.  Within δ and picked is no contradiction, and what cannot be said of
 * most images needs no mark on each: neither is marked.
 */
export function markOf(card: Pick<Card, "verdict" | "pick">, provisional: boolean): Mark | null {
  if (card.verdict === "gap") return provisional ? "provisional" : "gap";
  return card.verdict === "covered" && card.pick === null ? "covered" : null;
}

/** The tag that is proposed for images: their verdict, where they share one. */
export function suggestedTag(cards: readonly Pick<Card, "verdict">[], provisional: boolean): string {
  const kinds = new Set(cards.map((card) => card.verdict));
  const [only] = kinds;
  if (kinds.size !== 1) return "to review";
  if (only === "gap") return provisional ? "provisional gap" : "gap";
  return only === "covered" ? "within delta" : "to review";
}

/** How many owned images lie within δ; of how many drives, where a field names them. */
export function supportWords(
  card: Pick<Card, "support" | "support_drives">,
  named: boolean,
): string | null {
  const { support, support_drives } = card;
  if (support === null) return null;
  if (support === 0) return "no owned image within δ";
  const images = plural(support, "owned image");
  return named && support_drives !== null
    ? `${images} of ${plural(support_drives, "drive")} within δ`
    : `${images} within δ`;
}

/** Gaps at this δ, with the word that they deserve. */
export const gapsWords = (gaps: number, provisional: boolean): string =>
  plural(gaps, provisional ? "provisional gap" : "gap");

/** Why the run calls nothing a gap, in short. */
export function noGapsWords({ basis, score }: Pick<RunInfo, "basis" | "score">): string {
  if (basis === "none") return "No verdict: too few owned drives";
  return score === "novelty" ? "0 gaps: no candidate is novel enough" : "0 gaps: no candidate lies beyond δ";
}

export interface Tally {
  gaps: number;
  covered: number;
  cannot_say: number;
}

/** Verdicts of several images, the kinds that there are. */
export const tallyWords = (of: Tally, provisional: boolean): string =>
  [
    of.gaps ? gapsWords(of.gaps, provisional) : "",
    of.covered ? `${count(of.covered)} covered` : "",
    of.cannot_say ? `${count(of.cannot_say)} cannot say` : "",
  ]
    .filter(Boolean)
    .join(", ");
