import * as React from "react";
import { useEvents, type PanelProps } from "../../web/shared/wire/events";
import { COMPONENT, EVENT_NAMES, type Events } from "./contract.gen";
import { keepTab } from "../../web/shared/rationales/modalTab";
import { RationaleSummary } from "./RationaleSummary";

function RationaleSummaryPanel(props: PanelProps<{ view?: unknown }>): React.ReactElement {
  const call = useEvents<Events>(props, EVENT_NAMES);
  return <RationaleSummary bridge={{ view: props.data?.view, call, showReview }} />;
}

const TAB = '[data-cy="panel-tab-rationale_review"]';
const PATIENCE_MS = 5000;

/**
 * The modal offers every panel as a tab and opens at the image; it has no operator to choose a tab
 * (FiftyOne 1.22).  A person would click it, so that is what happens; should the tab not come, they
 * still can.
 */
function showReview(): void {
  const since = Date.now();
  const look = (): void => {
    const tab = document.querySelector<HTMLElement>(TAB);
    if (tab) {
      keepTab();
      tab.click();
    } else if (Date.now() - since < PATIENCE_MS) window.setTimeout(look, 100);
  };
  look();
}

export const PANEL = { name: COMPONENT, label: "Rationale summary", component: RationaleSummaryPanel };
