import { useSpaces } from "@fiftyone/spaces";
import * as React from "react";
import { giveTabBack, SPACES } from "../../web/shared/rationales/modalTab";
import { useLatest } from "../../web/shared/useLatest";

const WINDOW = '[data-cy="modal"]';

/** Gives the window of the sample its tab back once it was closed on the review. */
export function useTabBack(): void {
  const { updateSpaces } = useSpaces(SPACES);
  const update = useLatest(updateSpaces);
  React.useEffect(
    () => () => {
      // With the window gone the review is left; else another tab was chosen, or another sample.
      window.setTimeout(() => {
        if (document.querySelector(WINDOW)) return;
        const before = giveTabBack();
        if (before === null) return;
        update.current((tree) => {
          const tab = tree.findNodeById(before);
          if (tab) tree.setNodeActive(tab);
        });
      });
    },
    [],
  );
}
