/** A hook outside the App, as tests use it: React without a page. */

import * as React from "react";
import { act, create } from "react-test-renderer";

const page = globalThis as Record<string, unknown>;
page.IS_REACT_ACT_ENVIRONMENT = true;
page.window ??= globalThis;
page.addEventListener ??= () => undefined;
page.removeEventListener ??= () => undefined;

export interface Hooked<P, V> {
  /** What the newest render gave. */
  readonly value: V;
  /** Render again with other arguments. */
  give(props: P): Promise<void>;
  /** Something that changes its state, and all that follows of it. */
  during(change: () => unknown): Promise<void>;
  end(): Promise<void>;
}

/** Use a hook in a component that draws nothing. */
export async function hooked<P, V>(use: (props: P) => V, props: P): Promise<Hooked<P, V>> {
  const seen: { value?: V } = {};
  const Host = (of: { props: P }): null => {
    seen.value = use(of.props);
    return null;
  };
  const element = (of: P): React.ReactElement => React.createElement(Host, { props: of });
  let root: ReturnType<typeof create> | null = null;
  const during = (change: () => unknown): Promise<void> =>
    act(async () => {
      await change();
    });
  await during(() => {
    root = create(element(props));
  });
  return {
    get value() {
      return seen.value as V;
    },
    give: (next) => during(() => root?.update(element(next))),
    during,
    end: () => during(() => root?.unmount()),
  };
}

/** Answers that the test gives when it wants to, in the order of the calls. */
export function heldCalls(): {
  call(name: string, params: object): Promise<never>;
  /** What was asked, oldest first. */
  asked: { name: string; params: object; answer(reply: object): void; refuse(error: Error): void }[];
} {
  const asked: ReturnType<typeof heldCalls>["asked"] = [];
  const call = (name: string, params: object): Promise<never> =>
    new Promise((resolve, reject) => {
      asked.push({ name, params, answer: (reply) => resolve(reply as never), refuse: reject });
    });
  return { call, asked };
}
