import * as React from "react";
import type { Bridge } from "../bridge";
import type { MasksPayload } from "../contract.gen";

/** Rest of the grid after which Python is asked what it keeps. */
const REST_MS = 120;

/**
 * What the grid shows, in so few words that two of them can be compared at every change.  An extended
 * selection of ten thousand ids counts by its length and its ends.
 */
export function gridKey(stages: unknown, filtered: unknown, extended: unknown): string {
  return JSON.stringify([stages, filtered, extended], (_, value: unknown) =>
    Array.isArray(value) && value.length > 50
      ? [value.length, value[0], value[value.length - 1]]
      : value,
  );
}

/**
 * Which points the grid keeps: as they came with the columns, then asked for once after each change.
 * FiftyOne's own `on_change_view` calls Python for view, filters and selection apart, and three times
 * while a panel opens; a change that is none, or is over before the grid rests, asks nothing here.
 *
 * @param sentFor the grid as it was when `sent` was asked for
 */
export function useMasks(
  sent: MasksPayload | null | undefined,
  sentFor: string,
  key: string,
  call: Bridge["call"],
): MasksPayload | null | undefined {
  const [asked, setAsked] = React.useState<{ masks: MasksPayload; key: string } | null>(null);
  const stamp = sent?.stamp;
  const later = asked !== null && asked.masks.stamp === stamp ? asked : null;
  const shown = later?.key ?? sentFor;

  React.useEffect(() => {
    if (stamp === undefined || shown === key) return undefined;
    let live = true;
    const timer = window.setTimeout(() => {
      call("masks", { stamp })
        .then((masks) => {
          if (live) setAsked({ masks, key });
        })
        // The points stay as they are; the next change asks again.
        .catch((error: unknown) => console.warn("gap_explorer: no masks", error));
    }, REST_MS);
    return () => {
      live = false;
      window.clearTimeout(timer);
    };
  }, [stamp, shown, key, call]);

  // Columns filled again bring newer masks along, under the same stamp perhaps.
  const [of, setOf] = React.useState(sent);
  if (of !== sent) {
    setOf(sent);
    setAsked(null);
  }
  return later?.masks ?? sent;
}
