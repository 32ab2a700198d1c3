import * as React from "react";
import { act, create } from "react-test-renderer";
import { expect, it } from "vitest";
import type { Overview, RunInfo } from "../contract.gen";
import { heldBridge, points } from "../testing";
import { Lacks, lead } from "./Lacks";
import type { OverviewState } from "./useOverview";

it.each([
  [9, "9 gaps in 8 kinds of scene, the weightiest first. Metadata alone names 2 more kinds of scene that you own nothing of."],
  [0, "No candidate is farther from the owned images than δ = 0.500. Metadata alone names 2 kinds of scene that you own nothing of."],
])("says of how many kinds nothing is owned by metadata (%i gaps)", (gaps, said) => {
  const overview = { cards: [{ key: "night" }], cards_total: gaps && 8, by_metadata: 2, contrasts: [] };
  expect(lead({ gaps, delta: 0.5 } as RunInfo, overview as unknown as Overview)).toBe(said);
});

it.each([
  [8, "At the run’s δ = 0.500: 9 gaps in 8 kinds of scene, the weightiest first."],
  [0, "At the run’s δ = 0.500: 9 gaps, the weightiest first."],
])("says whose δ its gaps are of once another one is chosen (%i kinds)", (total, said) => {
  const overview = { cards: [{ key: "night" }], cards_total: total, by_metadata: 0, contrasts: [] };
  expect(lead({ gaps: 9, delta: 0.5 } as RunInfo, overview as unknown as Overview, true)).toBe(said);
});

it("lists the weightiest four, so that what to label next is seen below them, and the rest on a click", async () => {
  const row = { title: "", counts: "", lines: [], images: 1, pictures: [], positions: points(1) };
  const cards = [...Array(9).keys()].map((at) => ({ ...row, key: `${at}` }));
  const overview = { cards, cards_total: 8, contrasts: [], summarized: true } as unknown as Overview;
  const state = { chosen: null } as unknown as OverviewState;
  const props = { bridge: heldBridge().bridge, run: { gaps: 9 } as RunInfo, state, overview, points: 3, tray: null };
  let list: ReturnType<typeof create> | null = null;
  await act(async () => {
    list = create(React.createElement(Lacks, props));
  });
  const all = (of: object) => list!.root.findAllByProps(of);
  const rows = (): number => all({ "data-cy": "gs-lack" }).length;
  expect(rows()).toBe(4);
  await act(async () => all({ look: "link" })[0].props.onClick());
  expect(rows()).toBe(9);
});
