/**
 * What hangs in the scene: two clouds over one geometry (the near and the far side), the sphere,
 * its lattice of targets, the marks and the outline of a cap.  Uniforms are set by the scene.
 */

import * as THREE from "three";
import { fibonacciSphere } from "../../math";
import type { MarkColumns } from "./marks";
import { makeNumerals } from "./numerals";
import {
  MARK_FRAGMENT,
  MARK_VERTEX,
  POINT_FRAGMENT,
  POINT_VERTEX,
  SPHERE_FRAGMENT,
  SPHERE_VERTEX,
} from "./shaders";

/** Targets of the lattice: one about every 6°, close enough to aim at, too few to be a cloud. */
const LATTICE = 800;
/** The mark kind of a lattice target; see {@link ./marks}. */
const LATTICE_KIND = 4;

type Shaded<T> = T & { material: THREE.ShaderMaterial };
type Cloud = Shaded<THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial>>;
type Ball = Shaded<THREE.Mesh<THREE.BufferGeometry, THREE.ShaderMaterial>>;
type Outline = THREE.LineLoop<THREE.BufferGeometry, THREE.LineBasicMaterial>;

/** The colour map as a row of 256 texels. */
export function makeMap(): THREE.DataTexture {
  const map = new THREE.DataTexture(new Uint8Array(256 * 4).fill(255), 256, 1);
  map.magFilter = THREE.LinearFilter;
  map.minFilter = THREE.LinearFilter;
  map.needsUpdate = true;
  return map;
}

/** All points of one side: 1 the near one, -1 the far one, drawn before the sphere. */
export function makeCloud(geometry: THREE.BufferGeometry, side: 1 | -1, map: THREE.Texture): Cloud {
  const material = new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3,
    vertexShader: POINT_VERTEX,
    fragmentShader: POINT_FRAGMENT,
    transparent: true,
    depthTest: side > 0,
    depthWrite: side > 0,
    uniforms: {
      uEye: { value: new THREE.Vector3(0, 0, 4) },
      uSpherical: { value: 1 },
      uSide: { value: side },
      uSize: { value: 4 },
      uLow: { value: 0 },
      uHigh: { value: 65534 },
      uClasses: { value: 0 },
      uRims: { value: 1 },
      uBroken: { value: 0 },
      uMap: { value: map },
      uOwned: { value: new THREE.Color() },
      uBackground: { value: new THREE.Color() },
      uRim: { value: new THREE.Color() },
    },
  });
  return new THREE.Points(geometry, material);
}

/** The translucent reference sphere, which also draws the cap. */
export function makeBall(): Ball {
  const material = new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3,
    vertexShader: SPHERE_VERTEX,
    fragmentShader: SPHERE_FRAGMENT,
    transparent: true,
    depthTest: false,
    depthWrite: false,
    uniforms: {
      uEye: { value: new THREE.Vector3(0, 0, 4) },
      uText: { value: new THREE.Color() },
      uAccent: { value: new THREE.Color() },
      uCap: { value: new THREE.Vector3(0, 0, 1) },
      uCapCos: { value: 2 },
      uBody: { value: 1 },
    },
  });
  return new THREE.Mesh(new THREE.SphereGeometry(1, 96, 64), material);
}

/** Rings, cores, numerals and targets: points with a kind. */
export function makeMarks(numerals: THREE.Texture = makeNumerals()): Cloud {
  const material = new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3,
    vertexShader: MARK_VERTEX,
    fragmentShader: MARK_FRAGMENT,
    transparent: true,
    depthTest: false,
    depthWrite: false,
    uniforms: {
      uEye: { value: new THREE.Vector3(0, 0, 4) },
      uSpherical: { value: 1 },
      uSize: { value: 4 },
      uRatio: { value: 1 },
      uViewport: { value: new THREE.Vector2(1, 1) },
      uNumerals: { value: numerals },
      uText: { value: new THREE.Color() },
      uAccent: { value: new THREE.Color() },
      uSelected: { value: new THREE.Color() },
      uBackground: { value: new THREE.Color() },
    },
  });
  return new THREE.Points(new THREE.BufferGeometry(), material);
}

/** Faint targets, evenly spread: somewhere to aim at where there is nothing. */
export function makeLattice(): Cloud {
  const lattice = makeMarks(new THREE.Texture());
  fillMarks(lattice, {
    position: fibonacciSphere(LATTICE),
    kind: new Uint8Array(LATTICE).fill(LATTICE_KIND),
    rank: new Uint8Array(LATTICE),
    dim: new Uint8Array(LATTICE),
  });
  return lattice;
}

export function fillMarks(marks: Cloud, columns: MarkColumns): void {
  const { geometry } = marks;
  geometry.setAttribute("position", new THREE.BufferAttribute(columns.position, 3));
  geometry.setAttribute("aKind", new THREE.BufferAttribute(columns.kind, 1));
  geometry.setAttribute("aRank", new THREE.BufferAttribute(columns.rank, 1));
  geometry.setAttribute("aDim", new THREE.BufferAttribute(columns.dim, 1));
  geometry.setAttribute("aCrowded", new THREE.BufferAttribute(new Uint8Array(columns.kind.length), 1));
}

/** The edge of a cap. */
export function makeOutline(): Outline {
  const outline = new THREE.LineLoop(
    new THREE.BufferGeometry(),
    new THREE.LineBasicMaterial({ transparent: true, depthTest: false, depthWrite: false }),
  );
  outline.visible = false;
  return outline;
}

/** Diameter of a point in CSS pixels: smaller in larger clouds, growing with the zoom but slower than it. */
export function pointSize(count: number, { radius, zoom }: { radius: number; zoom: number }): number {
  // A quarter power keeps 500 points from being plates and a million from being dust.
  const base = 6.2 * (radius / zoom / 290) * Math.pow(5000 / Math.max(1, count), 0.25);
  return Math.min(9, Math.max(1.2, base)) * Math.pow(Math.max(1, zoom), 0.62);
}
