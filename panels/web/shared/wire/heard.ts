import { sentence } from "./errors";

/** Hands over what was asked for, unless the effect that asked is over by then; returns what ends it. */
export function heard<T>(asked: Promise<T>, take: (answer: T) => void, fail: (reason: string) => void): () => void {
  let current = true;
  asked
    .then((answer) => current && take(answer))
    .catch((reason: unknown) => current && fail(sentence(reason)));
  return () => {
    current = false;
  };
}
