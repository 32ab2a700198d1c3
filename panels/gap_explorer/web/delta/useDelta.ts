import * as React from "react";
import type { Bridge } from "../bridge";
import { decodeFloat32 } from "../../../web/shared/wire/columns";
import type { GapsAt, RunInfo } from "../contract.gen";
import { shareAbove } from "../math";
import { levelAt } from "../verdicts/verdicts";
import { useLatest } from "../../../web/shared/hooks/useLatest";
import { useGapsAt } from "./useGapsAt";

export interface DeltaState {
  /** δ as drawn now: follows the slider at once. */
  delta: number;
  gaps: number;
  exact: boolean;
  /** The verdicts are the run's; at any other δ the distance decides. */
  atRun: boolean;
  /** The level that δ holds; null where it is unknown. */
  level: number | null;
  tables: Tables;
  set(delta: number | null): void;
}

/** Equally spaced quantiles of distances. */
interface Tables {
  /** Of U to S. */
  pool: Float32Array;
  /** Inside S, drives left out. */
  own: Float32Array;
  /** Inside S, only the image itself left out. */
  inside: Float32Array;
}

/** Pause of the slider after which δ is chosen. */
const REST_MS = 220;

/**
 * δ while it moves: the count is read off the run's quantiles at once and asked from Python when
 * the slider rests.  Choosing is debounced with it, so that a drag is one choice and not a hundred.
 */
export function useDelta(bridge: Bridge, run: RunInfo): DeltaState {
  const chosen = bridge.choices.delta ?? run.delta;
  const [moving, setMoving] = React.useState<number | null>(null);
  const latest = useLatest(bridge);
  const timer = React.useRef(0);
  React.useEffect(() => () => window.clearTimeout(timer.current), []);

  const tables = React.useMemo((): Tables => {
    const read = (text: string): Float32Array => {
      const bytes = Math.floor((text.length * 3) / 4 - (text.match(/=+$/)?.[0].length ?? 0));
      return decodeFloat32(text, Math.round(bytes / 4), "quantile");
    };
    return { pool: read(run.quantiles), own: read(run.own_quantiles), inside: read(run.inside_quantiles) };
  }, [run]);

  const delta = moving ?? chosen;
  const atRun = delta === run.delta;
  const told: GapsAt | null = useGapsAt(bridge, run, atRun ? null : delta);

  const set = React.useCallback(
    (value: number | null) => {
      window.clearTimeout(timer.current);
      setMoving(value);
      timer.current = window.setTimeout(
        () => {
          latest.current.choose({ delta: value, deltaOf: value === null ? null : run.delta });
          setMoving(null);
        },
        value === null ? 0 : REST_MS,
      );
    },
    [run.delta],
  );

  return {
    delta,
    gaps: atRun ? run.gaps : (told?.gaps ?? Math.round(shareAbove(tables.pool, delta) * run.U)),
    exact: atRun || told !== null,
    atRun,
    level: levelAt(run, tables.own, delta),
    tables,
    set,
  };
}
