import { datasetName, getSampleSrc, nullableModalSampleId, selectedSamples, view as viewStages } from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { useNext } from "../../web/shared/hooks/useNext";
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
  const viewed = useNext(useRecoilValue(viewStages));
  return <SparseSampling bridge={{ dataset, view, viewed, opened, selected, call, mediaUrl: getSampleSrc }} />;
}

export const PANEL = { name: COMPONENT, label: "Sparse sampling", component: SparseSamplingPanel };
