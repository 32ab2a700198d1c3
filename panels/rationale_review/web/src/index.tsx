import { PluginComponentType, registerComponent } from "@fiftyone/plugins";
import { getSampleSrc, nullableModalSampleId, useClearModal } from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { useEvents, type PanelProps } from "../../../gap_explorer/web/src/events";
import { EVENT_NAMES, type Events } from "./contract";
import { RationaleReview } from "./RationaleReview";

function RationaleReviewPanel(props: PanelProps<{ view?: unknown }>): React.ReactElement {
  const call = useEvents<Events>(props, EVENT_NAMES);
  const sampleId = useRecoilValue(nullableModalSampleId);
  const close = useClearModal();
  const { data } = props;
  return <RationaleReview bridge={{ sampleId, view: data?.view, call, mediaUrl: getSampleSrc, close }} />;
}

registerComponent({
  name: "GapsphereRationaleReview",
  label: "Rationale review",
  component: RationaleReviewPanel,
  type: PluginComponentType.Component,
  activator: () => true,
});
