import type { WorkAct, WorkAnswer } from "./work.gen";

/**
 * Does one thing with some work.  Going on with it opens a form, which offers the view that the App shows
 * as it is made: where Python sets another one first, the form is asked for once that is shown.
 */
export async function dealWith(
  send: (what: WorkAct) => Promise<WorkAnswer>,
  what: WorkAct,
  viewed: () => Promise<void>,
): Promise<void> {
  const shown = what === "again" ? viewed() : null;
  const { changing } = await send(what);
  if (!changing) return;
  await shown;
  await send("form");
}
