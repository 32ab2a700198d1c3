import * as React from "react";
import type { Bridge } from "../bridge";
import type { SceneTheme } from "../../../web/shared/theme/theme";
import type { RunInfo } from "../contract.gen";
import type { AnswerState } from "../answer/useAnswer";
import type { Cloud } from "../cloud/useCloud";
import type { ColourState } from "../colour/useColour";
import { useDelta } from "../delta/useDelta";
import type { OverviewState } from "../overview/useOverview";
import type { SceneState } from "../sphere/useScene";
import type { Shown } from "../cloud/useShown";
import { useSize } from "../../../web/shared/hooks/useSize";
import { spaceOf } from "./space";
import { DeltaBar } from "../delta/DeltaBar";
import { Results } from "../results/Results";
import { Sphere } from "../sphere/Sphere";
import { Split } from "./Split";

/** An analysis with its points there: the sphere, the distances below it, and the answer. */
export function Explorer(props: {
  bridge: Bridge;
  run: RunInfo;
  cloud: Cloud;
  shown: Shown;
  colour: ColourState;
  theme: SceneTheme;
  answers: AnswerState;
  overview: OverviewState;
  stage: SceneState;
  root: HTMLElement | null;
}): React.ReactElement {
  const { bridge, run, cloud, shown, colour, theme, answers, stage } = props;
  const { root } = props;
  const { width, height } = useSize(root);
  const space = spaceOf(width, height);
  React.useLayoutEffect(() => {
    // What lies around the sphere takes one line in a small panel.
    if (root) root.dataset.space = space;
  }, [root, space]);
  const delta = useDelta(bridge, run);
  return (
    <Split
      space={space}
      wanted={answers.told}
      sphere={
        <Sphere
          bridge={bridge}
          run={run}
          cloud={cloud}
          shown={shown}
          colour={colour}
          theme={theme}
          answers={answers}
          stage={stage}
          delta={delta}
          lit={props.overview.lit}
        />
      }
      delta={
        run.U > 0 ? (
          <DeltaBar bridge={bridge} run={run} cloud={cloud} shown={shown} delta={delta} dark={theme.dark} />
        ) : null
      }
      side={<Results bridge={bridge} run={run} cloud={cloud} state={answers} overview={props.overview} />}
    />
  );
}
