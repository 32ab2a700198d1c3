// Generated from panels/work_types.py by `npm run contracts`: edit that file instead.

export type WorkState = "running" | "done" | "stopped" | "failed" | "interrupted";

/** `again` goes on with it; `form` does so once the App shows the view that it is of. */
export type WorkAct = "stop" | "dismiss" | "again" | "form";

/** Long work that runs, or the last word of what has ended. */
export interface Work {
  id: string;
  label: string;
  state: WorkState;
  /** The part that runs; empty before the first. */
  stage: string;
  done: number;
  total: number;
  /** Seconds that the stage still takes at the pace so far. */
  left: number | null;
  /** Its result, or the sentence of its error. */
  text: string;
  /** What to do next; may be empty. */
  then: string;
  /** A file that it wrote; empty where there is none. */
  file: string;
  /** Whether there is something left to do, and an operator that goes on with it. */
  again: boolean;
}

/** What came of one. */
export interface WorkAnswer {
  /** The grid's view is being set: `form` is to be asked for once it is shown. */
  changing: boolean;
}
