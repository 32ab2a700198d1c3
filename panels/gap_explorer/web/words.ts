/** Words and numbers of the panel; the sentences of a verdict come from Python (`words.py`). */

import type { Answer } from "./contract.gen";

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
