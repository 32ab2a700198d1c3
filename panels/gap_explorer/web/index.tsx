import * as React from "react";
import { GapExplorer } from "./components/GapExplorer";
import { useFiftyOneBridge, type PanelProps } from "./fiftyone";

export function GapExplorerPanel(props: PanelProps): React.ReactElement {
  return <GapExplorer bridge={useFiftyOneBridge(props)} />;
}
