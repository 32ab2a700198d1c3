// Generated from panels/gap_explorer/contract_pages.py by `npm run contracts`: edit that file instead.

import type { DriveGroup, ValueGroup } from "./contract_answers.gen";
import type { Base64, OfStamp } from "./contract_kinds.gen";
/** Values that the gaps at a δ are counted by. */
export const CLASSES_MAX = 4;

export const ROUNDS_MAX = 50;

export const FOLLOWED_MAX = 50;

export const CARDS_MAX = 50;

export const CONTRASTS_MAX = 12;

export const PICKS_MAX = 1000;

/** The key of gaps that are in no card. */
export const SINGLE_IMAGES = "single images";

/** One coverage run as the dataset grew. */
export interface RoundRow {
  number: number;
  /** ISO, UTC. */
  time: string;
  S: number;
  drives_owned: number;
  U: number;
  drives_pool: number;
  gaps: number;
  covered: number;
  cannot_say: number;
  delta: number;
  /** Of the gaps of the round before; null where nothing is compared. */
  closed: number | null;
  opened: number | null;
  still: number | null;
  /** What changed since the round before, in sentences. */
  said: string[];
}

/** A gap card from round to round. */
export interface FollowedCard {
  number: number;
  title: string;
  state: "open" | "met" | "closed" | "gone";
  images: number;
  /** Of them covered or owned. */
  done: number;
  /** Of them new in this round. */
  new: number;
}

/** A Visual Spec against the images that came after it. */
export interface IssuedSpec {
  id: string;
  title: string;
  state: "open" | "met" | "unknown";
  quantity: number;
  met: number;
  /** How much of the quantity is here; empty where nothing could be checked. */
  count: string;
  /** What came, in a sentence; or why nothing could be checked. */
  said: string;
}

export interface Progress {
  /** Newest first, `ROUNDS_MAX` at most. */
  rounds: RoundRow[];
  /** Those with most gaps left first, `FOLLOWED_MAX` at most. */
  cards: FollowedCard[];
  /** The last ones, the newest first. */
  specs: IssuedSpec[];
  /** What to do, where there is nothing to compare yet; else empty. */
  nothing: string;
}

/** A sample as a small picture. */
export interface Picture {
  id: string;
  /** Position among the points shown, -1 when it is not shown. */
  index: number;
  filepath: string;
  dist_to_S: number | null;
  drive: string | null;
}

/** An image of a card beside the nearest image of S. */
export interface Pair {
  image: Picture;
  nearest: Picture | null;
}

/** A kind of scene that S lacks. */
export interface GapCardRow {
  /** The value of `gap_card` on its images. */
  key: string;
  title: string;
  counts: string;
  /** Figures and reservations, in sentences. */
  lines: string[];
  images: number;
  pictures: Pair[];
  /** uint32, among the points shown. */
  positions: Base64;
}

/** What sets candidates apart by name, where there are no cards. */
export interface ContrastRow {
  group: ValueGroup | DriveGroup;
  title: string;
  counts: string;
  lines: string[];
  images: number;
  positions: Base64;
}

export interface PickRow extends Picture {
  rank: number;
  /** Covering radius once it is added. */
  radius: number | null;
}

/** The first screen: what S lacks, and what to label next. */
export interface Overview extends OfStamp {
  /** The weightiest first, `CARDS_MAX` at most; single images last. */
  cards: GapCardRow[];
  /** Of gaps. */
  cards_total: number;
  /** Kinds of scene besides that S lacks by its metadata. */
  by_metadata: number;
  /** Why there are none to read; empty where there are. */
  no_cards: string;
  /** Cards were made of the last coverage run, if there were gaps to make them of. */
  summarized: boolean;
  /** Where there are no cards. */
  contrasts: ContrastRow[];
  /** First pick first, `PICKS_MAX` at most. */
  picks: PickRow[];
  picks_total: number;
  /** Why there is none; empty where there are. */
  no_picks: string;
  radius_before: number | null;
  /** Picks after which the radius falls little. */
  knee: number | null;
}

export interface ClassCount {
  value: string;
  gaps: number;
}

/** The gaps at a δ. */
export interface GapsAt {
  gaps: number;
  /** What they are counted by; null where no field tells them apart. */
  field: string | null;
  /** Most frequent first, `CLASSES_MAX` at most. */
  classes: ClassCount[];
  /** Gaps of further values, or of none. */
  others: number;
}
