/** The bridge inside the App: FiftyOne's hooks behind the panel's own few words. */

import { datasetName, getSampleSrc, selectedSamples } from "@fiftyone/state";
import { getFetchFunction } from "@fiftyone/utilities";
import * as React from "react";
import { useRecoilValue } from "recoil";
import type { Bridge } from "./bridge";
import { EVENT_NAMES, type Events, type PanelData } from "./contract";
import { useEvents, type PanelProps as EventProps } from "./events";
import { useChoices } from "./hooks/useChoices";
import { useStable } from "./hooks/useStable";

export type PanelProps = EventProps<PanelData>;

export function useFiftyOneBridge(props: PanelProps): Bridge {
  const call = useEvents<Events>(props, EVENT_NAMES);
  const [choices, choose] = useChoices(useRecoilValue(datasetName) ?? "");
  const chosen = useRecoilValue(selectedSamples);

  const selected = React.useMemo(() => [...(chosen?.keys() ?? [])], [chosen]);

  const given = props.data ?? {};
  const status = useStable(given.status, JSON.stringify(given.status) ?? "");
  const run = useStable(given.run, JSON.stringify(given.run) ?? "");
  const columns = useStable(given.columns, given.columns?.stamp ?? "");
  const masks = useStable(given.masks, JSON.stringify(given.masks) ?? "");
  const { opened } = given;
  const data = React.useMemo(
    () => ({ status, run, columns, masks, opened }),
    [status, run, columns, masks, opened],
  );

  return { data, choices, choose, call, selected, mediaUrl: getSampleSrc, routeGeometry };
}

function routeGeometry(dataset: string, brainKey: string): Promise<ArrayBuffer> {
  return getFetchFunction()<object, ArrayBuffer>(
    "POST",
    "/embeddings/v2/geometry",
    { datasetName: dataset, brainKey },
    "arrayBuffer",
  );
}
