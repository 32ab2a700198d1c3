/**
 * Marks over single points: the picks, the answer, what the grid has selected, the sample opened.
 * Pure: lists of positions in, the columns of a small cloud out.
 */

import { FLAG } from "./shaders";

/** Marks are rings around single points; a larger answer dims the rest instead. */
export const MARKS_MAX = 2000;

export interface Marks {
  picks: ArrayLike<number>;
  answer: ArrayLike<number>;
  selected: ArrayLike<number>;
  opened: number;
}

export const NO_MARKS: Marks = { picks: [], answer: [], selected: [], opened: -1 };

/** What each kind is drawn as is decided in `shaders.ts`. */
export const KIND = { PICK: 0, ANSWER: 1, SELECTED: 2, OPENED: 3 } as const;

export interface SceneColour {
  values: Uint16Array;
  classes: boolean;
  /** Legend range in the column's own steps. */
  low: number;
  high: number;
  texels: Uint8Array;
}

export type Rgb = readonly [number, number, number];

/** The marks as columns, later ones drawn over earlier ones; a hidden point has none. */
export function packMarks(
  marks: Marks,
  xyz: Float32Array,
  flags: Uint8Array,
  colourOf: (index: number) => Rgb,
): { position: Float32Array; kind: Uint8Array; colour: Float32Array; count: number } {
  const { picks, answer, selected, opened } = marks;
  const few = (list: ArrayLike<number>): number => Math.min(list.length, MARKS_MAX);
  const total = few(picks) + few(answer) + few(selected) + (opened >= 0 ? 1 : 0);
  const position = new Float32Array(total * 3);
  const kind = new Uint8Array(total);
  const colour = new Float32Array(total * 3);
  let at = 0;
  const add = (index: number, kindOf: number): void => {
    if (index < 0 || index >= flags.length || flags[index] & FLAG.HIDDEN) return;
    position.set(xyz.subarray(3 * index, 3 * index + 3), 3 * at);
    kind[at] = kindOf;
    if (kindOf === KIND.PICK) colour.set(colourOf(index), 3 * at);
    at++;
  };
  // The first pick matters most, so it is drawn last of them.
  for (let i = few(picks) - 1; i >= 0; i--) add(picks[i], KIND.PICK);
  for (let i = 0; i < few(selected); i++) add(selected[i], KIND.SELECTED);
  for (let i = 0; i < few(answer); i++) add(answer[i], KIND.ANSWER);
  add(opened, KIND.OPENED);
  return {
    position: position.slice(0, at * 3),
    kind: kind.slice(0, at),
    colour: colour.slice(0, at * 3),
    count: at,
  };
}

/** The colour of one point as the cloud has it; `owned` where it has no value. */
export function pointColour(colour: SceneColour | null, index: number, owned: Rgb): Rgb {
  const raw = colour ? colour.values[index] : 65535;
  if (!colour || raw === 65535) return owned;
  const t = (raw - colour.low) / Math.max(1, colour.high - colour.low);
  const texel = colour.classes ? raw % 256 : Math.round(Math.min(Math.max(t, 0), 1) * 255);
  const rgb = [0, 1, 2].map((k) => colour.texels[4 * texel + k] / 255);
  return [rgb[0], rgb[1], rgb[2]];
}
