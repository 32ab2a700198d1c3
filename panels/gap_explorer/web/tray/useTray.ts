import * as React from "react";
import { sentence } from "../../../web/shared/wire/errors";
import type { Bridge } from "../bridge";
import type { ActionAnswer, Card } from "../contract.gen";
import { collected } from "../words";
import { add, clear, remove, Shelf, undo, type Tray } from "./contents";
import { TRAY_MAX } from "../contract.gen";
import type { Cloud } from "../cloud/useCloud";
import { useLatest } from "../../../web/shared/hooks/useLatest";

/** One for the page: two panels on a dataset gather into the same tray. */
const shelf = new Shelf(() => window.localStorage);

/** Hear of other windows, once and for as long as the page: also of a tray that nobody here looks at now. */
let hearing = false;
function hearOthers(): void {
  if (hearing) return;
  hearing = true;
  window.addEventListener("storage", (event: StorageEvent) => shelf.forget(event.key));
}

export interface TrayState {
  ids: readonly string[];
  has(id: string): boolean;
  /** What the samples look like; those that this sphere does not have are missing. */
  cards: ReadonlyMap<string, Card>;
  canUndo: boolean;
  notice: string | null;
  error: string | null;
  add(ids: readonly string[]): void;
  /** Put in what an action collected, where it was one that does. */
  take(reply: ActionAnswer | null): void;
  remove(id: string): void;
  clear(): void;
  undo(): void;
  /** Open the form of the Visual Spec on what is in the tray. */
  hand(): void;
}

const NO_CARDS: ReadonlyMap<string, Card> = new Map();

/** The tray of this dataset, with pictures for what is in it. */
export function useTray(bridge: Bridge, dataset: string, cloud: Cloud | null): TrayState {
  const tray = React.useSyncExternalStore(shelf.subscribe, () => shelf.get(dataset));
  const [notice, setNotice] = React.useState<string | null>(null);
  const [error, setError] = React.useState<string | null>(null);
  const [known, setKnown] = React.useState({ key: "", cards: NO_CARDS });
  const live = useLatest(bridge);
  const stamp = cloud?.stamp;

  React.useEffect(hearOthers, []);

  // Marks follow δ and the run; a sample already known to both is not asked for again.
  const { delta } = bridge.choices;
  const key = `${stamp}/${delta}`;
  const cards = known.key === key ? known.cards : NO_CARDS;
  /** Samples asked for under the newest key. */
  const asked = React.useRef({ key: "", ids: new Set<string>() });
  React.useEffect(() => {
    if (stamp === undefined) return;
    if (asked.current.key !== key) asked.current = { key, ids: new Set() };
    const { ids: before } = asked.current;
    const missing = tray.ids.filter((id) => !before.has(id));
    if (!missing.length) return;
    missing.forEach((id) => before.add(id));
    live.current
      .call("cards", { ids: missing, stamp, delta })
      .then((reply) => {
        if (asked.current.key !== key) return;
        setKnown((old) => {
          const made = new Map(old.key === key ? old.cards : NO_CARDS);
          reply.cards.forEach((card) => made.set(card.id, card));
          return { key, cards: made };
        });
      })
      .catch((reason: unknown) => {
        if (asked.current.key !== key) return;
        missing.forEach((id) => before.delete(id));
        setError(sentence(reason));
      });
  }, [tray.ids, stamp, delta, key]);

  const change = React.useCallback(
    (to: (tray: Tray) => Tray) => {
      setNotice(null);
      setError(null);
      shelf.set(dataset, to(shelf.get(dataset)));
    },
    [dataset],
  );

  const held = React.useMemo(() => new Set(tray.ids), [tray.ids]);
  const put = (ids: readonly string[], owned = 0): void => {
    const result = add(shelf.get(dataset), ids);
    change(() => result.tray);
    setNotice(collected({ ...result, owned, room: TRAY_MAX }));
  };
  return {
    ids: tray.ids,
    has: (id) => held.has(id),
    cards,
    canUndo: tray.past.length > 0,
    notice,
    error,
    add: put,
    take: (reply) => {
      if (reply?.ids) put(reply.ids, reply.owned);
    },
    remove: (id) => change((old) => remove(old, id)),
    clear: () => change(clear),
    undo: () => change(undo),
    hand: () => {
      if (stamp === undefined) return;
      setNotice(null);
      setError(null);
      live.current
        .call("act", { action: { kind: "spec" }, ids: [...tray.ids], stamp })
        .then((reply) => setNotice(reply.message))
        .catch((reason: unknown) => setError(sentence(reason)));
    },
  };
}
