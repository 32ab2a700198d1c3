/** Keys of the panel: a video player's. */

import type * as React from "react";
import { isTyping } from "../../../web/shared/ui/isTyping";

export interface KeyHost {
  at: number;
  n: number;
  go(at: number): void;
  toggle(): void;
  /** Begin or end the range here. */
  mark(end: boolean): void;
  /** Whether there was a range to take away. */
  clear(): boolean;
}

/** Whether a key belongs to another element: text input, a button's space, a radio group's arrows. */
function taken(event: React.KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target)) return true;
  if (target.getAttribute("role") === "radio") return true;
  const presses = target.tagName === "BUTTON" || (target as HTMLInputElement).type === "checkbox";
  return presses && event.key === " ";
}

export function handleKey(host: KeyHost): (event: React.KeyboardEvent) => void {
  return (event) => {
    if (taken(event)) return;
    if (!act(host, event.key, event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function act({ at, n, go, toggle, mark, clear }: KeyHost, key: string, shift: boolean): boolean {
  const page = Math.max(10, Math.round(n / 10));
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 }[key];
  if (step) go(at + step * (shift ? 10 : 1));
  else if (key === "PageUp") go(at + page);
  else if (key === "PageDown") go(at - page);
  else if (key === "Home") go(0);
  else if (key === "End") go(n - 1);
  else if (key === " ") toggle();
  else if (key === "i" || key === "I") mark(false);
  else if (key === "o" || key === "O") mark(true);
  else if (key === "Escape") return clear();
  else return false;
  return true;
}
