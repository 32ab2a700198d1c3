/**
 * A verdict as sentences.  A raw cosine distance tells nobody anything; what a person acts on is
 * whether the place is a gap, whether U can fill it, and whether the map can be believed here.
 */

import type { Answer, Metric, Verdict } from "./contract.gen";

export type Tone = "gap" | "covered";
export type Trust = "supported" | "weak" | "artefact";

export interface Sentences {
  tone: Tone;
  /** One word or two, shown as a badge. */
  badge: string;
  headline: string;
  percentile: string;
  fill: string;
  trust: { level: Trust; text: string } | null;
  estimated: string | null;
}

/** Below these shares of shared neighbours a place is called weak, then a likely artefact. */
export const TRUST_WEAK = 0.5;
export const TRUST_ARTEFACT = 0.2;

export const number = (value: number, digits = 3): string => value.toFixed(digits);

export const count = (value: number): string => value.toLocaleString("en-US");

/** A percentage that never rounds to 100 while something is missing, nor to 0 while something is there. */
export function percent(value: number): string {
  if (value >= 100) return "100 %";
  if (value <= 0) return "0 %";
  if (value > 99.9) return "99.9 %";
  if (value < 0.1) return "0.1 %";
  return `${value.toFixed(value < 10 || value > 90 ? 1 : 0)} %`;
}

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

export const metricName = (metric: Metric): string =>
  metric === "cosine" ? "cosine distance" : "Euclidean distance";

export function trustLevel(trust: number): Trust {
  if (trust < TRUST_ARTEFACT) return "artefact";
  return trust < TRUST_WEAK ? "weak" : "supported";
}

export function sentences(verdict: Verdict): Sentences {
  const by = Math.abs(verdict.distance - verdict.delta);
  const place = verdict.owned
    ? "from the rest of S"
    : "from S";
  const headline = verdict.gap
    ? `${number(verdict.distance)} ${place}, ${number(by)} beyond δ (${number(verdict.delta)})`
    : `${number(verdict.distance)} ${place}, ${number(by)} within δ (${number(verdict.delta)})`;

  const percentile =
    verdict.percentile >= 100
      ? "Farther than any image of S is from the rest of S."
      : verdict.percentile <= 0
        ? "Nearer than any image of S is to the rest of S."
        : `Farther than ${percent(verdict.percentile)} of the images of S are from the rest of S.`;

  return {
    tone: verdict.gap ? "gap" : "covered",
    badge: verdict.gap ? "GAP" : "Covered",
    headline,
    percentile,
    fill: fillSentence(verdict),
    trust: trustSentence(verdict),
    estimated: verdict.estimated
      ? "Estimated: an empty place has no image of its own, so the mean of its nearest samples stands for it."
      : null,
  };
}

function fillSentence(verdict: Verdict): string {
  if (!verdict.gap) {
    return verdict.candidates > 0
      ? `S covers this place, though ${plural(verdict.candidates, "candidate")} of the ${count(
          verdict.looked_at,
        )} nearest in U ${verdict.candidates === 1 ? "lies" : "lie"} beyond δ.`
      : "S covers this place; labelling more here adds little.";
  }
  if (verdict.candidates > 0) {
    return `U can fill it: ${count(verdict.candidates)} of the ${count(
      verdict.looked_at,
    )} nearest candidates are closer to it than S and beyond δ.`;
  }
  return verdict.looked_at > 0
    ? "U has nothing that fills it either: this place wants new recordings."
    : "U is empty here: this place wants new recordings.";
}

function trustSentence(verdict: Verdict): Sentences["trust"] {
  if (verdict.trust === null) return null;
  const share = `${percent(verdict.trust * 100)} of its ${verdict.trust_k} neighbours on the sphere are neighbours in embedding space`;
  const level = trustLevel(verdict.trust);
  const text = {
    supported: `The sphere can be trusted here: ${share}.`,
    weak: `The sphere is only a rough guide here: ${share}.`,
    artefact: `This may be an artefact of the projection: only ${share}.`,
  }[level];
  return { level, text };
}

/** What a browser and a server say of a lost request, in words that help. */
export function plainly(message: string): string {
  if (/failed to fetch|networkerror|load failed/i.test(message)) {
    return "The App's server does not answer: look whether it is still running.";
  }
  return /internal server error/i.test(message)
    ? "The App's server failed; what happened stands in its log."
    : message;
}

/** What became of samples that were to go into the tray. */
export function collected(what: {
  added: number;
  already: number;
  over: number;
  owned: number;
  room: number;
}): string {
  const parts = [`${count(what.added)} added`];
  if (what.already) parts.push(`${count(what.already)} in the tray already`);
  if (what.owned) parts.push(`${count(what.owned)} left out, S has ${what.owned === 1 ? "it" : "them"}`);
  if (what.over) parts.push(`${count(what.over)} too many: a tray holds ${count(what.room)}`);
  return `${parts.join(", ")}.`;
}

/** Heading of the results pane. */
export function title(answer: Answer): string {
  const { query, cards, total } = answer;
  if (query.kind === "cap") {
    const degrees = Math.round((query.angle * 180) / Math.PI);
    return `${plural(total, "sample")} inside a ${degrees}° cap`;
  }
  if (query.kind === "place") return "An empty place";
  return cards[0] ? fileName(cards[0].filepath) : "A sample";
}

export const fileName = (path: string): string => path.split(/[\\/]/).pop() ?? path;

/** The folder of a path, shortened from the left so that its telling end stays. */
export function folder(path: string, keep = 3): string {
  const parts = path.split(/[\\/]/).slice(0, -1).filter(Boolean);
  return parts.length > keep ? `…/${parts.slice(-keep).join("/")}` : `/${parts.join("/")}`;
}
