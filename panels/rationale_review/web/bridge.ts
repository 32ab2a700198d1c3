/** Everything the panel wants from its host, and nothing else. */

import type { Call } from "../../web/shared/wire/events";
import type { Events } from "./contract.gen";

export interface Bridge {
  /** The sample open in the modal. */
  sampleId: string | null;
  /** Another value when the grid's view changed. */
  view: unknown;
  /** Rejects with a sentence when Python refuses or the call fails. */
  call: Call<Events>;
  mediaUrl(filepath: string): string;
  /** Close the modal. */
  close(): void;
}
