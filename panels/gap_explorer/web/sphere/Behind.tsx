import * as React from "react";
import { meanDirection } from "../math";
import type { SphereScene } from "../scene/SphereScene";

/**
 * How many selected points the sphere hides, as a button that turns to them.  What an answer lights
 * counts where all of it is hidden: its neighbours may well lie all around.
 */
export function Behind(props: {
  scene: SphereScene;
  xyz: Float32Array;
  selected: readonly number[];
  lit: ArrayLike<number>;
}): React.ReactElement | null {
  const { scene, xyz, selected, lit } = props;
  const [hidden, setHidden] = React.useState<readonly number[]>([]);
  React.useEffect(() => {
    let kept: readonly number[] = [];
    const look = (): void => {
      const chosen = scene.behind(selected);
      const answer = chosen.length || !lit.length || lit.length > LOOKED_AT ? [] : scene.behind(lit);
      const now = chosen.length ? chosen : answer.length === lit.length ? answer : [];
      if (now.length === kept.length && now.every((row, i) => row === kept[i])) return;
      kept = now;
      setHidden(now);
    };
    setHidden([]);
    look();
    return scene.onView(look);
  }, [scene, selected, lit]);

  if (!hidden.length) return null;
  return (
    <button
      type="button"
      className="gs-behind"
      data-cy="gs-behind"
      title="Turn the sphere to what is selected on its far side"
      onClick={() => scene.turnTo(meanDirection(xyz, hidden))}
    >
      {hidden.length} behind: turn
    </button>
  );
}

/** Lit points that are looked at with every view. */
const LOOKED_AT = 2000;
