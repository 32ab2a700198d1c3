import * as React from "react";
import { sentence } from "../../web/shared/wire/errors";
import type { Bridge } from "./bridge";
import { useAnswer } from "./answer/useAnswer";
import { useCloud } from "./cloud/useCloud";
import { useOverview } from "./overview/useOverview";
import { useColour } from "./colour/useColour";
import { usePulse } from "./frame/usePulse";
import { useScene } from "./sphere/useScene";
import { useShown } from "./cloud/useShown";
import { PanelRoot } from "../../web/shared/ui/PanelRoot";
import type { SceneTheme } from "../../web/shared/theme/theme";
import { Controls } from "./frame/Controls";
import { Explorer } from "./frame/Explorer";
import { Failed, Loading, NotComputed, NoWebGL, StaleNotice, Unfinished, Working } from "./frame/Faces";
import type { Work } from "../../web/shared/work/work.gen";
import { WorkStrip } from "../../web/shared/work/WorkStrip";
import { useLatest } from "../../web/shared/hooks/useLatest";

/** The panel: one face for each state, and the sphere with its results where there is one. */
export function GapExplorer(props: { bridge: Bridge }): React.ReactElement {
  const { bridge } = props;
  const { seen, act } = usePulse(bridge);
  return (
    <PanelRoot cy="gap-explorer">
      {(theme, root) => (
        <>
          <WorkStrip work={seen?.work ?? NO_WORK} act={act} fileUrl={bridge.mediaUrl} />
          <Unfinished bridge={bridge} sentence={bridge.data.run ? (seen?.unfinished ?? null) : null} />
          <Body bridge={bridge} theme={theme} root={root} mark={seen?.mark ?? bridge.data.mark ?? ""} />
        </>
      )}
    </PanelRoot>
  );
}

const NO_WORK: readonly Work[] = [];

function Body(props: { bridge: Bridge; theme: SceneTheme; root: HTMLElement | null; mark: string }): React.ReactElement {
  const { bridge, theme } = props;
  const { status, run } = bridge.data;
  const { cloud, error } = useCloud(bridge);
  const colour = useColour(bridge, cloud, props.mark);
  const answers = useAnswer(bridge, cloud);
  const stage = useScene();
  const shown = useShown(bridge, cloud);
  const overview = useOverview(bridge, cloud, stage.scene, answers);
  const [failure, setFailure] = React.useState<string | null>(null);
  const retry = (): void => {
    setFailure(null);
    bridge
      .call("reload", { limit: bridge.choices.limit, suffix: bridge.choices.suffix })
      .catch((reason) => setFailure(sentence(reason)));
  };

  // What has come after all, by a look at the dataset for one, is shown.
  React.useEffect(() => setFailure(null), [status, run]);

  // Only the browser knows the choices, so it asks for the contents; again when they change, and when
  // what came is about another dataset.
  const about = bridge.data.dataset;
  const { limit, suffix } = bridge.choices;
  const live = useLatest(bridge);
  React.useEffect(() => {
    const other = run && suffix !== null && suffix !== run.suffix && run.suffixes.includes(suffix);
    if (status && (!run || (limit === run.limit && !other))) return;
    live.current.call("reload", { limit, suffix }).catch((reason) => setFailure(sentence(reason)));
  }, [about, status, run, limit, suffix]);

  const { start } = bridge.data;
  React.useEffect(() => {
    const { choices, choose } = live.current;
    if (start && choices.started !== start.id) choose({ ...start.choices, started: start.id });
  }, [about, start?.id]);

  const failed = (message: string): React.ReactElement => (
    <Failed title="The sphere could not be loaded" message={message} retry={retry} />
  );
  if (failure) return failed(failure);
  if (!status) return <Loading what="Opening the sphere …" />;
  if (status.kind === "working") return <Working message={status.message} />;
  if (status.kind === "failed") return failed(status.message);
  if (status.kind !== "ready") return <NotComputed bridge={bridge} status={status} />;
  if (error) return failed(error);
  if (stage.failure) return <NoWebGL three={stage.failure === "webgl"} />;
  const scene = stage.scene ?? stage.rebuilt;
  if (!run || !cloud || !shown || !scene) return <Loading what="Loading the points …" />;

  return (
    <>
      <StaleNotice bridge={bridge} run={run} />
      <Controls bridge={bridge} run={run} column={colour.column} shown={shown} />
      <Explorer
        bridge={bridge}
        run={run}
        cloud={cloud}
        shown={shown}
        colour={colour}
        theme={theme}
        answers={answers}
        overview={overview}
        stage={stage}
        root={props.root}
      />
    </>
  );
}
