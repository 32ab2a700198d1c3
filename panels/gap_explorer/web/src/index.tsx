import { PluginComponentType, registerComponent } from "@fiftyone/plugins";
import * as React from "react";
import { GapExplorer } from "./components/GapExplorer";
import { useFiftyOneBridge, type PanelProps } from "./fiftyone";
// FiftyOne loads one bundle a plugin: the other panels come along and register themselves.
import "../../../rationale_review/web/src/index";
import "../../../rationale_summary/web/src/index";
import "../../../sparse_sampling/web/src/index";

function GapExplorerPanel(props: PanelProps): React.ReactElement {
  return <GapExplorer bridge={useFiftyOneBridge(props)} />;
}

registerComponent({
  name: "GapsphereGapExplorer",
  label: "Gap Explorer",
  component: GapExplorerPanel,
  type: PluginComponentType.Component,
  activator: () => true,
});
