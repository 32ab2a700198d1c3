import { expect, it } from "vitest";
import { dealWith } from "./goOn";
import type { WorkAct } from "./work.gen";

it.each([
  ["again", true, ["again", "viewed", "form"]],
  ["again", false, ["again"]],
  ["stop", false, ["stop"]],
] as const)("%s, with the view changing: %s", async (what, changing, done) => {
  const log: string[] = [];
  let show: () => void = () => undefined;
  const send = async (act: WorkAct) => {
    log.push(act);
    show(); // the App may be quicker than the answer
    return { changing: changing && act !== "form" };
  };
  const viewed = (): Promise<void> =>
    new Promise<void>((go) => (show = go)).then(() => {
      if (changing) log.push("viewed");
    });
  await dealWith(send, what, viewed);
  expect(log).toEqual(done);
});
