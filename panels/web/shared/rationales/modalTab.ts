/**
 * The tab of the window that shows a sample.  FiftyOne (1.22) keeps the one chosen last in the
 * browser, for every dataset: a review gives back the one that was there before it began, also where
 * the page was left or loaded again in between.
 */

/** Where FiftyOne keeps the window's layout, and the id of the tab with the image. */
const LAYOUT = "fo-sample-modal-plugins";
const SAMPLE = "fo-sample-modal-plugin";
const BEFORE = "gapsphere-tab-before-review";
const REVIEW = "rationale_review";
/** The App's name of the window's layout while it runs. */
export const SPACES = "fiftyone-modal-spaces";

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Keep the tab that is chosen now; a review that was not left yet has kept it already. */
export function keepTab(store: Store = localStorage): void {
  if (store.getItem(BEFORE) !== null) return;
  const chosen = layout(store)?.activeChild;
  store.setItem(BEFORE, typeof chosen === "string" && chosen !== REVIEW ? chosen : SAMPLE);
}

/** Choose it again for the next window; null where no review began. */
export function giveTabBack(store: Store = localStorage): string | null {
  const before = store.getItem(BEFORE);
  if (before === null) return null;
  store.removeItem(BEFORE);
  const kept = layout(store);
  if (kept?.activeChild === REVIEW) store.setItem(LAYOUT, JSON.stringify({ ...kept, activeChild: before }));
  return before;
}

/** As the page is loaded: a review that was left with its page, unless its sample opens again. */
export function giveTabBackAtStart(address: string = location.search, store: Store = localStorage): void {
  const opens = new URLSearchParams(address);
  if (!opens.has("id") && !opens.has("groupId")) giveTabBack(store);
}

function layout(store: Store): { activeChild?: unknown } | null {
  try {
    return JSON.parse(store.getItem(LAYOUT) ?? "null") as { activeChild?: unknown } | null;
  } catch {
    return null; // not as FiftyOne writes it
  }
}
