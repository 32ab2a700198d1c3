import * as React from "react";
import { act, create } from "react-test-renderer";
import { expect, it } from "vitest";
import type { RunInfo } from "../contract.gen";
import { heldBridge } from "../testing";
import { Progress } from "./Progress";

it("shows the rounds once they can be read, whatever failed before", async () => {
  const { bridge, asked } = heldBridge();
  const page = (overview: string) => React.createElement(Progress, { bridge, run: { stamp: "one", overview } as RunInfo });
  let shown: ReturnType<typeof create> | null = null;
  await act(async () => {
    shown = create(page("1"));
  });
  const alerts = (): number => shown!.root.findAllByProps({ role: "alert" }).length;
  await act(async () => asked[0].refuse(new Error("The App server failed.")));
  expect(alerts()).toBe(1);
  await act(async () => shown!.update(page("2")));
  await act(async () => asked[1].answer({ rounds: [], cards: [], specs: [], nothing: "" }));
  expect(alerts()).toBe(0);
});
