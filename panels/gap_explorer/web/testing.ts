/** What tests of hooks are given: a small cloud, a bridge, answers. */

import { Bitmask, encodeBitmask } from "../../web/shared/wire/columns";
import { heldCalls } from "../../web/shared/testing";
import type { Bridge } from "./bridge";
import { numericColumn } from "./cloud/columns";
import type { Cloud } from "./cloud/useCloud";
import { DEFAULT_CHOICES, type Answer, type Choices } from "./contract.gen";
import { takingTurns } from "./grid/turns";

const N = 3;
/** A cloud of three points, the first owned. */
export const cloud = (stamp: string): Cloud => ({
  ...{ stamp, dataset: "d", sphere: stamp, n: N, xyz: new Float32Array(3 * N), picks: new Uint32Array(0), ranks: new Uint32Array(0) },
  sets: Bitmask.decode(encodeBitmask([0], N), N),
  gaps: Bitmask.decode(encodeBitmask([], N), N),
  dist: numericColumn("dist_to_S", new Float32Array(N)),
  source: { name: "panel", geometry: async () => new Float32Array(3 * N), ids: async () => Promise.reject(new Error()) },
});

/** A bridge whose calls the test answers when it wants to. */
export function heldBridge(choices: Partial<Choices> = {}): { bridge: Bridge; asked: ReturnType<typeof heldCalls>["asked"] } {
  const { call, asked } = heldCalls();
  const bridge: Bridge = {
    ...{ data: { dataset: "d" }, choose: () => undefined, inTurn: takingTurns(), filling: () => false },
    ...{ call, flat: async () => undefined, viewed: async () => undefined, refreshed: 0, outdated: 0, selected: [], mediaUrl: (path: string) => path },
    ...{ choices: { ...DEFAULT_CHOICES, ...choices }, route: async () => new ArrayBuffer(0) },
  };
  return { bridge, asked };
}
/** Positions as Python sends them. */
export const points = (...rows: number[]): string => btoa(String.fromCharCode(...new Uint8Array(Uint32Array.from(rows).buffer)));
export const answerTo = (query: Answer["query"], stamp = "one"): Answer => ({
  ...{ query, stamp, cards: [], owned: [], beside: null, more: {}, metric: "cosine", total: 1, words: null, highlight: points(1) },
  ms: 1,
});
