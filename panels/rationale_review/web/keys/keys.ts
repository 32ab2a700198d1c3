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

/** What opens over a sample's window and has keys of its own: the form of an operator, a list of choices. */
const OVER = '[role="dialog"], [role="menu"], [role="listbox"], [data-cy="operators-prompt-modal"]';

/** Whether a key was pressed in something that lies over the review. */
export function liesOver(target: EventTarget | null, root: Node): boolean {
  const over = (target as Partial<Element> | null)?.closest?.(OVER);
  return Boolean(over && !over.contains(root));
}

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
