/**
 * Keys of the review.  Left alone are those that the App's modal has for an image: arrows, Escape,
 * C, F, J, P, R, S, X, Z, + - ? and space.
 */

import type { Decision } from "../../../web/shared/rationales/verdicts.gen";

export type Action = Decision | "undo" | "next" | "previous" | "note" | "search";

export const KEY_OF: Readonly<Record<Action, string>> = {
  agree: "1",
  disagree: "2",
  relabel: "3",
  unsure: "4",
  undo: "U",
  next: "N",
  previous: "B",
  note: "W",
  search: "H",
};

const ACTION_OF = new Map(
  Object.entries(KEY_OF).map(([action, key]) => [key.toLowerCase(), action as Action]),
);

/** The parts of a keyboard event that decide. */
interface Pressed {
  key: string;
  code?: string;
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  repeat?: boolean;
  isComposing?: boolean;
}

/**
 * The action of a key, null for keys of the App: with a modifier, while text is being composed, or
 * held down, since a held key must not decide several samples.
 */
export function actionOf(event: Pressed): Action | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return null;
  // On a Korean or Cyrillic layout the letter differs, the place on the board does not.
  const foreign = event.key.length === 1 && event.key > "\x7f";
  const letter = foreign ? /^Key([A-Z])$/.exec(event.code ?? "")?.[1] : event.key;
  return ACTION_OF.get((letter ?? "").toLowerCase()) ?? null;
}
