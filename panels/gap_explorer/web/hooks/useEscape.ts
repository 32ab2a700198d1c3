import * as React from "react";
import { isTyping } from "../../../web/shared/isTyping";
import { useLatest } from "../../../web/shared/useLatest";

/** What is not ours to take Escape from: the window of an opened sample, a dialog, a menu. */
const OTHERS = '[data-cy="modal"], [role="dialog"], [role="menu"], [data-cy="operators-prompt-modal"]';

/** Escape does this while ``active``, wherever in the panel, or on nothing, the last click was. */
export function useEscape(active: boolean, act: () => void): void {
  const latest = useLatest(act);
  React.useEffect(() => {
    if (!active) return undefined;
    const pressed = (event: KeyboardEvent): void => {
      const at = event.target as HTMLElement | null;
      const ours = at === document.body || Boolean(at?.closest?.('[data-cy="gap-explorer"]'));
      if (event.key !== "Escape" || event.defaultPrevented || !ours) return;
      if (isTyping(event.target) || document.querySelector(OTHERS)) return;
      latest.current();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [active]);
}
