/**
 * Where coordinates and ids come from: this panel's own Python, or FiftyOne's `/embeddings/v2`
 * routes, which serve any visualization run in the same order.  Python chooses (`run.source`); the
 * routes are FiftyOne's own affair, so a reply of another kind than expected is answered by ours.
 */

import type { Bridge } from "../bridge";
import { decodeFloat32, IdColumn } from "../../../web/shared/wire/columns";
import { decodeRouteGeometry, decodeRouteIds, expectCount } from "./columns";
import type { ColumnsPayload, RunInfo, SourceName } from "../contract.gen";

export interface ColumnSource {
  readonly name: SourceName;
  /** Unit vectors, interleaved. */
  geometry(): Promise<Float32Array>;
  ids(): Promise<IdColumn>;
}

type Host = Pick<Bridge, "call" | "route">;

export function columnSource(host: Host, run: RunInfo, columns: ColumnsPayload): ColumnSource {
  const own = panelSource(host, columns);
  return run.source === "routes" ? routeSource(host, run, columns, own) : own;
}

function panelSource({ call }: Host, { stamp, n, xyz }: ColumnsPayload): ColumnSource {
  return {
    name: "panel",
    geometry: async () =>
      decodeFloat32(xyz ?? (await call("geometry", { stamp })).xyz, n * 3, "coordinate"),
    ids: async () => IdColumn.decode((await call("ids", { stamp })).ids, n),
  };
}

function routeSource({ route }: Host, run: RunInfo, { n }: ColumnsPayload, own: ColumnSource): ColumnSource {
  const orOwn = async <T>(ask: () => Promise<T>, instead: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      console.warn("gap_explorer: FiftyOne's route did not answer as expected", error);
      return instead();
    }
  };
  return {
    name: "routes",
    geometry: () =>
      orOwn(async () => {
        const xyz = decodeRouteGeometry(await route("geometry", run.dataset, run.brain_key));
        return expectCount(xyz, n * 3);
      }, own.geometry),
    ids: () =>
      orOwn(async () => decodeRouteIds(await route("ids", run.dataset, run.brain_key), n), own.ids),
  };
}

const INSISTED = "gapsphere.gap_explorer.source";

/** The source that someone insists on, the benchmark for one; null leaves the choice to Python. */
export function insistedSource(): SourceName | null {
  try {
    const name = window.localStorage.getItem(INSISTED);
    return name === "panel" || name === "routes" ? name : null;
  } catch {
    return null; // a browser that keeps nothing
  }
}
