/**
 * The tray of a Visual Spec: candidates gathered over several clicks, kept by the browser.
 *
 * Only ids are kept, what they look like is asked for again; and by the dataset's own id, since a
 * new dataset may take an old name.  All panels of a page look at one tray.
 */

import { TRAY_MAX } from "../contract.gen";

const UNDO_DEPTH = 50;
const KEY = "gapsphere.gap_explorer.tray.";

export interface Tray {
  ids: readonly string[];
  /** What it held before each change, newest last. */
  past: readonly (readonly string[])[];
}

export const EMPTY_TRAY: Tray = { ids: [], past: [] };

const changed = (tray: Tray, ids: readonly string[]): Tray => ({
  ids,
  past: [...tray.past, tray.ids].slice(-UNDO_DEPTH),
});

interface Added {
  tray: Tray;
  added: number;
  already: number;
  /** Left out because the tray is full. */
  over: number;
}

export function add(tray: Tray, ids: readonly string[]): Added {
  const held = new Set(tray.ids);
  const fresh = [...new Set(ids)].filter((id) => !held.has(id));
  const taken = fresh.slice(0, Math.max(0, TRAY_MAX - held.size));
  return {
    tray: taken.length ? changed(tray, [...tray.ids, ...taken]) : tray,
    added: taken.length,
    already: new Set(ids).size - fresh.length,
    over: fresh.length - taken.length,
  };
}

export function remove(tray: Tray, id: string): Tray {
  return tray.ids.includes(id)
    ? changed(
        tray,
        tray.ids.filter((other) => other !== id),
      )
    : tray;
}

export const clear = (tray: Tray): Tray => (tray.ids.length ? changed(tray, []) : tray);

export function undo(tray: Tray): Tray {
  const before = tray.past[tray.past.length - 1];
  return before ? { ids: before, past: tray.past.slice(0, -1) } : tray;
}

type Keeper = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Trays by dataset, in this page and in the browser's storage. */
export class Shelf {
  private readonly trays = new Map<string, Tray>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly storage: () => Keeper) {}

  get(dataset: string): Tray {
    const known = this.trays.get(dataset);
    if (known) return known;
    const read: Tray = { ids: this.read(dataset), past: [] };
    this.trays.set(dataset, read);
    return read;
  }

  set(dataset: string, tray: Tray): void {
    this.trays.set(dataset, tray);
    try {
      if (tray.ids.length) this.storage().setItem(KEY + dataset, JSON.stringify(tray.ids));
      else this.storage().removeItem(KEY + dataset);
    } catch {
      // A browser that keeps nothing still gathers; the tray lasts as long as the page.
    }
    this.listeners.forEach((listener) => listener());
  }

  /** Another window changed its storage: look again. */
  forget(key: string | null): void {
    if (key !== null && !key.startsWith(KEY)) return;
    if (key === null) this.trays.clear();
    else this.trays.delete(key.slice(KEY.length));
    this.listeners.forEach((listener) => listener());
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private read(dataset: string): string[] {
    try {
      const kept: unknown = JSON.parse(this.storage().getItem(KEY + dataset) ?? "[]");
      return Array.isArray(kept) ? kept.filter((id): id is string => typeof id === "string") : [];
    } catch {
      return [];
    }
  }
}
