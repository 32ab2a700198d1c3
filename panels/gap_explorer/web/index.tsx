import * as React from "react";
import { GapExplorer } from "./GapExplorer";
import { COMPONENT } from "./contract.gen";
import { useFiftyOneBridge, type PanelProps } from "./fiftyone";

function GapExplorerPanel(props: PanelProps): React.ReactElement {
  return <GapExplorer bridge={useFiftyOneBridge(props)} />;
}

export const PANEL = { name: COMPONENT, label: "Gap Explorer", component: GapExplorerPanel };
