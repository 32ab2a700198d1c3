/** Rows of the first screen, each a group of samples. */

import type { ContrastRow, GapCardRow, Group, Overview } from "../contract.gen";

export type GroupRow = GapCardRow | ContrastRow;

/** What is listed: gap cards, and what differs by name where there are none. */
export const rowsOf = ({ cards, contrasts }: Pick<Overview, "cards" | "contrasts">): readonly GroupRow[] =>
  cards.length ? cards : contrasts;

export const groupOf = (row: GroupRow): Group => ("key" in row ? { kind: "card", key: row.key } : row.group);

export const sameGroup = (one: Group | null, other: Group): boolean =>
  one !== null && JSON.stringify(one) === JSON.stringify(other);
