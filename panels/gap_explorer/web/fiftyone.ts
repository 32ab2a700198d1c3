/** The bridge inside the App: FiftyOne's hooks behind the panel's own few words. */

import {
  datasetName,
  extendedStages,
  filters,
  getSampleSrc,
  refresher,
  selectedSamples,
  view,
} from "@fiftyone/state";
import { getFetchFunction } from "@fiftyone/utilities";
import * as React from "react";
import { useRecoilValue } from "recoil";
import type { Bridge, RouteName } from "./bridge";
import { EVENT_NAMES, type EventName, type Events, type PanelData } from "./contract.gen";
import { useEvents, type PanelProps as EventProps } from "../../web/shared/wire/events";
import { useChoices, useChoicesFor } from "./useChoices";
import { useFlatGrid } from "./grid/useFlatGrid";
import { gridKey, useMasks } from "./grid/useMasks";
import { takingTurns } from "./grid/turns";
import { useStable } from "./useStable";
import { insistedSource } from "./cloud/source";
import { Outdated } from "../../web/shared/wire/errors";
import { useLatest } from "../../web/shared/hooks/useLatest";
import { useNext } from "../../web/shared/hooks/useNext";

export type PanelProps = EventProps<PanelData>;

const NOTHING: PanelData = {};
/** What Python answers by filling the panel. */
const FILLS: readonly EventName[] = ["reload", "use_delta"];

export function useFiftyOneBridge(props: PanelProps): Bridge {
  const ask = useEvents<Events>(props, EVENT_NAMES);
  const dataset = useRecoilValue(datasetName) ?? "";
  const [kept, choose] = useChoices(dataset);
  const chosen = useRecoilValue(selectedSamples);
  const grid = useGridKey();
  const gridNow = useLatest(grid);
  const gridAsked = React.useRef(grid);

  const [outdated, setOutdated] = React.useState(0);
  const [inTurn] = React.useState(takingTurns);
  const fills = React.useRef(0);
  const call = React.useCallback<Bridge["call"]>(
    (name, params) => {
      if (name === "reload") gridAsked.current = gridNow.current;
      const asked = ask(name, name === "reload" ? { ...params, source: insistedSource() } : params);
      asked.catch((error) => error instanceof Outdated && setOutdated((count) => count + 1));
      if (FILLS.includes(name)) {
        fills.current++;
        void asked.catch(() => null).then(() => fills.current--);
      }
      return asked;
    },
    [ask],
  );
  const filling = React.useCallback(() => fills.current > 0, []);

  const selected = React.useMemo(() => [...(chosen?.keys() ?? [])], [chosen]);

  // An answer that was on its way when another dataset was opened describes the previous one: the
  // panel ignores it and asks again.
  const given = props.data?.dataset === dataset ? props.data : NOTHING;
  const status = useStable(given.status, JSON.stringify(given.status) ?? "");
  const run = useStable(given.run, JSON.stringify(given.run) ?? "");
  const choices = useChoicesFor(kept, choose, run);
  const columns = useStable(given.columns, given.columns?.stamp ?? "");
  const refreshed = useRecoilValue(refresher);
  const sent = useStable(given.masks, JSON.stringify(given.masks) ?? "");
  const masks = useMasks(sent, gridAsked.current, grid, call);
  const viewed = useNext(useRecoilValue(view)); // another object after each change
  const flat = useFlatGrid(run, viewed, call);
  const { dataset: about, opened, state, mark } = props.data ?? NOTHING;
  const start = useStable(given.start, given.start?.id ?? "");
  const data = React.useMemo(
    () => ({ dataset: about, state, mark, status, run, columns, masks, start, opened }),
    [about, state, mark, status, run, columns, masks, start, opened],
  );

  return { data, choices, choose, call, inTurn, filling, flat, viewed, refreshed, outdated, selected, mediaUrl: getSampleSrc, route };
}

function useGridKey(): string {
  const stages = useRecoilValue(view);
  const filtered = useRecoilValue(filters);
  const extended = useRecoilValue(extendedStages);
  return React.useMemo(() => gridKey(stages, filtered, extended), [stages, filtered, extended]);
}

function route(name: RouteName, dataset: string, brainKey: string): Promise<ArrayBuffer> {
  return getFetchFunction()<object, ArrayBuffer>(
    "POST",
    `/embeddings/v2/${name}`,
    { datasetName: dataset, brainKey },
    "arrayBuffer",
  );
}
