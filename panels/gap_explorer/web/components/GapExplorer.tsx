import * as React from "react";
import { sentence } from "../../../web/shared/errors";
import type { Bridge } from "../bridge";
import { useAnswer } from "../hooks/useAnswer";
import { useCloud } from "../hooks/useCloud";
import { useOverview } from "../hooks/useOverview";
import { useColour } from "../hooks/useColour";
import { useScene } from "../hooks/useScene";
import { useShown } from "../hooks/useShown";
import { PanelRoot } from "../../../web/shared/PanelRoot";
import type { SceneTheme } from "../../../web/shared/theme";
import { Controls } from "./Controls";
import { Explorer } from "./Explorer";
import { Failed, Loading, NotComputed, NoWebGL, StaleNotice } from "./Faces";
import { useLatest } from "../../../web/shared/useLatest";

/** The panel: one face for each state, and the sphere with its results where there is one. */
export function GapExplorer(props: { bridge: Bridge }): React.ReactElement {
  return <PanelRoot cy="gap-explorer">{(theme, root) => <Body bridge={props.bridge} theme={theme} root={root} />}</PanelRoot>;
}

function Body(props: { bridge: Bridge; theme: SceneTheme; root: HTMLElement | null }): React.ReactElement {
  const { bridge, theme } = props;
  const { status, run } = bridge.data;
  const { cloud, error } = useCloud(bridge);
  const colour = useColour(bridge, cloud);
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

  if (failure) return <Failed message={failure} retry={retry} />;
  if (!status) return <Loading what="Opening the sphere …" />;
  if (status.kind === "failed") return <Failed message={status.message} retry={retry} />;
  if (status.kind !== "ready") return <NotComputed bridge={bridge} status={status} />;
  if (error) return <Failed message={error} retry={retry} />;
  if (stage.failure) return <NoWebGL three={stage.failure === "webgl"} />;
  if (!run || !cloud || !shown || !stage.scene) return <Loading what="Loading the points …" />;

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
