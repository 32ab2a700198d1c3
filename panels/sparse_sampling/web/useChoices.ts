import { useKept } from "../../web/shared/hooks/useKept";
import type { Metric, SequenceKey } from "./contract.gen";

/** What the person chose, for each dataset. */
export interface Choices {
  sequence: SequenceKey | null;
  /** The frame left at, by its number. */
  frame: number | null;
  metric: Metric;
  fps: number;
  /** Suffixes whose lines are off, and the one or two whose pictures are shown. */
  hidden: string[];
  pictures: string[];
  importance: boolean;
  difference: boolean;
  /** What lies over the frame. */
  over: "nothing" | "importance" | "pixels";
  /** Show the frame as the loop sees it. */
  coarse: boolean;
  hardest: number;
}

const DEFAULTS: Choices = {
  sequence: null,
  frame: null,
  metric: "psnr",
  fps: 10,
  hidden: [],
  pictures: [],
  importance: true,
  difference: false,
  over: "nothing",
  coarse: false,
  hardest: 10,
};

export const useChoices = (dataset: string): [Choices, (patch: Partial<Choices>) => void] =>
  useKept("sparse_sampling", dataset, DEFAULTS);
