import * as React from "react";
import { giveTabBack } from "../../web/shared/rationales/modalTab";
import { useLatest } from "../../web/shared/hooks/useLatest";

const WINDOW = '[data-cy="modal"]';

/** The tabs of the window, as the App has them. */
interface Tabs<Tab> {
  findNodeById(id: string): Tab | undefined;
  setNodeActive(tab: Tab): void;
}

/** Gives the window of the sample its tab back once it was closed on the review. */
export function useTabBack<Tab>(updateSpaces: (change: (tabs: Tabs<Tab>) => void) => void): void {
  const update = useLatest(updateSpaces);
  React.useEffect(
    () => () => {
      // With the window gone the review is left; else another tab was chosen, or another sample.
      window.setTimeout(() => {
        if (document.querySelector(WINDOW)) return;
        const before = giveTabBack();
        if (before === null) return;
        update.current((tabs) => {
          const tab = tabs.findNodeById(before);
          if (tab) tabs.setNodeActive(tab);
        });
      });
    },
    [],
  );
}
