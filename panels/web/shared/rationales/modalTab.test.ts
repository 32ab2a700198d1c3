import { expect, test } from "vitest";
import { giveTabBack, giveTabBackAtStart, keepTab } from "./modalTab";

const LAYOUT = "fo-sample-modal-plugins";

function browser(active: string): { store: Storage; tab: () => string; choose: (tab: string) => void } {
  const kept = new Map<string, string>();
  const choose = (tab: string): void => void kept.set(LAYOUT, JSON.stringify({ id: "root", activeChild: tab }));
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
  choose(active);
  return { store, choose, tab: () => (JSON.parse(kept.get(LAYOUT) ?? "{}") as { activeChild: string }).activeChild };
}

test("a review gives back the tab that was there before it", () => {
  const { store, tab, choose } = browser("other_panel");
  keepTab(store);
  choose("rationale_review");
  keepTab(store); // begun once more, before it was left
  expect(giveTabBack(store)).toBe("other_panel");
  expect(tab()).toBe("other_panel");
  choose("rationale_review"); // chosen by hand
  expect(giveTabBack(store)).toBe(null);
  expect(tab()).toBe("rationale_review");
});

test("a tab that an earlier review left behind is the sample's again", () => {
  const { store, tab } = browser("rationale_review");
  keepTab(store);
  giveTabBack(store);
  expect(tab()).toBe("fo-sample-modal-plugin");
});

test("a tab chosen during the review stays", () => {
  const { store, tab, choose } = browser("other_panel");
  keepTab(store);
  choose("third_panel");
  giveTabBack(store);
  expect(tab()).toBe("third_panel");
});

test("a review that was left with its page is over, unless its sample opens again", () => {
  const { store, tab, choose } = browser("other_panel");
  keepTab(store);
  choose("rationale_review");
  giveTabBackAtStart("?id=65f0", store);
  expect(tab()).toBe("rationale_review");
  giveTabBackAtStart("?view=x", store);
  expect(tab()).toBe("other_panel");
});

test("a layout that nobody has chosen yet, or that is unreadable, gives the sample's", () => {
  const { store } = browser("other_panel");
  store.setItem(LAYOUT, "{");
  keepTab(store);
  expect(giveTabBack(store)).toBe("fo-sample-modal-plugin");
});
