/**
 * GLSL of the scene.  One vertex shader serves every cloud: it throws away what is hidden or on
 * the far side before a fragment exists, which is what makes a million points affordable.
 */

import { NUMERAL_PIXELS, NUMERALS } from "./numerals";

/** Bits of a point's flag byte; the numbers are repeated in the shader below. */
export const FLAG = { S: 1, GAP: 2, DIM: 4, HIDDEN: 8 } as const;

/** Smallest diameter of a gap in device pixels: a ring of one pixel around two of its colour. */
const RING_PIXELS = 4.5;

/** Rings of a free cloud lie this far behind their fills; nearly all its points lie within radius 1. */
const RING_STEP = 0.03;

const decimal = (value: number): string => value.toFixed(1);

export const POINT_VERTEX = /* glsl */ `
uniform vec3 uEye;
uniform float uSpherical;   // 1: unit sphere with a horizon, 0: free cloud with depth
uniform float uSide;        // 1: the side that faces the eye, -1: the far side
uniform float uSize;        // diameter in device pixels
uniform float uLow;
uniform float uHigh;
uniform float uClasses;     // 1: values are class indices
uniform sampler2D uMap;
uniform vec3 uOwned;        // colour of S, and of points without a value
uniform vec3 uBackground;
uniform float uRims;        // 1: points are large enough for shapes
in float aValue;
in float aFlags;
out vec3 vColour;
out float vAlpha;
flat out int vFlags;
flat out int vShaped;
flat out float vRingDepth;
out float vPixels;

void main() {
  int flags = int(aFlags + 0.5);
  vec4 clip = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  float toEye = dot(position, uEye);
  bool far = toEye <= 1.0;
  bool hidden = (flags & 8) != 0 || (uSpherical > 0.5 && far != (uSide < 0.0));
  if (hidden) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    return;
  }

  bool missing = aValue > 65534.5;
  float t = uClasses > 0.5
    ? (mod(aValue, 256.0) + 0.5) / 256.0
    : clamp((aValue - uLow) / max(uHigh - uLow, 1e-6), 0.0, 1.0) * (255.0 / 256.0) + 0.5 / 256.0;
  vec3 colour = missing ? uOwned : texture(uMap, vec2(t, 0.5)).rgb;

  bool owned = (flags & 1) != 0;
  bool gap = (flags & 2) != 0;
  bool dim = (flags & 4) != 0;
  float size = uSize * (gap ? 1.28 : owned ? 0.9 : 1.0);
  // A gap is never too small for its ring: in a large cloud it is what must still be seen.
  bool ringed = gap && !dim && uSide > 0.0;
  if (ringed) size = max(size, ${decimal(RING_PIXELS)});
  float alpha = missing && !owned ? 0.7 : 1.0;
  if (dim) {
    float grey = dot(colour, vec3(0.3, 0.59, 0.11));
    colour = mix(mix(colour, vec3(grey), 0.75), uBackground, 0.72);
    size *= 0.85;
  }

  // How far the ring lies behind the fill, in depth.
  float behind = 0.02;
  if (uSpherical > 0.5) {
    // Towards the limb points dip slightly into the background: the ball reads as a ball.
    float reach = length(uEye);
    float facing = clamp((toEye - 1.0) / (reach - 1.0), 0.0, 1.0);
    if (uSide < 0.0) {
      colour = mix(colour, uBackground, 0.82);
      size *= 0.8;
    } else {
      colour = mix(uBackground, colour, 0.62 + 0.38 * smoothstep(0.0, 0.35, facing));
    }
    // Everything lies on one surface, so depth is free to say what matters more.
    float priority = dim ? 0.0 : gap ? 3.0 : owned ? 1.0 : 2.0;
    clip.z = clip.w * (0.6 - 0.1 * priority);
  } else {
    size *= clamp(4.2 / clip.w, 0.45, 2.2);
    // Depth is where the point is: as deep as a small step away from the eye.
    vec4 deeper = clip + projectionMatrix * vec4(0.0, 0.0, -${RING_STEP}, 0.0);
    behind = 0.5 * (deeper.z / deeper.w - clip.z / clip.w);
  }
  vRingDepth = behind;
  gl_Position = clip;
  gl_PointSize = max(size, 1.0);
  vColour = colour;
  vAlpha = alpha;
  vFlags = (ringed ? flags : flags & 1) | (missing ? 16 : 0);
  vShaped = ringed || uRims > 0.5 ? 1 : 0;
  vPixels = gl_PointSize;
}
`;

export const POINT_FRAGMENT = /* glsl */ `
precision highp float;
uniform vec3 uRim;          // ring of a gap
uniform float uBroken;      // 1: gaps are provisional, their rims are broken
in vec3 vColour;
in float vAlpha;
flat in int vFlags;
flat in int vShaped;
flat in float vRingDepth;
in float vPixels;
out vec4 outColour;

void main() {
  gl_FragDepth = gl_FragCoord.z;
  if (vShaped == 0) {
    outColour = vec4(vColour, vAlpha);
    return;
  }
  vec2 p = (gl_PointCoord - 0.5) * vPixels;
  float radius = 0.5 * vPixels - 0.5;
  bool owned = (vFlags & 1) != 0;
  float r;
  if (owned) {
    // S is a square, U a disc: told apart without colour.  What has no value has no fill.
    r = max(abs(p.x), abs(p.y)) + 0.12 * radius;
  } else {
    r = length(p);
  }
  float edge = clamp(radius - r + 0.5, 0.0, 1.0);
  if (edge < 0.08) discard;
  vec3 colour = vColour;
  if (owned && (vFlags & 16) != 0) {
    float wall = max(1.1, radius * 0.36);
    float hole = radius > 2.0 ? clamp(radius - wall - r + 0.5, 0.0, 1.0) : 0.0;
    if (hole > 0.92) discard;
    edge *= 1.0 - hole;
  } else if ((vFlags & 2) != 0) {
    float wall = max(1.1, radius * 0.24);
    float inner = clamp(radius - wall - r + 0.5, 0.0, 1.0);
    float broken = uBroken > 0.5 && fract(atan(p.y, p.x) * 0.6366198) > 0.5 ? 0.0 : 1.0;
    colour = mix(mix(colour, uRim, broken * 0.92), colour, inner);
    // Rings lie under the fills of the gaps beside: a dense cloud of gaps is outlined, not whitened.
    if (inner < 0.5) gl_FragDepth += vRingDepth;
  }
  outColour = vec4(colour, edge * vAlpha);
}
`;

/**
 * Marks over the cloud: 0 pick, 1 answer, 2 selected in the grid, 3 opened, 4 lattice target, 5 the
 * rank of a pick as a number beside its point.
 */
export const MARK_VERTEX = /* glsl */ `
uniform vec3 uEye;
uniform float uSpherical;
uniform float uSize;
uniform float uRatio;
uniform vec2 uViewport;     // device pixels
in float aKind;
in float aRank;
in float aDim;
in float aCrowded;
flat out int vKind;
flat out float vRank;
out float vPixels;
out float vFade;

void main() {
  vec4 clip = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  float toEye = dot(position, uEye);
  int kind = int(aKind + 0.5);
  bool far = uSpherical > 0.5 && toEye <= 1.0;
  if ((far && kind != 4) || aCrowded > 0.5) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    return;
  }
  float reach = max(length(uEye) - 1.0, 1e-3);
  float facing = clamp((toEye - 1.0) / reach, 0.0, 1.0);
  vFade = kind == 4 ? (far ? 0.22 : 0.45 + 0.55 * smoothstep(0.0, 0.4, facing)) : aDim > 0.5 ? 0.3 : 1.0;
  float size = uSize;
  if (kind == 0) size = max(uSize * 0.42, 3.0 * uRatio) + 2.0 * uRatio;
  else if (kind == 1) size = max(uSize * 2.2, 12.0 * uRatio);
  else if (kind == 2) size = max(uSize * 2.0, 10.0 * uRatio);
  else if (kind == 3) size = max(uSize * 3.0, 18.0 * uRatio);
  else if (kind == 5) {
    size = ${decimal(NUMERAL_PIXELS)} * uRatio;
    vec2 beside = vec2(0.5, 0.42) * uSize * 1.28 + vec2(6.0, 4.5) * uRatio;
    clip.xy += 2.0 * beside / uViewport * clip.w;
  } else size = 2.6 * uRatio;
  gl_Position = clip;
  gl_PointSize = size;
  vKind = kind;
  vRank = aRank;
  vPixels = size;
}
`;

export const MARK_FRAGMENT = /* glsl */ `
precision highp float;
uniform vec3 uText;
uniform vec3 uAccent;
uniform vec3 uSelected;
uniform vec3 uBackground;
uniform float uRatio;
uniform sampler2D uNumerals;
flat in int vKind;
flat in float vRank;
in float vPixels;
in float vFade;
out vec4 outColour;

void main() {
  vec2 p = (gl_PointCoord - 0.5) * vPixels;
  float radius = 0.5 * vPixels - 1.0;
  if (vKind == 4) {
    float edge = clamp(radius - length(p) + 1.0, 0.0, 1.0);
    outColour = vec4(uText, edge * vFade * 0.42);
    return;
  }
  if (vKind == 5) {
    // Red is the numeral, green the halo that keeps it legible over points.
    vec4 drawn = texture(uNumerals, vec2((gl_PointCoord.x + vRank - 1.0) / ${decimal(NUMERALS)}, 1.0 - gl_PointCoord.y));
    if (drawn.g < 0.02) discard;
    outColour = vec4(mix(uBackground, uText, drawn.r), drawn.g * vFade);
    return;
  }
  if (vKind == 0) {
    // A pick has a core: it leaves the fill and a gap's ring in sight.
    float r = length(p);
    float edge = clamp(radius - r + 1.0, 0.0, 1.0);
    if (edge < 0.02) discard;
    float inner = clamp(radius - uRatio - r + 1.0, 0.0, 1.0);
    outColour = vec4(mix(uBackground, uText, inner), edge * vFade);
    return;
  }
  float wall = (vKind == 3 ? 2.2 : 1.9) * uRatio;
  float r = length(p);
  float outer = clamp(radius - r + 0.5, 0.0, 1.0);
  float inner = clamp(radius - wall - r + 0.5, 0.0, 1.0);
  float ring = outer * (1.0 - inner);
  // A thin moat of background lets the ring stand out inside a dense cloud.
  float moat = outer * clamp(r - (radius - wall - 1.6 * uRatio) + 0.5, 0.0, 1.0) * (1.0 - ring);
  vec3 colour = vKind == 1 ? uAccent : vKind == 2 ? uSelected : uText;
  float alpha = max(ring, moat * 0.75);
  if (alpha < 0.02) discard;
  outColour = vec4(mix(uBackground, colour, ring / max(alpha, 1e-3)), alpha * vFade);
}
`;

export const SPHERE_VERTEX = /* glsl */ `
out vec3 vPosition;
void main() {
  vPosition = position;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}
`;

/** The reference sphere: a breath of colour in the middle, a rim at the limb, the cap if any. */
export const SPHERE_FRAGMENT = /* glsl */ `
precision highp float;
uniform vec3 uEye;
uniform vec3 uText;
uniform vec3 uAccent;
uniform vec3 uCap;
uniform float uCapCos;      // 2: no cap
uniform float uBody;        // 0: only the cap is drawn
in vec3 vPosition;
out vec4 outColour;
void main() {
  vec3 n = normalize(vPosition);
  float facing = clamp(dot(n, normalize(uEye - vPosition)), 0.0, 1.0);
  float rim = pow(1.0 - facing, 3.0);
  float alpha = uBody * (0.045 + 0.2 * rim);
  vec3 colour = uText;
  float inside = smoothstep(uCapCos - 0.0012, uCapCos + 0.0012, dot(n, uCap));
  float a = max(alpha, inside * 0.2);
  colour = mix(colour, uAccent, inside);
  outColour = vec4(colour, a);
}
`;
