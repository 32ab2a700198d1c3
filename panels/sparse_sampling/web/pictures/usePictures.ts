import * as React from "react";
import { decodeUint16 } from "../../../web/shared/wire/columns";
import type { Bridge } from "../bridge";
import type { Curves } from "../chart/curves";
import { Preloader } from "./preload";
import { sentence } from "../../../web/shared/wire/errors";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** Frames whose files, or measured pixels, are asked for together. */
const FILES = 64;
const POINTS = 16;
/** Frames fetched ahead and behind. */
const AHEAD = 8;
const BEHIND = 3;
/** Somebody who drags past a frame does not wait for it. */
const REST_MS = 80;

export interface Pictures {
  /** Address of a picture; null where there is none, undefined until that is known. */
  url(column: string, at: number): string | null | undefined;
  /** Measured pixels as (u, v) in steps of 1/65535; undefined until known. */
  points(suffix: string, at: number): Uint16Array | undefined;
  /** Whether the pictures of a frame can be shown at once. */
  ready(at: number): boolean;
  failure: string | null;
}

type Files = Record<string, (string | null)[]>;

const nameOf = (suffix: string, block: number): string => `${block} ${suffix}`;

/**
 * Where the pictures lie, asked for in blocks around the frame looked at, and fetched before they
 * are due.  `columns` are the ones on the screen; `measured` are the policies whose pixels are.
 */
export function usePictures(
  bridge: Bridge,
  curves: Curves,
  at: number,
  suffixes: readonly string[],
  columns: readonly string[],
  measured: readonly string[],
): Pictures {
  const [failure, setFailure] = React.useState<string | null>(null);
  const [, renew] = React.useReducer((count: number) => count + 1, 0);
  const live = useLatest(bridge);
  const preloader = React.useMemo(() => new Preloader(), []);
  // Blocks belong to these curves and policies: others have other frames at the same places.
  const [key, dotted] = [JSON.stringify(suffixes), JSON.stringify(measured)];
  const files = React.useMemo(() => new Map<string, Files | null>(), [curves, key]);
  const points = React.useMemo(() => new Map<string, Uint16Array[] | null>(), [curves]);

  const ids = React.useCallback(
    (block: number, size: number) =>
      Array.from({ length: Math.min(size, curves.n - block * size) }, (_, i) => curves.ids.at(block * size + i)),
    [curves],
  );
  const ask = React.useCallback(
    <T>(kept: Map<string, T | null>, block: string, question: () => Promise<T>): void => {
      if (kept.has(block)) return;
      kept.set(block, null);
      question()
        .then((answer) => {
          kept.set(block, answer);
          setFailure(null);
        })
        .catch((reason: unknown) => {
          kept.delete(block);
          setFailure(sentence(reason));
        })
        .finally(renew);
    },
    [],
  );

  React.useEffect(() => {
    const ends = [at - BEHIND, at, at + AHEAD].map((one) => Math.min(Math.max(one, 0), curves.n - 1));
    for (const block of new Set(ends.map((one) => Math.floor(one / FILES)))) {
      ask(files, nameOf("", block), async () => {
        const named = { ids: ids(block, FILES), suffixes: [...suffixes] };
        return (await live.current.call("pictures", named)).files;
      });
    }
    for (const suffix of measured) {
      for (const block of new Set(ends.map((one) => Math.floor(one / POINTS)))) {
        ask(points, nameOf(suffix, block), async () => {
          const answer = await live.current.call("measured", { ids: ids(block, POINTS), suffix });
          const total = answer.counts.reduce((sum, many) => sum + many, 0);
          const all = decodeUint16(answer.points, 2 * total, "measured");
          let from = 0;
          return answer.counts.map((many) => all.subarray(from, (from += 2 * many)));
        });
      }
    }
    // Compared by key, since the lists are new arrays on each render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [at, curves, files, points, dotted, key, ask, ids]);

  const url = (column: string, index: number): string | null | undefined => {
    const block = files.get(nameOf("", Math.floor(index / FILES)));
    if (!block) return undefined;
    const path = block[column]?.[index % FILES];
    return path ? live.current.mediaUrl(path) : null;
  };
  const urls = (index: number): string[] | null => {
    const found = columns.map((column) => url(column, index));
    return found.includes(undefined) ? null : found.filter((one): one is string => Boolean(one));
  };

  const fetchAround = React.useRef(() => {});
  fetchAround.current = () => {
    for (let step = AHEAD; step >= -BEHIND; step--) {
      const index = at + step;
      const wanted = index >= 0 && index < curves.n ? urls(index) : null;
      if (wanted) preloader.want(wanted);
    }
  };
  const known = files.get(nameOf("", Math.floor(at / FILES)));
  React.useEffect(() => {
    const timer = window.setTimeout(() => fetchAround.current(), REST_MS);
    return () => window.clearTimeout(timer);
  }, [at, known, columns.join("\n")]);

  return {
    url,
    points: (suffix, index) => points.get(nameOf(suffix, Math.floor(index / POINTS)))?.[index % POINTS],
    ready: (index) => {
      const wanted = urls(index);
      if (!wanted) return false;
      preloader.want(wanted);
      for (let next = index + 1; next < Math.min(index + AHEAD, curves.n); next++) {
        preloader.want(urls(next) ?? []);
      }
      return preloader.settled(wanted);
    },
    failure,
  };
}
