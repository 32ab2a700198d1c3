import * as React from "react";
import { heard } from "../../../web/shared/wire/heard";
import type { Bridge } from "../bridge";
import { decodeFloat32 } from "../../../web/shared/wire/columns";
import type { Cloud } from "../cloud/useCloud";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** Share of the cloud that must fit the view: a few stray points may not shrink all the others. */
const FIT_QUANTILE = 0.98;

/**
 * Coordinates to draw: the sphere's own, or the 3D projection before it was made round, fetched
 * when first asked for and scaled to the same size on the screen.
 */
export function useCartesian(
  bridge: Bridge,
  cloud: Cloud | null,
): { xyz: Float32Array | null; spherical: boolean; error: string | null } {
  const wanted = bridge.choices.projection === "cartesian";
  const call = useLatest(bridge.call);
  const [free, setFree] = React.useState<{ stamp: string; xyz: Float32Array } | null>(null);
  const [error, setError] = React.useState<string | null>(null);

  React.useEffect(() => {
    if (!cloud || !wanted || free?.stamp === cloud.stamp) return undefined;
    setError(null);
    return heard(
      call.current("cartesian", { stamp: cloud.stamp }),
      ({ stamp, xyz }) => {
        if (stamp === cloud.stamp) setFree({ stamp, xyz: fitToView(decodeFloat32(xyz, cloud.n * 3, "cartesian")) });
      },
      setError,
    );
  }, [cloud, wanted, free]);

  const said = wanted ? error : null;
  if (!cloud) return { xyz: null, spherical: true, error: said };
  if (wanted && free?.stamp === cloud.stamp) return { xyz: free.xyz, spherical: false, error: said };
  return { xyz: cloud.xyz, spherical: true, error: said };
}

/** Centred, and scaled so that nearly all points lie within radius 1. */
export function fitToView(xyz: Float32Array): Float32Array {
  const n = xyz.length / 3;
  if (n === 0) return xyz;
  const middle = [0, 0, 0];
  for (let i = 0; i < xyz.length; i++) middle[i % 3] += xyz[i] / n;
  const radii = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    radii[i] = Math.hypot(
      xyz[3 * i] - middle[0],
      xyz[3 * i + 1] - middle[1],
      xyz[3 * i + 2] - middle[2],
    );
  }
  radii.sort();
  const reach = radii[Math.min(n - 1, Math.floor(FIT_QUANTILE * n))] || 1;
  const out = new Float32Array(xyz.length);
  for (let i = 0; i < xyz.length; i++) out[i] = (xyz[i] - middle[i % 3]) / reach;
  return out;
}
