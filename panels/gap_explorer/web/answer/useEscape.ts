import * as React from "react";
import { isTyping } from "../../../web/shared/ui/isTyping";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** What is not ours to take Escape from: the window of an opened sample, a dialog, a menu. */
const OTHERS = '[data-cy="modal"], [role="dialog"], [role="menu"], [data-cy="operators-prompt-modal"]';

const PANEL = '[data-cy="gap-explorer"]';

/** The panel that a key press is meant for: where it happened or, on nothing, under the pointer, or the only one. */
export function panelOf(target: Element | null, page: Pick<Document, "body" | "querySelector" | "querySelectorAll">): Element | null {
  if (target !== page.body) return target?.closest?.(PANEL) ?? null;
  const all = page.querySelectorAll(PANEL);
  return all.length === 1 ? all[0] : page.querySelector(`${PANEL}:hover`);
}

/**
 * Escape does this while the element is there, wherever in its panel, or on nothing, the last click
 * was: of two panels the other one keeps what it has.
 */
export function useEscape(within: React.RefObject<Element>, act: () => void): void {
  const latest = useLatest(act);
  React.useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      const panel = panelOf(event.target as Element | null, document);
      if (!panel || !within.current || !panel.contains(within.current)) return;
      if (isTyping(event.target) || document.querySelector(OTHERS)) return;
      latest.current();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}
