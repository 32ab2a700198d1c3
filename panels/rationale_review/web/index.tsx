import { useSpaces } from "@fiftyone/spaces";
import { getSampleSrc, nullableModalSampleId, useClearModal } from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { SPACES } from "../../web/shared/rationales/modalTab";
import { useEvents, type PanelProps } from "../../web/shared/wire/events";
import { COMPONENT, EVENT_NAMES, type Events } from "./contract.gen";
import { RationaleReview } from "./RationaleReview";
import { useTabBack } from "./useTabBack";

function RationaleReviewPanel(props: PanelProps<{ view?: unknown }>): React.ReactElement {
  const call = useEvents<Events>(props, EVENT_NAMES);
  const sampleId = useRecoilValue(nullableModalSampleId);
  const close = useClearModal();
  useTabBack(useSpaces(SPACES).updateSpaces);
  const { data } = props;
  return <RationaleReview bridge={{ sampleId, view: data?.view, call, mediaUrl: getSampleSrc, close }} />;
}

export const PANEL = { name: COMPONENT, label: "Rationale review", component: RationaleReviewPanel };
