import * as React from "react";
import { sentence } from "../../../web/shared/wire/errors";
import { heard } from "../../../web/shared/wire/heard";
import type { Bridge } from "../bridge";
import type { Answer } from "../contract.gen";
import type { Work } from "../../../web/shared/work/work.gen";
import { decodeHeat, type HeatGrid } from "./grids";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** Pause between two looks at how far the work is. */
const LOOK_MS = 600;

export interface HeatState {
  /** Maps of the images shown, by sample id. */
  maps: ReadonlyMap<string, HeatGrid>;
  /** Heatmaps that are being made or were made last. */
  making: Work | null;
  error: string | null;
  /** Ask once more for what could not be had. */
  retry(): void;
  /** Follow work that has begun. */
  follow(making: Work): void;
}

const NO_MAPS: ReadonlyMap<string, HeatGrid> = new Map();

/** The heatmaps of the images in an answer, and of those that are still being made. */
export function useHeatmaps(bridge: Bridge, answer: Answer | null): HeatState {
  const [maps, setMaps] = React.useState<{ answer: Answer | null; maps: ReadonlyMap<string, HeatGrid> }>(
    { answer: null, maps: NO_MAPS },
  );
  const [making, setMaking] = React.useState<Work | null>(null);
  const [error, setError] = React.useState<string | null>(null);
  const [tries, setTries] = React.useState(0);
  const live = useLatest(bridge);

  // What the last work said belongs to the answer it was begun on.
  React.useEffect(() => {
    setError(null);
    setMaking((known) => (runs(known) ? known : null));
  }, [answer]);

  // Asked for with each answer, and again whenever more of them are done.
  const done = making?.done ?? 0;
  const running = runs(making);
  React.useEffect(() => {
    if (!answer || !answer.cards.length) return undefined;
    return heard(
      live.current.call("heatmaps", { ids: answer.cards.map((card) => card.id), stamp: answer.stamp }),
      (reply) => {
        setError(null);
        const decoded = Object.entries(reply.maps).map(([id, grid]) => [id, decodeHeat(grid)] as const);
        setMaps({ answer, maps: new Map(decoded) });
        // Work that this panel does not know of yet: begun by another one, or before a reload.
        if (runs(reply.making)) setMaking((known) => (runs(known) ? known : reply.making));
      },
      setError,
    );
  }, [answer, done, running, tries]);

  React.useEffect(() => {
    if (!running) return undefined;
    let timer = 0;
    let wanted = true;
    const look = (): void => {
      live.current
        .call("making", {})
        .then((reply) => {
          if (!wanted) return;
          setMaking(reply.making);
          timer = window.setTimeout(look, LOOK_MS);
        })
        .catch((reason: unknown) => {
          if (!wanted) return;
          setMaking(null);
          setError(sentence(reason));
        });
    };
    timer = window.setTimeout(look, LOOK_MS);
    return () => {
      wanted = false;
      window.clearTimeout(timer);
    };
  }, [running]);

  const follow = React.useCallback((begun: Work) => {
    setError(null);
    setMaking(begun);
  }, []);
  const retry = React.useCallback(() => {
    setError(null);
    setTries((before) => before + 1);
  }, []);
  return { maps: maps.answer === answer ? maps.maps : NO_MAPS, making, error, retry, follow };
}

const runs = (work: Work | null): boolean => work?.state === "running";
