/**
 * A heatmap drawn over its thumbnail.  It looks as in the Visual Spec: `plugin/attention/overlay.py`
 * holds the same colours (inferno, Smith and van der Walt 2015) and the same rule, that the colour
 * gets denser with the value so that what was hardly looked at stays a photograph.
 */

import type { HeatGridPayload } from "../contract.gen";
import { decodeBytes } from "../../../web/shared/wire/columns";
import { heatColour } from "../../../web/shared/theme/heatColours";

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

const FAINTEST = 1 / 8;

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
