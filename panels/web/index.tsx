/** The bundle: FiftyOne loads one a plugin, so every panel's component is registered here. */

import { PluginComponentType, registerComponent } from "@fiftyone/plugins";
import { GapExplorerPanel } from "../gap_explorer/web/index";
import { RationaleReviewPanel } from "../rationale_review/web/index";
import { RationaleSummaryPanel } from "../rationale_summary/web/index";
import { SparseSamplingPanel } from "../sparse_sampling/web/index";
import styles from "./styles.css?inline";

const STYLES_ID = "gapsphere-styles";

if (!document.getElementById(STYLES_ID)) {
  const style = document.createElement("style");
  style.id = STYLES_ID;
  style.textContent = styles;
  document.head.appendChild(style);
}

const PANELS = [
  ["GapsphereGapExplorer", "Gap Explorer", GapExplorerPanel],
  ["GapsphereRationaleReview", "Rationale review", RationaleReviewPanel],
  ["GapsphereRationaleSummary", "Rationale summary", RationaleSummaryPanel],
  ["GapsphereSparseSampling", "Sparse sampling", SparseSamplingPanel],
] as const;

for (const [name, label, component] of PANELS) {
  registerComponent({ name, label, component, type: PluginComponentType.Component, activator: () => true });
}
