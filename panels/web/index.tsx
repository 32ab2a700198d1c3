/** The bundle: FiftyOne loads one a plugin, so every panel's component is registered here. */

import { PluginComponentType, registerComponent } from "@fiftyone/plugins";
import { PANEL as gapExplorer } from "../gap_explorer/web/index";
import { PANEL as rationaleReview } from "../rationale_review/web/index";
import { PANEL as rationaleSummary } from "../rationale_summary/web/index";
import { PANEL as sparseSampling } from "../sparse_sampling/web/index";
import { giveTabBackAtStart } from "./shared/rationales/modalTab";
import styles from "./styles.css?inline";

const STYLES_ID = "gapsphere-styles";

if (!document.getElementById(STYLES_ID)) {
  const style = document.createElement("style");
  style.id = STYLES_ID;
  style.textContent = styles;
  document.head.appendChild(style);
}

giveTabBackAtStart();
for (const panel of [gapExplorer, rationaleReview, rationaleSummary, sparseSampling]) {
  registerComponent({ ...panel, type: PluginComponentType.Component, activator: () => true });
}
