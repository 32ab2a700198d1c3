/** The marks over single points as they hang in the scene; a crowd of ranks is thinned at every view. */

import * as THREE from "three";
import { crowded, NO_MARKS, packMarks, type MarkColumns, type Marks } from "./marks";
import { fillMarks, makeMarks } from "./objects";

export class MarkLayer {
  readonly cloud = makeMarks();
  private marks: Marks = NO_MARKS;
  private packed: MarkColumns | null = null;

  set(marks: Partial<Marks>): void {
    this.marks = { ...this.marks, ...marks };
  }

  /** Ranks of picks drawn, and marks that are dimmed. */
  get tally(): { ranks: number; dim: number } {
    const { rank, dim } = this.packed ?? { rank: [], dim: [] };
    const count = (of: ArrayLike<number>): number => Array.from(of).filter((one) => one > 0).length;
    return { ranks: count(rank), dim: count(dim) };
  }

  /** Draw them on points as they now are. */
  place(xyz: Float32Array, flags: Uint8Array): void {
    const packed = packMarks(this.marks, xyz, flags);
    fillMarks(this.cloud, packed);
    this.packed = packed;
    this.cloud.visible = packed.count > 0;
  }

  /** Leave out the ranks that lie over others from here; a closer look brings them back. */
  thin(project: (point: THREE.Vector3Tuple) => { x: number; y: number; visible: boolean } | null): void {
    const { packed } = this;
    if (!packed?.rank.some((rank) => rank > 0)) return;
    const out = crowded(packed, (mark) => {
      const [x, y, z] = packed.position.subarray(3 * mark, 3 * mark + 3);
      const at = project([x, y, z]);
      return at?.visible ? [at.x, at.y] : null;
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
