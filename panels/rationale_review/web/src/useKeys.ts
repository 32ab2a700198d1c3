import * as React from "react";
import { actionOf, isTyping, type Action } from "./keys";

/**
 * The review's keys for as long as the panel is on the screen.
 *
 * They are caught on their way down, before the App's own listeners: a key that was meant for the
 * decision must not also switch something in the modal.
 */
export function useKeys(root: HTMLElement | null, act: (action: Action) => boolean): void {
  const latest = React.useRef(act);
  latest.current = act;
  React.useEffect(() => {
    if (!root) return undefined;
    const pressed = (event: KeyboardEvent): void => {
      if (isTyping(event.target) || root.getClientRects().length === 0) return;
      const action = actionOf(event);
      if (!action || !latest.current(action)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener("keydown", pressed, true);
    return () => window.removeEventListener("keydown", pressed, true);
  }, [root]);
}
