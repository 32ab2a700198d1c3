/** Numbers, names and notices as text; what a verdict says comes from Python. */

import { decimals } from "../../web/shared/ui/decimals";
import type { Answer, Card, Metric, RunInfo } from "./contract.gen";

export const number = decimals;

export const count = (value: number): string => value.toLocaleString("en-US");

/** A number of a scale, as short as it can be; without commas, as it may be a year. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(1);
  return String(size >= 100 ? Math.round(value) : +value.toPrecision(3));
}

/** A number as it was typed, with a point or a comma before its decimals; NaN for anything else. */
export function typed(text: string): number {
  const plain = text.trim().replace(",", ".");
  return plain ? Number(plain) : NaN;
}

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

/** A line with a capital, unless it begins with the name of a field, a number or δ. */
export const begun = (line: string): string => line.replace(/^[a-z]/, (first) => first.toUpperCase());

/** What the points are coloured by, as a person reads it. */
export const colourName = (field: string): string =>
  field === "dist_to_S" ? "Distance to owned" : field === "density" ? "Density" : field;

/** The unit of a colour's numbers; empty where it is unknown. */
export function unitOf(field: string, { metric, fields }: Pick<RunInfo, "metric" | "fields">): string {
  if (field === "dist_to_S") return `${metric} distance`;
  if (field === "density") return "points around, relative";
  return fields.find((one) => one.path === field)?.unit ?? "";
}

/** The result of adding samples to the tray. */
export function collected(what: {
  added: number;
  already: number;
  over: number;
  owned: number;
  room: number;
}): string {
  const parts = [`${count(what.added)} added`];
  if (what.already) parts.push(`${count(what.already)} already in the tray`);
  if (what.owned) parts.push(`${count(what.owned)} left out: already owned`);
  if (what.over) parts.push(`${count(what.over)} not added: the tray is limited to ${count(what.room)}`);
  return `${parts.join(", ")}.`;
}

/** Heading of the results pane. */
export function title(answer: Pick<Answer, "query" | "cards" | "total">): string {
  const { query, cards, total } = answer;
  if (query.kind === "cap") {
    const degrees = Math.round((query.angle * 180) / Math.PI);
    return `A cap of ${degrees}°: ${plural(total, "image")}`;
  }
  if (query.kind === "lasso") return `A lasso: ${plural(total, "image")}`;
  if (query.kind === "place") return "A place on the sphere";
  if (query.kind === "drive") return `Drive ${query.drive}`;
  return cards[0] ? fileName(cards[0].filepath) : "An image";
}

/** Where a distance stands among those of owned images from each other, in short. */
export const percentileWords = (value: number): string =>
  value < 50
    ? `nearer than ${percent(100 - value)} of owned to other drives`
    : `farther than ${percent(value)} of owned from other drives`;

const UNIT: Record<Metric, string> = { cosine: "cosine", euclidean: "Euclidean" };

/** How far an image is from owned images, and from the image asked about, in one unit. */
export function farWords(card: Pick<Card, "dist_to_S" | "distance">, metric: Metric): string {
  const parts = [
    card.dist_to_S === null ? "" : `${number(card.dist_to_S)} from the nearest owned image`,
    card.distance === null ? "" : `${number(card.distance)} from the image asked about`,
  ].filter(Boolean);
  return parts.length ? `${parts.join(", ")} (${UNIT[metric]} distance)` : "";
}

export const fileName = (path: string): string => path.split(/[\\/]/).pop() ?? path;
