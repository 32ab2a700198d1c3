/**
 * A function that makes calls one after the other, each with its own result.
 *
 * FiftyOne answers events side by side, and what they do to the grid is done in the order of their
 * answers: of two questions that overtake each other, the grid would keep the older one's images.
 */
export function takingTurns(): <T>(call: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (call) => {
    const next = last.then(call, call);
    last = next;
    return next;
  };
}
