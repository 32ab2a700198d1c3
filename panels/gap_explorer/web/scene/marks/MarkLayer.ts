/** The marks over single points as they hang in the scene; a crowd of ranks is thinned at every view. */

import * as THREE from "three";
import { crowded, packMarks, type MarkColumns, type Marks } from "./marks";
import { fillMarks, makeMarks } from "./objects";
import { faces, project, type View } from "../camera/picking";

export class MarkLayer {
  readonly cloud = makeMarks();
  private packed: MarkColumns | null = null;

  /** Ranks of picks drawn, and marks that are dimmed. */
  get tally(): { ranks: number; dim: number } {
    const { rank, dim } = this.packed ?? { rank: [], dim: [] };
    const count = (of: ArrayLike<number>): number => Array.from(of).filter((one) => one > 0).length;
    return { ranks: count(rank), dim: count(dim) };
  }

  /** Draw them on points as they now are. */
  place(marks: Marks, xyz: Float32Array, flags: Uint8Array): void {
    const packed = packMarks(marks, xyz, flags);
    fillMarks(this.cloud, packed);
    this.packed = packed;
    this.cloud.visible = packed.count > 0;
  }

  /** Leave out the ranks that lie over others from here; a closer look brings them back. */
  thin(view: View): void {
    const { packed } = this;
    if (!packed?.rank.some((rank) => rank > 0)) return;
    const out = crowded(packed.kind, (mark) => {
      const [x, y, z] = packed.position.subarray(3 * mark, 3 * mark + 3);
      return faces(view, x, y, z) ? project(view, x, y, z) : null;
    });
    const attribute = this.cloud.geometry.getAttribute("aCrowded") as THREE.BufferAttribute;
    attribute.array.set(out);
    attribute.needsUpdate = true;
  }

  dispose(): void {
    this.cloud.geometry.dispose();
    this.cloud.material.uniforms.uNumerals.value.dispose();
    this.cloud.material.dispose();
  }
}
