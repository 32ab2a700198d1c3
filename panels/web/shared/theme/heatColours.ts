/** The colours of a heatmap, inferno (Smith and van der Walt 2015), as in `plugin/attention/overlay.py`. */

const ANCHORS =
  "000004 0a0722 1e0c45 380962 510e6c 69166e 801f6c 982766 b0315b c63d4d d94d3d e9612b f47918 fa9407 fcb014 f8cd37 f2ea69 fcffa4"
    .split(" ")
    .map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
const STEP = 15;

/** Colour of a value 0..255. */
export function heatColour(value: number): [number, number, number] {
  const at = Math.min(Math.floor(value / STEP), ANCHORS.length - 2);
  const t = value / STEP - at;
  const [low, high] = [ANCHORS[at], ANCHORS[at + 1]];
  return [0, 1, 2].map((k) => Math.round(low[k] + t * (high[k] - low[k]))) as [number, number, number];
}

/** The legend's bar. */
export const heatGradient = `linear-gradient(90deg, ${Array.from({ length: 18 }, (_, i) => `rgb(${heatColour(i * STEP).join(" ")})`).join(", ")})`;
