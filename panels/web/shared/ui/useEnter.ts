import * as React from "react";

/**
 * Enter presses the button that has the focus.
 *
 * The App takes Enter's default away from every button on the page (FiftyOne 1.22), so that only
 * space and the mouse would be left.
 */
export function useEnter(root: HTMLElement | null): void {
  React.useEffect(() => {
    if (!root) return undefined;
    const pressed = (event: KeyboardEvent): void => {
      const { target } = event;
      if (event.key !== "Enter" || event.repeat || !(target instanceof HTMLButtonElement)) return;
      if (!root.contains(target)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      target.click();
    };
    window.addEventListener("keydown", pressed, true);
    return () => window.removeEventListener("keydown", pressed, true);
  }, [root]);
}
