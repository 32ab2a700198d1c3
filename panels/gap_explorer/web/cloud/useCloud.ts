import * as React from "react";
import { heard } from "../../../web/shared/wire/heard";
import type { Bridge } from "../bridge";
import { Bitmask, decodePositions, decodeUint32 } from "../../../web/shared/wire/columns";
import { decodeColumn, type Column } from "./columns";
import { columnSource, type ColumnSource } from "./source";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** The points shown, decoded: what every other hook works on. */
export interface Cloud {
  stamp: string;
  dataset: string;
  /** When the points were placed. */
  sphere: string;
  n: number;
  /** Unit vectors, interleaved. */
  xyz: Float32Array;
  sets: Bitmask;
  /** Gaps of the run. */
  gaps: Bitmask;
  picks: Uint32Array;
  /** The rank of each pick. */
  ranks: Uint32Array;
  dist: Column;
  source: ColumnSource;
}

interface CloudState {
  cloud: Cloud | null;
  error: string | null;
}

/** Decodes the columns once per stamp; the coordinates come from the source that Python chose. */
export function useCloud(bridge: Bridge): CloudState {
  const { run, columns } = bridge.data;
  const [state, setState] = React.useState<CloudState>({ cloud: null, error: null });
  const latest = useLatest({ bridge, run });
  // The run's numbers may change (samples came since) where its points did not.
  const agreed = run && columns && run.stamp === columns.stamp && run.source;

  React.useEffect(() => {
    const { bridge: host, run: about } = latest.current;
    if (!agreed || !columns || !about) return undefined;
    const { stamp, n } = columns;
    const source = columnSource(host, about, columns);
    return heard(
      source.geometry(),
      (xyz) => {
        const sets = Bitmask.decode(columns.sets, n);
        const gaps = Bitmask.decode(columns.gaps, n);
        const picks = decodePositions(columns.picks, n);
        const ranks = decodeUint32(columns.ranks, picks.length, "rank");
        const dist = decodeColumn(columns.dist, n);
        setState({ error: null, cloud: { stamp, dataset: about.dataset_id, sphere: about.sphere, n, xyz, sets, gaps, picks, ranks, dist, source } });
      },
      (error) => setState({ cloud: null, error }),
    );
  }, [agreed, columns]);

  return state;
}
