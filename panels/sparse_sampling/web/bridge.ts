/** Everything the panel wants from its host, and nothing else. */

import type { Call } from "../../web/shared/wire/events";
import type { Events } from "./contract.gen";

export interface Bridge {
  /** Name of the dataset that is open. */
  dataset: string;
  /** Another value when the grid's view changed. */
  view: unknown;
  /** Resolves when the grid's view is another one, or after a while. */
  viewed(): Promise<void>;
  /** The sample open in the modal. */
  opened: string | null;
  /** Ids selected in the grid. */
  selected: readonly string[];
  /** Rejects with a sentence when Python refuses or the call fails. */
  call: Call<Events>;
  mediaUrl(filepath: string): string;
}
