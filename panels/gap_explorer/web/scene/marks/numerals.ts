/**
 * The ranks of the first picks as a row of small pictures.  A texture, since the scene has no text:
 * the numeral in the red channel, with the halo around it in the green one.
 */

import * as THREE from "three";

/** Picks that carry their rank. */
export const NUMERALS = 20;
/** Side of a numeral's square in CSS pixels. */
export const NUMERAL_PIXELS = 18;
/** Drawn at twice the size, for screens of two pixels a CSS pixel. */
const SCALE = 2;

export function makeNumerals(): THREE.Texture {
  const side = NUMERAL_PIXELS * SCALE;
  const canvas = document.createElement("canvas");
  canvas.width = side * NUMERALS;
  canvas.height = side;
  const pen = canvas.getContext("2d");
  if (pen) {
    pen.font = `700 ${10.5 * SCALE}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3 * SCALE;
    for (let i = 0; i < NUMERALS; i++) {
      const at = [String(i + 1), side * (i + 0.5), side * 0.53] as const;
      pen.strokeStyle = "#0f0";
      pen.strokeText(...at);
      pen.fillStyle = "#ff0";
      pen.fillText(...at);
    }
  }
  const texture = new THREE.CanvasTexture(canvas);
  texture.generateMipmaps = false;
  texture.minFilter = THREE.LinearFilter;
  return texture;
}
