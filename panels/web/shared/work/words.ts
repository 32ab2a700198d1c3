import type { Work } from "./work.gen";

const number = new Intl.NumberFormat("en-US");

/** How long still, as a person says it. */
export function timeLeft(seconds: number): string {
  if (seconds < 10) return "a few seconds left";
  if (seconds < 90) return `about ${Math.round(seconds / 10) * 10} s left`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

/** How far running work is: its stage, share and time left, as far as they are known. */
export function howFar(work: Work): string {
  if (!work.stage) return "starting …";
  if (!work.total) return `${work.stage} …`;
  const share = `${number.format(work.done)} of ${number.format(work.total)}`;
  return [`${work.stage}: ${share}`, ...(work.left === null ? [] : [timeLeft(work.left)])].join(", ");
}

/** The head of a result: its first line; the rest is a detail. */
export function headAndRest(text: string): [string, string] {
  const [head, ...rest] = text.trim().split("\n");
  return [head, rest.join("\n")];
}
