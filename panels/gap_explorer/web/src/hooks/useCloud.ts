import * as React from "react";
import { sentence, type Bridge } from "../bridge";
import {
  Bitmask,
  decodeColumn,
  decodeFloat32,
  decodePositions,
  decodeRouteGeometry,
  type Column,
} from "../columns";

/** The points shown, decoded: what every other hook works on. */
export interface Cloud {
  stamp: string;
  n: number;
  /** Unit vectors, interleaved. */
  xyz: Float32Array;
  sets: Bitmask;
  picks: Uint32Array;
  dist: Column;
}

export interface CloudState {
  cloud: Cloud | null;
  error: string | null;
}

/**
 * Decodes the columns once per stamp.  The coordinates come with the panel data or, when Python
 * chose that source, from FiftyOne's own route; a reply of another kind there asks for our own.
 */
export function useCloud(bridge: Bridge): CloudState {
  const { run, columns } = bridge.data;
  const [state, setState] = React.useState<CloudState>({ cloud: null, error: null });
  const call = React.useRef(bridge);
  call.current = bridge;

  React.useEffect(() => {
    if (!run || !columns || run.stamp !== columns.stamp) return undefined;
    let live = true;
    const finish = (xyz: Float32Array): void => {
      if (!live) return;
      const { n } = columns;
      setState({
        error: null,
        cloud: {
          stamp: columns.stamp,
          n,
          xyz,
          sets: Bitmask.decode(columns.sets, n),
          picks: decodePositions(columns.picks, n),
          dist: decodeColumn(columns.dist, n),
        },
      });
    };
    const fail = (error: unknown): void => {
      if (live) setState({ cloud: null, error: sentence(error) });
    };
    try {
      if (columns.xyz !== null) {
        finish(decodeFloat32(columns.xyz, columns.n * 3, "coordinate"));
      } else {
        call.current
          .routeGeometry(run.dataset, run.brain_key)
          .then((reply) => {
            const xyz = decodeRouteGeometry(reply);
            if (xyz.length !== columns.n * 3) throw new Error("The route serves another run.");
            return xyz;
          })
          .catch(async () => {
            const own = await call.current.call("geometry", { stamp: columns.stamp });
            return decodeFloat32(own.xyz, columns.n * 3, "coordinate");
          })
          .then(finish)
          .catch(fail);
      }
    } catch (error) {
      fail(error);
    }
    return () => {
      live = false;
    };
  }, [run, columns]);

  return state;
}
