/** Everything the panel wants from its host, and nothing else. */

import type { Call } from "../../web/shared/wire/events";
import type { Events } from "./contract.gen";

export interface Bridge {
  /** Another value when the grid's view changed. */
  view: unknown;
  call: Call<Events>;
  /** Bring the review panel to the front in the modal that is opening. */
  showReview(): void;
}
