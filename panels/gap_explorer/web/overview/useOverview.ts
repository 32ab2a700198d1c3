import * as React from "react";
import { sentence } from "../../../web/shared/wire/errors";
import { heard } from "../../../web/shared/wire/heard";
import { decodePositions } from "../../../web/shared/wire/columns";
import { useLatest } from "../../../web/shared/hooks/useLatest";
import type { Bridge } from "../bridge";
import type { Action, ActionAnswer, Group, Overview } from "../contract.gen";
import { groupOf, rowsOf, sameGroup } from "./groups";
import { meanDirection } from "../math";
import type { SphereScene } from "../scene/SphereScene";
import type { AnswerState } from "../answer/useAnswer";
import type { Cloud } from "../cloud/useCloud";

export interface OverviewState {
  overview: Overview | null;
  error: string | null;
  retry(): void;
  /** Points lit on the sphere, the others dim: those of the group under the pointer, or the chosen one. */
  lit: Uint32Array | null;
  /** Light points while the pointer or the focus is on them; null ends it. */
  point(positions: Uint32Array | null): void;
  chosen: Group | null;
  /** Light a group until another is chosen, and show it in the grid; null gives the grid back. */
  choose(group: Group | null, positions?: Uint32Array): void;
  act(action: Action, group: Group): Promise<ActionAnswer | null>;
  /** What the last action did. */
  done: { group: Group; message: string; failed: boolean; undo: boolean } | null;
}

/** What is shown while nothing is asked: read once the points are drawn, again when it changes. */
export function useOverview(
  bridge: Bridge,
  cloud: Cloud | null,
  scene: SphereScene | null,
  answers: AnswerState,
): OverviewState {
  const live = useLatest(bridge);
  const [overview, setOverview] = React.useState<Overview | null>(null);
  const [error, setError] = React.useState<string | null>(null);
  const [again, setAgain] = React.useState(0);
  const [pointed, point] = React.useState<Uint32Array | null>(null);
  const [chosen, setChosen] = React.useState<{ group: Group; positions: Uint32Array } | null>(null);
  const [done, setDone] = React.useState<OverviewState["done"]>(null);
  const stamp = cloud?.stamp;
  const version = bridge.data.run?.overview;

  React.useEffect(() => {
    if (stamp === undefined) return undefined;
    setError(null);
    return heard(live.current.call("overview", { stamp }), setOverview, setError);
  }, [stamp, version, again]);

  const giveBack = React.useCallback(() => {
    live.current
      .inTurn(() => live.current.call("clear", {}))
      .catch((reason: unknown) => setError(sentence(reason)));
  }, []);
  const forget = React.useCallback(() => {
    point(null);
    setChosen(null);
    setDone(null);
  }, []);
  const held = useLatest(chosen);
  // Other points, or a group that is listed no more: nothing could let go of what is chosen.
  const before = React.useRef(cloud);
  React.useEffect(() => {
    if (held.current && before.current?.dataset === cloud?.dataset) giveBack();
    before.current = cloud;
    forget();
  }, [stamp]);
  React.useEffect(() => {
    const group = held.current?.group;
    if (!group || !overview || overview.stamp !== stamp) return;
    if (rowsOf(overview).some((row) => sameGroup(group, groupOf(row)))) return;
    forget();
    giveBack();
  }, [overview]);
  // A question takes the sphere and the grid; so does its answer, whatever was pointed at meanwhile.
  const asked = answers.busy || answers.answer !== null;
  React.useEffect(() => {
    if (asked) forget();
  }, [asked, answers.answer]);

  const act = React.useCallback(
    async (action: Action, group: Group): Promise<ActionAnswer | null> => {
      if (stamp === undefined) return null;
      try {
        const reply = await live.current.inTurn(async () => {
          await live.current.flat();
          return live.current.call("act", { action, group, stamp });
        });
        setDone(reply.message ? { group, message: reply.message, failed: false, undo: reply.undo ?? false } : null);
        return reply;
      } catch (reason) {
        setDone({ group, message: sentence(reason), failed: true, undo: false });
        return null;
      }
    },
    [stamp],
  );

  const choose = React.useCallback(
    (group: Group | null, positions?: Uint32Array) => {
      setDone(null);
      setChosen(group && positions ? { group, positions } : null);
      if (group) void act({ kind: "link" }, group);
      else giveBack();
      if (positions?.length && cloud) scene?.orbit.face(meanDirection(cloud.xyz, positions));
    },
    [act, cloud, scene],
  );

  return {
    overview: overview?.stamp === stamp ? overview : null,
    error,
    retry: () => setAgain(again + 1),
    lit: pointed ?? chosen?.positions ?? null,
    point,
    chosen: chosen?.group ?? null,
    choose,
    act,
    done,
  };
}

/** The positions of rows, decoded once for as long as the rows are shown. */
export function usePositions(rows: readonly { positions: string }[], n: number): Uint32Array[] {
  return React.useMemo(() => rows.map((row) => decodePositions(row.positions, n)), [rows, n]);
}
