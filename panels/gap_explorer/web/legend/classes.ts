/**
 * The legend's arithmetic: points of each class, and what hiding and soloing leave.  A numeric column
 * has two classes, points with a value and points without.
 */

import { MISSING, type Column } from "../cloud/columns";

/** Class numbers that a person has hidden; {@link MISSING} stands for no value. */
export type Hidden = ReadonlySet<number>;

export const NOTHING_HIDDEN: Hidden = new Set();

/** The class of a raw value. */
const classOf = (column: Column, raw: number): number =>
  raw === MISSING || column.kind === "categorical" ? raw : 0;

/** Every class of a column, the one without value last. */
function classesOf(column: Column): number[] {
  const named = column.kind === "categorical" ? column.classes.map((_, i) => i) : [0];
  return [...named, MISSING];
}

/** Points of each class among those kept; {@link MISSING} has its own entry. */
export function classCounts(column: Column, keeps: (index: number) => boolean): Map<number, number> {
  const tally = new Map(classesOf(column).map((one) => [one, 0]));
  for (let i = 0; i < column.values.length; i++) {
    if (!keeps(i)) continue;
    const one = classOf(column, column.values[i]);
    tally.set(one, (tally.get(one) ?? 0) + 1);
  }
  return tally;
}

/** The classes that have a point. */
export function presentClasses(column: Column): number[] {
  const tally = classCounts(column, () => true);
  return [...tally.keys()].filter((one) => tally.get(one));
}

/** Some classes hidden, or shown again where all of them are; hiding the last of `all` shows everything. */
export function toggled(hidden: Hidden, all: readonly number[], classes: readonly number[]): Hidden {
  const next = new Set(hidden);
  const back = classes.every((one) => hidden.has(one));
  for (const one of classes) {
    if (back) next.delete(one);
    else next.add(one);
  }
  return all.every((one) => next.has(one)) ? NOTHING_HIDDEN : next;
}

/** Some classes alone; all again where they are alone already. */
export function soloed(hidden: Hidden, all: readonly number[], classes: readonly number[]): Hidden {
  const others = all.filter((one) => !classes.includes(one));
  const alone = others.every((one) => hidden.has(one)) && classes.every((one) => !hidden.has(one));
  return alone ? NOTHING_HIDDEN : new Set(others);
}

/** What was hidden of a column, in a newer one of the same field, whose classes may have other numbers. */
export function carriedOver(hidden: Hidden, from: Column, to: Column): Hidden {
  if (from === to || !hidden.size) return hidden;
  if (from.field !== to.field || from.kind !== to.kind) return NOTHING_HIDDEN;
  if (to.kind !== "categorical") return hidden;
  const now = [...hidden].map((one) => (one === MISSING ? MISSING : to.classes.indexOf(from.classes[one])));
  const left = new Set(now.filter((one) => one >= 0));
  return presentClasses(to).every((one) => left.has(one)) ? NOTHING_HIDDEN : left;
}

/** 1 where a point's class is hidden; null where none is. */
export function hiddenPoints(column: Column, hidden: Hidden): Uint8Array | null {
  if (!hidden.size) return null;
  const out = new Uint8Array(column.values.length);
  for (let i = 0; i < out.length; i++) {
    if (hidden.has(classOf(column, column.values[i]))) out[i] = 1;
  }
  return out;
}
