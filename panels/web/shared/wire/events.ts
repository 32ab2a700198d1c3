/** Events of a Python panel as promises, the same for every panel of this bundle. */

import { useTriggerPanelEvent, type EventReply } from "@fiftyone/operators";
import * as React from "react";
import { Outdated, PanelError } from "./errors";
import { useLatest } from "../hooks/useLatest";

/** Name of an event to what it takes and what it answers. */
type EventTable<T> = { [E in keyof T]: readonly [params: object, answer: object] };

export type Call<T extends EventTable<T>> = <E extends keyof T & string>(
  name: E,
  params: T[E][0],
) => Promise<T[E][1]>;

/** Any event may return this in place of its answer: one sentence for the person. */
interface Refusal {
  error: string;
  outdated?: boolean;
}

/** What FiftyOne hands to a component named in a Python panel's `render`. */
export interface PanelProps<D> {
  data?: D;
  schema?: { view?: Record<string, unknown> };
}

/** A function that rejects with {@link PanelError} when Python refuses or the call fails. */
export function useEvents<T extends EventTable<T>>(
  props: PanelProps<unknown>,
  names: readonly (keyof T & string)[],
): Call<T> {
  const trigger = useTriggerPanelEvent();
  const uris = React.useRef<Partial<Record<string, string>>>({});
  for (const name of names) {
    const uri = props.schema?.view?.[name];
    if (typeof uri === "string") uris.current[name] = uri;
  }
  const latest = useLatest(trigger);

  return React.useCallback(
    <E extends keyof T & string>(name: E, params: T[E][0]): Promise<T[E][1]> =>
      new Promise((resolve, reject) => {
        const uri = uris.current[name];
        if (!uri) {
          reject(new PanelError(`This panel's Python side does not know "${name}".`));
          return;
        }
        const done = (reply: EventReply<T[E][1] | Refusal>): boolean => {
          const failure = reply.errorMessage ?? reply.error;
          if (failure) {
            reject(new PanelError(failure instanceof Error ? failure.message : lastLine(failure)));
            return false;
          }
          const { result } = reply;
          if (result && "error" in result) reject(new (result.outdated ? Outdated : PanelError)(result.error));
          else resolve((result ?? {}) as T[E][1]);
          return true;
        };
        latest.current<T[E][1] | Refusal>(uri, params, false, done);
      }),
    [],
  );
}

/** A Python traceback ends with what happened. */
const lastLine = (text: string): string => text.trim().split("\n").pop() ?? text;
