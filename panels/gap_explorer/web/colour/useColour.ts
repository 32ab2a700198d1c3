import * as React from "react";
import { sentence } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import { decodeColumn, numericColumn, U16_STEPS, type Column } from "../cloud/columns";
import { classTexels, mapTexels, type Palette } from "./colormap";
import { sphereDensity } from "../math";
import type { SceneColour } from "../scene/marks/marks";
import type { Cloud } from "../cloud/useCloud";
import { useLatest } from "../../../web/shared/hooks/useLatest";

export interface ColourState {
  column: Column | null;
  busy: boolean;
  error: string | null;
}

/** Density of the points shown, worked out when it is first asked for. */
const densities = new WeakMap<Cloud, Column>();

/**
 * The column the points are coloured by; fields are fetched once and kept as long as the run, and as
 * the samples stay as they are, which `mark` names.  Where that fails, what was read before stays.
 */
export function useColour(bridge: Bridge, cloud: Cloud | null, mark: string): ColourState {
  const field = bridge.choices.colour;
  const kept = React.useRef<{ stamp: string; columns: Map<string, Column> }>({
    stamp: "",
    columns: new Map(),
  });
  const call = useLatest(bridge.call);
  const [state, setState] = React.useState<ColourState>({ column: null, busy: false, error: null });

  React.useEffect(() => {
    if (!cloud) return undefined;
    const stamp = `${cloud.stamp} ${mark}`;
    if (kept.current.stamp !== stamp) kept.current = { stamp, columns: new Map() };
    const { columns } = kept.current;
    const ready = columns.get(field) ?? localColumn(field, cloud);
    if (ready) {
      columns.set(field, ready);
      setState({ column: ready, busy: false, error: null });
      return undefined;
    }
    let live = true;
    // Until it has come the points keep a colour that fits them.
    const fits = (column: Column | null): column is Column => column?.values.length === cloud.n;
    setState(({ column }) => ({ column: fits(column) ? column : cloud.dist, busy: true, error: null }));
    call.current("colour", { field, stamp: cloud.stamp })
      .then((payload) => {
        if (payload.stamp !== cloud.stamp) return;
        const column = decodeColumn(payload, cloud.n);
        columns.set(field, column);
        if (live) setState({ column, busy: false, error: null });
      })
      .catch((error: unknown) => {
        if (!live) return;
        setState(({ column }) => ({
          column: fits(column) && column.field === field ? column : cloud.dist,
          busy: false,
          error: sentence(error),
        }));
      });
    return () => {
      live = false;
    };
  }, [cloud, field, mark]);

  return state;
}

function localColumn(field: string, cloud: Cloud): Column | null {
  if (field === cloud.dist.field) return cloud.dist;
  if (field !== "density") return null;
  const density = densities.get(cloud) ?? numericColumn("density", sphereDensity(cloud.xyz));
  densities.set(cloud, density);
  return density;
}

/** A column, the palette and the legend's range as the scene wants them. */
export function sceneColour(
  column: Column,
  palette: Palette,
  dark: boolean,
  range: readonly [number, number] | null,
): SceneColour {
  const classes = column.kind === "categorical";
  const step = (value: number): number =>
    ((value - column.min) / (column.max - column.min || 1)) * U16_STEPS;
  return {
    values: column.values,
    classes,
    low: !classes && range ? step(range[0]) : 0,
    high: !classes && range ? step(range[1]) : U16_STEPS,
    texels: classes ? classTexels(dark) : mapTexels(palette, dark),
  };
}
