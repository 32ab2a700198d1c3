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
  answer: ArrayLike<number>;
  selected: ArrayLike<number>;
  opened: number;
}

export const NO_MARKS: Marks = { picks: [], answer: [], selected: [], opened: -1 };

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

/**
 * Which marks the screen has no room for: a rank that would lie over that of an earlier pick.
 *
 * @param at where a mark is on the screen; null where it is out of sight
 * @returns 1 for each mark to leave out
 */
export function crowded(
  { kind, rank }: Pick<MarkColumns, "kind" | "rank">,
  at: (mark: number) => readonly [number, number] | null,
): Uint8Array {
  const out = new Uint8Array(kind.length);
  const ranked = [...kind.keys()].filter((mark) => kind[mark] === KIND.RANK).sort((a, b) => rank[a] - rank[b]);
  const taken: (readonly [number, number])[] = [];
  for (const mark of ranked) {
    const place = at(mark);
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
  const { picks, answer, selected, opened } = marks;
  const few = (list: ArrayLike<number>): number => Math.min(list.length, MARKS_MAX);
  const ranked = Math.min(few(picks), NUMERALS);
  const total = few(picks) + ranked + few(answer) + few(selected) + (opened >= 0 ? 1 : 0);
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
  // The first pick matters most, so it is drawn last of them.
  for (let i = few(picks) - 1; i >= 0; i--) add(picks[i], KIND.PICK);
  for (let i = 0; i < few(selected); i++) add(selected[i], KIND.SELECTED);
  for (let i = 0; i < few(answer); i++) add(answer[i], KIND.ANSWER);
  add(opened, KIND.OPENED);
  for (let i = ranked - 1; i >= 0; i--) add(picks[i], KIND.RANK, i + 1);
  return {
    position: position.slice(0, at * 3),
    kind: kind.slice(0, at),
    rank: rank.slice(0, at),
    dim: dim.slice(0, at),
    count: at,
  };
}
