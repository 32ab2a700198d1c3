import { PluginComponentType, registerComponent } from "@fiftyone/plugins";
import * as React from "react";
import { useEvents, type PanelProps } from "../../../gap_explorer/web/src/events";
import { EVENT_NAMES, type Events } from "./contract";
import { RationaleSummary } from "./RationaleSummary";

function RationaleSummaryPanel(props: PanelProps<{ view?: unknown }>): React.ReactElement {
  const call = useEvents<Events>(props, EVENT_NAMES);
  return <RationaleSummary bridge={{ view: props.data?.view, call }} />;
}

registerComponent({
  name: "GapsphereRationaleSummary",
  label: "Rationale summary",
  component: RationaleSummaryPanel,
  type: PluginComponentType.Component,
  activator: () => true,
});
