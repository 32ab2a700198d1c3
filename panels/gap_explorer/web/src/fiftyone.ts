/** The bridge inside the App: FiftyOne's hooks behind the panel's own few words. */

import { useTriggerPanelEvent, type EventReply } from "@fiftyone/operators";
import { datasetName, getSampleSrc, selectedSamples } from "@fiftyone/state";
import { getFetchFunction } from "@fiftyone/utilities";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { PanelError, type Bridge } from "./bridge";
import { EVENT_NAMES, type EventName, type Events, type PanelData, type Refusal } from "./contract";
import { useChoices } from "./hooks/useChoices";
import { useStable } from "./hooks/useStable";

/** What FiftyOne hands to a component named in a Python panel's `render`. */
export interface PanelProps {
  data?: PanelData;
  schema?: { view?: Record<string, unknown> };
}

export function useFiftyOneBridge(props: PanelProps): Bridge {
  const trigger = useTriggerPanelEvent();
  const [choices, choose] = useChoices(useRecoilValue(datasetName) ?? "");
  const chosen = useRecoilValue(selectedSamples);

  const uris = React.useRef<Partial<Record<EventName, string>>>({});
  for (const name of EVENT_NAMES) {
    const uri = props.schema?.view?.[name];
    if (typeof uri === "string") uris.current[name] = uri;
  }
  const latest = React.useRef(trigger);
  latest.current = trigger;

  const call = React.useCallback(
    <E extends EventName>(name: E, params: Events[E][0]): Promise<Events[E][1]> =>
      new Promise((resolve, reject) => {
        const uri = uris.current[name];
        if (!uri) {
          reject(new PanelError(`This panel's Python side does not know "${name}".`));
          return;
        }
        const done = (reply: EventReply<Events[E][1] | Refusal>): boolean => {
          const failure = reply.errorMessage ?? reply.error;
          if (failure) {
            reject(new PanelError(failure instanceof Error ? failure.message : lastLine(failure)));
            return false;
          }
          const { result } = reply;
          if (result && "error" in result) reject(new PanelError(result.error));
          else resolve((result ?? {}) as Events[E][1]);
          return true;
        };
        latest.current<Events[E][1] | Refusal>(uri, params, false, done);
      }),
    [],
  );

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

/** A Python traceback ends with what happened. */
const lastLine = (text: string): string => text.trim().split("\n").pop() ?? text;

function routeGeometry(dataset: string, brainKey: string): Promise<ArrayBuffer> {
  return getFetchFunction()<object, ArrayBuffer>(
    "POST",
    "/embeddings/v2/geometry",
    { datasetName: dataset, brainKey },
    "arrayBuffer",
  );
}
