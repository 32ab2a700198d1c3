import { datasetName, getSampleSrc, nullableModalSampleId, selectedSamples } from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { useEvents, type PanelProps } from "../../web/shared/wire/events";
import { COMPONENT, EVENT_NAMES, type Events } from "./contract.gen";
import { SparseSampling } from "./SparseSampling";

function SparseSamplingPanel(props: PanelProps<{ view?: unknown }>): React.ReactElement {
  const call = useEvents<Events>(props, EVENT_NAMES);
  const dataset = useRecoilValue(datasetName) ?? "";
  const opened = useRecoilValue(nullableModalSampleId);
  const chosen = useRecoilValue(selectedSamples);
  const selected = React.useMemo(() => [...(chosen?.keys() ?? [])], [chosen]);
  const view = props.data?.view;
  return <SparseSampling bridge={{ dataset, view, opened, selected, call, mediaUrl: getSampleSrc }} />;
}

export const PANEL = { name: COMPONENT, label: "Sparse sampling", component: SparseSamplingPanel };
