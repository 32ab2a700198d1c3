/**
 * Marks over single points: the picks, what is lit, what the grid has selected, the sample opened.
 * Pure: lists of positions in, the columns of a small cloud out.
 */

import { NUMERALS } from "./numerals";
import { FLAG } from "./shaders";

/** Marks of one kind that are drawn at most. */
export const MARKS_MAX = 2000;
/** More lit points than this dim the rest and get no rings, which would hide their colours and gaps. */
export const RINGS_MAX = 60;

export interface Marks {
  picks: ArrayLike<number>;
  /** The rank of each pick, from 1. */
  ranks: ArrayLike<number>;
  /** Rows that are lit: an answer, the gaps of a card. */
  lit: ArrayLike<number>;
  selected: ArrayLike<number>;
  opened: number;
}

/** Points as they are drawn: a flag byte each, and what is marked or lit among them. */
export interface Shown extends Marks {
  flags: Uint8Array;
  /** Dim the rest around a few lit points as well. */
  dimsRest: boolean;
}

export const NOTHING_SHOWN: Shown = {
  flags: new Uint8Array(0),
  picks: [],
  ranks: [],
  lit: [],
  selected: [],
  opened: -1,
  dimsRest: false,
};

/** What each kind is drawn as is decided in `shaders.ts`; 4 is a target of the lattice. */
export const KIND = { PICK: 0, ANSWER: 1, SELECTED: 2, OPENED: 3, RANK: 5 } as const;

export interface SceneColour {
  values: Uint16Array;
  classes: boolean;
  /** Legend range in the column's own steps. */
  low: number;
  high: number;
  texels: Uint8Array;
}

/** Columns of a cloud of marks. */
export interface MarkColumns {
  position: Float32Array;
  kind: Uint8Array;
  /** 1-based rank of a {@link KIND}.RANK. */
  rank: Uint8Array;
  /** 1: the point under it is dimmed, and so is the mark. */
  dim: Uint8Array;
}

/** Room that a numeral needs on the screen, in CSS pixels. */
const ROOM = { x: 13, y: 11 };

/** The flags as drawn.  What is lit dims the rest, unless a ring around each of a few is enough. */
export function lightUp({ flags, lit, dimsRest }: Shown, out: Uint8Array): void {
  out.set(flags);
  if (!lit.length || !(dimsRest || lit.length > RINGS_MAX)) return;
  for (let i = 0; i < out.length; i++) out[i] |= FLAG.DIM;
  for (let k = 0; k < lit.length; k++) out[lit[k]] = flags[lit[k]];
}

/**
 * Which marks the screen has no room for: a rank that would lie under another.
 *
 * @param at where a mark is on the screen; null where it is out of sight
 * @returns 1 for each mark to leave out
 */
export function crowded(
  kind: Uint8Array,
  at: (mark: number) => readonly [number, number] | null,
): Uint8Array {
  const out = new Uint8Array(kind.length);
  const taken: (readonly [number, number])[] = [];
  for (let mark = kind.length - 1; mark >= 0; mark--) {
    const place = kind[mark] === KIND.RANK ? at(mark) : null;
    if (!place) continue;
    const [x, y] = place;
    if (taken.some(([tx, ty]) => Math.abs(tx - x) < ROOM.x && Math.abs(ty - y) < ROOM.y)) out[mark] = 1;
    else taken.push(place);
  }
  return out;
}

/** The marks as columns, later ones drawn over earlier ones; a hidden point has none. */
export function packMarks(
  marks: Marks,
  xyz: Float32Array,
  flags: Uint8Array,
): MarkColumns & { count: number } {
  const { picks, ranks, lit, selected, opened } = marks;
  const answer = lit.length > RINGS_MAX ? [] : lit;
  const few = (list: ArrayLike<number>): number => Math.min(list.length, MARKS_MAX);
  const total = 2 * few(picks) + few(answer) + few(selected) + (opened >= 0 ? 1 : 0);
  const position = new Float32Array(total * 3);
  const kind = new Uint8Array(total);
  const rank = new Uint8Array(total);
  const dim = new Uint8Array(total);
  let at = 0;
  const add = (index: number, kindOf: number, rankOf = 0): void => {
    if (index < 0 || index >= flags.length || flags[index] & FLAG.HIDDEN) return;
    position.set(xyz.subarray(3 * index, 3 * index + 3), 3 * at);
    kind[at] = kindOf;
    rank[at] = rankOf;
    dim[at] = flags[index] & FLAG.DIM ? 1 : 0;
    at++;
  };
  // The first pick matters most, so it is drawn last of them; one that is dimmed lies under all others.
  const dims = (i: number): boolean => (flags[picks[i]] & FLAG.DIM) > 0;
  const last = Array.from({ length: few(picks) }, (_, i) => few(picks) - 1 - i);
  const upwards = [...last.filter(dims), ...last.filter((i) => !dims(i))];
  for (const i of upwards) add(picks[i], KIND.PICK);
  for (let i = 0; i < few(selected); i++) add(selected[i], KIND.SELECTED);
  for (let i = 0; i < few(answer); i++) add(answer[i], KIND.ANSWER);
  add(opened, KIND.OPENED);
  for (const i of upwards) if (ranks[i] <= NUMERALS) add(picks[i], KIND.RANK, ranks[i]);
  return {
    position: position.slice(0, at * 3),
    kind: kind.slice(0, at),
    rank: rank.slice(0, at),
    dim: dim.slice(0, at),
    count: at,
  };
}
