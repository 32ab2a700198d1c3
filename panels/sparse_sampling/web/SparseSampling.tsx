import * as React from "react";
import { Button } from "../../web/shared/ui/controls";
import { sentence } from "../../web/shared/wire/errors";
import { PanelRoot } from "../../web/shared/ui/PanelRoot";
import type { Bridge } from "./bridge";
import { Face, Failed, Gone, NoSimulation, Outside } from "./Faces";
import { LiveLine } from "./live/LiveLine";
import { useOpened, type OpenedState } from "./useOpened";
import { Working } from "./Working";
import type { Work } from "../../web/shared/work/work.gen";
import { WorkStrip } from "../../web/shared/work/WorkStrip";

const NO_WORK: readonly Work[] = [];

/** The panel beside the grid. */
export function SparseSampling(props: { bridge: Bridge }): React.ReactElement {
  return (
    <PanelRoot cy="sparse-sampling" className="gr-root sp-root">
      {() => <Body bridge={props.bridge} />}
    </PanelRoot>
  );
}

function Body({ bridge }: { bridge: Bridge }): React.ReactElement {
  const state = useOpened(bridge);
  const [refused, setRefused] = React.useState("");
  const act = React.useCallback((work: () => Promise<unknown>): void => {
    setRefused("");
    work().catch((reason: unknown) => setRefused(sentence(reason)));
  }, []);
  const { pulse } = state;
  return (
    <>
      <WorkStrip work={pulse?.work ?? NO_WORK} act={state.act} fileUrl={bridge.mediaUrl} />
      {state.stale && (
        <div className="gs-row gs-fixed gs-stale" role="status" data-cy="sp-stale">
          <span>Simulations were added or changed since these were read.</span>
          <Button look="link" data-cy="sp-reload" onClick={state.reload}>Reload</Button>
        </div>
      )}
      {refused && (
        <p className="gs-row gs-wrap gs-alert" role="alert" data-cy="sp-refused">
          {refused}
        </p>
      )}
      <Content bridge={bridge} state={state} act={act} />
      {pulse && <LiveLine server={pulse.server} command={pulse.command} />}
    </>
  );
}

function Content(props: {
  bridge: Bridge;
  state: OpenedState;
  act(work: () => Promise<unknown>): void;
}): React.ReactElement {
  const { bridge, state, act } = props;
  const { opened } = state;
  const simulate = (): void => act(() => bridge.call("simulate", {}));
  if (state.failure) {
    return <Failed title="The simulations could not be loaded" message={state.failure} retry={state.reload} />;
  }
  if (!opened) return <Face name="loading" title="Loading simulations …" busy />;
  switch (opened.kind) {
    case "no_dataset":
      return <Face name="no-dataset" title="No dataset is open" />;
    case "empty":
      return <Face name="empty" title="This dataset has no samples" />;
    case "none":
      return <NoSimulation run={opened.can_run ? simulate : null} />;
    case "begun":
      return (
        <Face name="begun" title="A simulation is running" busy>
          <p>The curves come with its first sequence.</p>
        </Face>
      );
    case "gone":
      return <Gone fields={opened.fields} run={opened.can_run ? simulate : null} retry={state.reload} />;
    case "outside":
      return <Outside opened={opened} back={() => act(() => bridge.call("back", {}))} />;
    case "ready":
      return <Working bridge={bridge} opened={opened} turn={state.turn} act={act} simulate={simulate} />;
  }
}
