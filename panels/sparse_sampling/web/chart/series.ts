/** Policies differ by colour and by the shape of their marks, so that either is enough. */

import type { Simulation } from "../contract.gen";
import type { Curves, Figures } from "./curves";

/** One policy's line.  `index` is its place among all, so that its colour stays. */
export interface Series {
  index: number;
  simulation: Simulation;
  label: string;
  figures: Figures;
  on: boolean;
}

/** The policies that have simulated this sequence. */
export function seriesOf(
  simulations: readonly Simulation[],
  curves: Curves,
  hidden: readonly string[],
): Series[] {
  return simulations.flatMap((simulation, index) => {
    const figures = curves.columns.get(simulation.suffix);
    const on = !hidden.includes(simulation.suffix);
    return figures ? [{ index, simulation, label: policyLabel(simulation), figures, on }] : [];
  });
}

/** Colours are CSS properties, one set a theme (styles.css). */
const COLOURS = 6;

export const colourOf = (index: number): string => `var(--sp-${index % COLOURS})`;

const SHAPES: readonly ((x: number, y: number, r: number) => string)[] = [
  (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x} ${y - 1.3 * r}L${x + 1.2 * r} ${y + r}H${x - 1.2 * r}z`,
  (x, y, r) => `M${x} ${y - 1.4 * r}L${x + 1.4 * r} ${y}L${x} ${y + 1.4 * r}L${x - 1.4 * r} ${y}z`,
  (x, y, r) => `M${x} ${y + 1.3 * r}L${x + 1.2 * r} ${y - r}H${x - 1.2 * r}z`,
];

/** Path of a policy's mark; beyond the colours the shapes shift, so that pairs stay different. */
export function mark(index: number, x: number, y: number, r: number): string {
  const shape = (index + Math.floor(index / COLOURS)) % SHAPES.length;
  return SHAPES[shape](Math.round(x * 10) / 10, Math.round(y * 10) / 10, r);
}

/** What a policy is called; the suffix tells two runs of one policy apart. */
export function policyLabel(simulation: Simulation): string {
  const { policy, suffix } = simulation;
  return !suffix || suffix === policy ? policy : `${policy} (${suffix})`;
}
