/** The counts as sentences and shares. */

import { percent } from "../../web/shared/ui/percent";
import type { Status } from "../../web/shared/rationales/verdicts.gen";
import { DECISION_LABEL, scoreText, STATUS_LABEL, TIER_LABEL } from "../../web/shared/rationales/words";
import type { Pick } from "./contract.gen";

interface Bar<N> {
  name: N;
  count: number;
}

export const STATUSES: readonly Status[] = ["correct", "misclassified", "ambiguous", "unknown"];

export const count = (value: number): string => value.toLocaleString("en-US");

export const samples = (value: number): string => `${count(value)} ${value === 1 ? "sample" : "samples"}`;

/** How many of a class are misclassified: the order of the classes, and what that is of each. */
export const wrongWords = (wrong: number, all: number): string =>
  `✕ ${count(wrong)} of ${count(all)} · ${shareOf(wrong, all)}`;

export const shareOf = (part: number, whole: number): string => percent(whole ? (100 * part) / whole : 0);

/** What a pick is called: "misclassified, heath". */
export function pickText(pick: Pick): string {
  const parts: string[] = [];
  if (pick.tier) parts.push(TIER_LABEL[pick.tier].toLowerCase());
  if (pick.status !== undefined) {
    parts.push(pick.status === null ? "without a status" : STATUS_LABEL[pick.status].toLowerCase());
  }
  if (pick.class !== undefined) parts.push(pick.class ?? "without ground truth");
  if (pick.decision !== undefined) {
    parts.push(pick.decision === null ? "not reviewed" : DECISION_LABEL[pick.decision].toLowerCase());
  }
  if (pick.score) {
    const [low, high] = pick.score;
    parts.push(`score ${scoreText(low)} to ${scoreText(high)}`);
  }
  return parts.join(", ");
}

/** Bars in the order given, those with none at the end, in their own order. */
export function inOrder<N>(bars: readonly Bar<N>[], order: readonly N[]): Bar<N>[] {
  const place = (name: N): number => {
    const at = order.indexOf(name);
    return at < 0 ? order.length : at;
  };
  return [...bars].sort((a, b) => place(a.name) - place(b.name));
}

/** Whether two picks are one. */
export const samePick = (a: Pick | null, b: Pick): boolean =>
  a !== null && JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (pick: Pick): [string, unknown][] =>
  Object.entries(pick).sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * Heights of two rows of bins, 0 to 1, either by count or by the share of its own row: with ten
 * correct for one misclassified, counts would hide the shape of the smaller one.
 */
export function heights(
  above: readonly number[],
  below: readonly number[],
  shares: boolean,
): { above: number[]; below: number[] } {
  const sum = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0) || 1;
  const scaled = (row: readonly number[]): number[] => row.map((n) => (shares ? n / sum(row) : n));
  const [up, down] = [scaled(above), scaled(below)];
  const top = Math.max(...up, ...down, Number.MIN_VALUE);
  return { above: up.map((n) => n / top), below: down.map((n) => n / top) };
}
