/** Figures and frames in words. */

import { percent } from "../../web/shared/ui/percent";
import type { Metric, Sequence, SequenceKey, Shown } from "./contract.gen";

export const METRIC: Readonly<
  Record<Metric, { label: string; axis: string; unit: string; digits: number; lowIsWorse: boolean }>
> = {
  psnr: { label: "PSNR", axis: "PSNR (dB)", unit: " dB", digits: 2, lowIsWorse: true },
  ssim: { label: "SSIM", axis: "SSIM", unit: "", digits: 3, lowIsWorse: true },
  n_samples: { label: "Pixels", axis: "Pixels measured", unit: "", digits: 0, lowIsWorse: false },
  reconstruction_error: {
    label: "Error",
    axis: "Mean error (grey levels)",
    unit: "",
    digits: 2,
    lowIsWorse: false,
  },
};

export const count = (value: number): string => value.toLocaleString("en-US");

export const frames = (value: number): string => `${count(value)} ${value === 1 ? "frame" : "frames"}`;

/** A figure without its unit; a dash where the frame has none. */
export function figure(metric: Metric, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const { digits } = METRIC[metric];
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Pixels as a share of the frame: "3.1 %". */
export function shareText(pixels: number, resolution: readonly [number, number] | null): string {
  if (!resolution || !Number.isFinite(pixels)) return "";
  return percent((100 * pixels) / (resolution[0] * resolution[1]));
}

/** What a frame is called: its number, or seconds since the first frame. */
export function frameText(numbers: Float64Array, time: boolean, at: number): string {
  const number = numbers[at];
  if (number === undefined) return "–";
  return time ? `+${(number - numbers[0]).toFixed(2)} s` : String(number);
}

export const sameSequence = (a: SequenceKey | null, b: SequenceKey | null): boolean =>
  a !== null && b !== null && a.field === b.field && a.value === b.value;

/** A sequence in the chooser, with the mean of one policy: "0006R0 · 101 frames · 20.40 dB". */
export function sequenceText(sequence: Sequence, suffix: string): string {
  const { frames: here, whole, value, psnr } = sequence;
  const many = here < whole ? `${count(here)} of ${frames(whole)}` : frames(here);
  const mean = psnr[suffix] ?? Object.values(psnr).find((one) => one !== null);
  return [value, many, ...(mean === undefined || mean === null ? [] : [`${figure("psnr", mean)} dB`])].join(" · ");
}

/** What the grid shows: "0006R0, 20 frames". */
export const shownText = (shown: Shown): string => `${shown.value}, ${frames(shown.stop - shown.start)}`;
