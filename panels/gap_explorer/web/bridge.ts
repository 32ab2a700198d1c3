/**
 * Everything the panel wants from its host, and nothing else.  `fiftyone.ts` fulfils it inside the
 * App.
 */

import type { Choices, EventName, Events, PanelData } from "./contract.gen";

export type RouteName = "geometry" | "ids";

export interface Bridge {
  data: PanelData;
  choices: Choices;
  choose(patch: Partial<Choices>): void;
  /** Rejects with {@link PanelError} when Python refuses or the call fails. */
  call<E extends EventName>(name: E, params: Events[E][0]): Promise<Events[E][1]>;
  /** Makes calls that change the grid one after the other: the grid is left as the last one wants it. */
  inTurn<T>(call: () => Promise<T>): Promise<T>;
  /** Whether the contents are on their way. */
  filling(): boolean;
  /** Resolves when the grid shows samples and not groups, so that an answer can be shown there. */
  flat(): Promise<void>;
  /** Resolves when the grid's view is another one, or after a while. */
  viewed(): Promise<void>;
  /** Counts what in this browser has changed samples. */
  refreshed: number;
  /** Counts refusals because what is shown has changed. */
  outdated: number;
  /** Ids selected in the grid. */
  selected: readonly string[];
  mediaUrl(filepath: string): string;
  /** FiftyOne's own column routes; used when `run.source` says so. */
  route(name: RouteName, dataset: string, brainKey: string): Promise<ArrayBuffer>;
}
