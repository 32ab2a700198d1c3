/**
 * Colours that colour-blind people can read.  Numeric columns use viridis or cividis (Smith and
 * van der Walt 2015; Nuñez, Anderton and Renslow 2018; both CC0), sampled at 17 stops; classes use
 * the Okabe-Ito set, then repeats of it farther from the background than paler ones would be.
 */

type Rgb = readonly [number, number, number];
export type Palette = "viridis" | "cividis";

const STOPS: Record<Palette, string> = {
  viridis:
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725",
  cividis:
    "00224e 002e6a 1a386f 32436d 434e6c 535a6d 61656f 6f7073 7d7c78 8c8878 9b9476 aba072 bcae6c cdbb63 dec958 f0d846 fee838",
};

/**
 * The part of a map that stays visible on each background: the darkest violet drowns on the dark
 * theme, the brightest yellow on the light one.
 */
const SPAN = { dark: [0.14, 1], light: [0, 0.88] } as const;

const OKABE_ITO = "e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 b8b8b8";
/**
 * Their stand-ins on white, which swallows the yellow and the grey: near the same hues, moved until
 * the least difference between two of them, also as dichromats see them, was largest.
 */
const ON_LIGHT = "af6513 5b80d0 01b382 e09400 234fd4 a8312d 933d7c 092729";

/** Classes with a colour of their own. */
export const COLOURED = 24;

const parse = (hex: string): Rgb => [
  parseInt(hex.slice(0, 2), 16),
  parseInt(hex.slice(2, 4), 16),
  parseInt(hex.slice(4, 6), 16),
];

/** Colour of a numeric map at `t` in 0..1. */
export function sampleMap(palette: Palette, t: number, dark: boolean): Rgb {
  const stops = STOPS[palette].split(" ").map(parse);
  const [low, high] = dark ? SPAN.dark : SPAN.light;
  const at = (low + (high - low) * Math.min(Math.max(t, 0), 1)) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  const f = at - i;
  const mix = (k: 0 | 1 | 2): number => Math.round(stops[i][k] + (stops[i + 1][k] - stops[i][k]) * f);
  return [mix(0), mix(1), mix(2)];
}

/**
 * Colour of a class: after eight the same hues come back, paler on the dark theme and deeper on the
 * light one; from {@link COLOURED} on all classes are grey.
 */
export function classColour(index: number, dark: boolean): Rgb {
  if (index >= COLOURED) return dark ? [122, 122, 122] : [150, 150, 150];
  const base = (dark ? OKABE_ITO : ON_LIGHT).split(" ").map(parse);
  const colour = base[index % base.length];
  const f = [0, 0.38, 0.62][Math.floor(index / base.length)];
  const end = dark ? 255 : 0;
  const mix = (k: 0 | 1 | 2): number => Math.round(colour[k] + (end - colour[k]) * f);
  return [mix(0), mix(1), mix(2)];
}

export const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

/** 256 RGBA texels of a numeric map, for the shader. */
export function mapTexels(palette: Palette, dark: boolean): Uint8Array {
  const texels = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) texels.set([...sampleMap(palette, i / 255, dark), 255], 4 * i);
  return texels;
}

/** 256 RGBA texels of class colours, class i at texel i. */
export function classTexels(dark: boolean): Uint8Array {
  const texels = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) texels.set([...classColour(i, dark), 255], 4 * i);
  return texels;
}

/** CSS gradient of a numeric map, left to right. */
export function gradient(palette: Palette, dark: boolean): string {
  const steps = Array.from({ length: 13 }, (_, i) => css(sampleMap(palette, i / 12, dark)));
  return `linear-gradient(90deg, ${steps.join(", ")})`;
}
