import * as React from "react";
import { act, create } from "react-test-renderer";
import { expect, it } from "vitest";
import "../../../web/shared/testing";
import type { QueryMode } from "../contract.gen";
import { Modes } from "./Modes";

it.each([
  ["cap", true, "Cap"],
  ["lasso", false, "Lasso"],
  ["cap", false, "Point"],
  ["place", false, "Point"],
])("is reached by Tab in the mode %s (sphere: %s), also where that needs a sphere", async (mode, spherical, at) => {
  let shown: ReturnType<typeof create> | null = null;
  await act(async () => {
    shown = create(React.createElement(Modes, { mode: mode as QueryMode, spherical, choose: () => undefined }));
  });
  const stops = shown!.root.findAllByProps({ tabIndex: 0 }).map(({ props }) => props);
  expect(stops).toEqual([expect.objectContaining({ "aria-label": at, disabled: false })]);
});
