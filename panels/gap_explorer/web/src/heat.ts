/**
 * A heatmap drawn over its thumbnail.  It looks as in the Visual Spec: `plugin/attention/overlay.py`
 * holds the same colours (inferno, Smith and van der Walt 2015) and the same rule, that the colour
 * gets denser with the value so that what was hardly looked at stays a photograph.
 */

import type { HeatGridPayload } from "./contract";
import { decodeBytes } from "./columns";

export interface HeatGrid {
  rows: number;
  columns: number;
  values: Uint8Array;
}

export function decodeHeat(payload: HeatGridPayload): HeatGrid {
  const values = decodeBytes(payload.values);
  if (values.length !== payload.rows * payload.columns) {
    throw new Error(`A heatmap of ${payload.rows} x ${payload.columns} came with ${values.length} values.`);
  }
  return { rows: payload.rows, columns: payload.columns, values };
}

const ANCHORS =
  "000004 0a0722 1e0c45 380962 510e6c 69166e 801f6c 982766 b0315b c63d4d d94d3d e9612b f47918 fa9407 fcb014 f8cd37 f2ea69 fcffa4"
    .split(" ")
    .map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
const STEP = 15;
const FAINTEST = 1 / 8;

/** Colour of a value 0..255. */
export function heatColour(value: number): [number, number, number] {
  const at = Math.min(Math.floor(value / STEP), ANCHORS.length - 2);
  const t = value / STEP - at;
  const [low, high] = [ANCHORS[at], ANCHORS[at + 1]];
  return [0, 1, 2].map((k) => Math.round(low[k] + t * (high[k] - low[k]))) as [number, number, number];
}

/** The legend's bar. */
export const heatGradient = `linear-gradient(90deg, ${Array.from({ length: 18 }, (_, i) => `rgb(${heatColour(i * STEP).join(" ")})`).join(", ")})`;

/**
 * RGBA of a `width` x `height` picture, linear between the middles of cells, at full opacity: the
 * canvas itself is made as transparent as the person wants.
 */
export function heatPixels(grid: HeatGrid, width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
  const { rows, columns, values } = grid;
  const pixels = new Uint8ClampedArray(width * height * 4);
  const xs = Array.from({ length: width }, (_, x) => between(x, width, columns));
  for (let y = 0; y < height; y++) {
    const [top, bottom, ty] = between(y, height, rows);
    for (let x = 0; x < width; x++) {
      const [left, right, tx] = xs[x];
      const above = values[top * columns + left] * (1 - tx) + values[top * columns + right] * tx;
      const below = values[bottom * columns + left] * (1 - tx) + values[bottom * columns + right] * tx;
      const value = Math.round(above * (1 - ty) + below * ty);
      const at = 4 * (y * width + x);
      pixels.set(heatColour(value), at);
      pixels[at + 3] = Math.round(FAINTEST * 255 + (1 - FAINTEST) * value);
    }
  }
  return pixels;
}

/** The two cells around the middle of a pixel, and how far it is from the first to the second. */
function between(pixel: number, pixels: number, cells: number): [number, number, number] {
  const at = Math.min(Math.max(((pixel + 0.5) / pixels) * cells - 0.5, 0), cells - 1);
  const first = Math.floor(at);
  return [first, Math.min(first + 1, cells - 1), at - first];
}
