import * as React from "react";
import { actionOf, liesOver, type Action } from "./keys";
import { isTyping } from "../../../web/shared/ui/isTyping";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/**
 * The modal leaves Escape to the image once it has been shown, and the image is gone while another
 * tab is open (FiftyOne 1.22): what is still open after this time closes from here.
 */
const ESCAPE_MS = 150;

/**
 * The review's keys for as long as the panel is on the screen.
 *
 * They are caught on their way down, before the App's own listeners: a key that was meant for the
 * decision must not also switch something in the modal.
 */
export function useKeys(
  root: HTMLElement | null,
  act: (action: Action) => boolean,
  close: () => void,
): void {
  const latest = useLatest({ act, close });
  React.useEffect(() => {
    if (!root) return undefined;
    const pressed = (event: KeyboardEvent): void => {
      if (isTyping(event.target) || liesOver(event.target, root) || root.getClientRects().length === 0) return;
      if (event.key === "Escape") {
        window.setTimeout(() => root.isConnected && latest.current.close(), ESCAPE_MS);
        return;
      }
      const action = actionOf(event);
      if (!action || !latest.current.act(action)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    window.addEventListener("keydown", pressed, true);
    return () => window.removeEventListener("keydown", pressed, true);
  }, [root]);
}
