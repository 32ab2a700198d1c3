/**
 * The sphere itself, on a canvas: typed arrays in, pixels and pointer events out.  It knows
 * neither React nor FiftyOne, and it draws only when something has changed.
 */

import * as THREE from "three";
import {
  capOutline,
  fibonacciSphere,
  raySphere,
  shuffledIndices,
  type Vec3,
  angleBetween,
} from "../math";
import { FIELD_OF_VIEW, listen, Orbit } from "./orbit";
import { pick, project, type View } from "./picking";
import {
  FLAG,
  MARK_FRAGMENT,
  MARK_VERTEX,
  POINT_FRAGMENT,
  POINT_VERTEX,
  SPHERE_FRAGMENT,
  SPHERE_VERTEX,
} from "./shaders";
import type { SceneTheme } from "./theme";

/** Targets of the lattice: one about every 6°, close enough to aim at, too few to be a cloud. */
const LATTICE = 800;
/** Above this the far side is left out instead of shown faintly behind: it would be a fog. */
const FAR_SIDE_LIMIT = 20_000;
/** A pointer this near to a point, in CSS pixels, means the point and not the place behind it. */
const PICK_REACH = 7;
/** While the view moves, no more points than this are drawn if a full frame was slow. */
const MOVING_POINTS = 60_000;
const SLOW_FRAME_MS = 34;
/** Below this diameter in device pixels a shape is noise: plain squares are drawn, and faster. */
const SHAPES_FROM_PIXELS = 2.6;
/** Rest before the full cloud comes back. */
const SETTLE_MS = 140;
/** Marks are rings around single points; a larger answer dims the rest instead. */
export const MARKS_MAX = 2000;

export interface SceneColour {
  values: Uint16Array;
  classes: boolean;
  /** Legend range in the column's own steps. */
  low: number;
  high: number;
  texels: Uint8Array;
}

export interface SceneEvents {
  point(index: number): void;
  place(direction: Vec3): void;
  cap(direction: Vec3, angle: number): void;
  /** While a cap is dragged; null when the drag ended. */
  capDrag(cap: { direction: Vec3; angle: number; at: [number, number] } | null): void;
  hover(point: { index: number; at: [number, number] } | null): void;
  lost(): void;
}

export type Mode = "point" | "place" | "cap";

export interface Marks {
  picks: ArrayLike<number>;
  answer: ArrayLike<number>;
  selected: ArrayLike<number>;
  opened: number;
}

const EMPTY_MARKS: Marks = { picks: [], answer: [], selected: [], opened: -1 };

export class SphereScene {
  readonly orbit: Orbit;
  mode: Mode = "point";
  /** Milliseconds of the last full frame, GPU included; the benchmark reads it. */
  frameMs = 0;
  frames = 0;

  private readonly renderer: THREE.WebGLRenderer;
  private readonly scene = new THREE.Scene();
  private readonly camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 0.05, 40);
  private readonly points: THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial>;
  private readonly farPoints: THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial>;
  private readonly marks: THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial>;
  private readonly lattice: THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial>;
  private readonly sphere: THREE.Mesh<THREE.BufferGeometry, THREE.ShaderMaterial>;
  private readonly outline: THREE.LineLoop<THREE.BufferGeometry, THREE.LineBasicMaterial>;
  private readonly map: THREE.DataTexture;
  private readonly unlisten: () => void;

  private xyz: Float32Array = new Float32Array(0);
  private flags = new Uint8Array(0);
  private spherical = true;
  private showLattice = true;
  private colour: SceneColour | null = null;
  private currentMarks: Marks = EMPTY_MARKS;
  private width = 1;
  private height = 1;
  private request = 0;
  private settle = 0;
  private hoverTimer = 0;
  private moving = false;
  private fullFrameMs = 0;
  private cap: { direction: Vec3; angle: number } | null = null;
  private drag: Vec3 | null = null;
  private pendingCap: { direction: Vec3; angle: number } | null = null;
  private disposed = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly events: SceneEvents,
    options: { preserve?: boolean } = {},
  ) {
    this.renderer = new THREE.WebGLRenderer({
      canvas,
      antialias: false,
      alpha: true,
      powerPreference: "high-performance",
      preserveDrawingBuffer: options.preserve ?? false,
    });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, 2));
    this.renderer.setClearColor(0x000000, 0);
    this.orbit = new Orbit(() => this.invalidate());

    this.map = new THREE.DataTexture(new Uint8Array(256 * 4).fill(255), 256, 1);
    this.map.magFilter = THREE.LinearFilter;
    this.map.minFilter = THREE.LinearFilter;
    this.map.needsUpdate = true;

    const geometry = new THREE.BufferGeometry();
    this.points = this.cloud(geometry, 1);
    this.farPoints = this.cloud(geometry, -1);
    this.sphere = this.buildSphere();
    this.lattice = this.buildMarks();
    this.marks = this.buildMarks();
    this.outline = new THREE.LineLoop(
      new THREE.BufferGeometry(),
      new THREE.LineBasicMaterial({ transparent: true, depthTest: false, depthWrite: false }),
    );
    this.outline.visible = false;
    this.farPoints.renderOrder = 0;
    this.sphere.renderOrder = 1;
    this.lattice.renderOrder = 2;
    this.points.renderOrder = 3;
    this.outline.renderOrder = 4;
    this.marks.renderOrder = 5;
    for (const object of [
      this.farPoints,
      this.sphere,
      this.lattice,
      this.points,
      this.outline,
      this.marks,
    ]) {
      // Bounding spheres would be computed over every point, and everything is always in view.
      object.frustumCulled = false;
      this.scene.add(object);
    }
    this.setLattice();
    // Programs are linked now, while the points are on their way.
    this.renderer.compile(this.scene, this.camera);
    this.unlisten = this.listen();
    canvas.addEventListener("webglcontextlost", this.onLost);
  }

  // -- what is shown ---------------------------------------------------------------------------

  /** New points: unit vectors (`spherical`) or a free cloud, interleaved xyz. */
  setPoints(xyz: Float32Array, spherical: boolean): void {
    const n = xyz.length / 3;
    const sameCloud = n === this.flags.length;
    this.xyz = xyz;
    this.spherical = spherical;
    const geometry = this.points.geometry;
    geometry.setAttribute("position", new THREE.BufferAttribute(xyz, 3));
    if (!sameCloud) {
      this.flags = new Uint8Array(n);
      geometry.setAttribute("aFlags", new THREE.BufferAttribute(this.flags, 1));
      geometry.setAttribute("aValue", new THREE.BufferAttribute(new Uint16Array(n).fill(65535), 1));
      // A prefix of a shuffled order is an even sample: what is drawn while a large cloud turns.
      geometry.setIndex(
        n > MOVING_POINTS ? new THREE.BufferAttribute(shuffledIndices(n), 1) : null,
      );
      this.fullFrameMs = 0;
    }
    for (const material of [this.points.material, this.farPoints.material, this.marks.material]) {
      material.uniforms.uSpherical.value = spherical ? 1 : 0;
    }
    this.applyMarks();
    this.invalidate();
  }

  setColour(colour: SceneColour): void {
    this.colour = colour;
    this.points.geometry.setAttribute("aValue", new THREE.BufferAttribute(colour.values, 1));
    (this.map.image.data as Uint8Array).set(colour.texels);
    this.map.magFilter = this.map.minFilter = colour.classes
      ? THREE.NearestFilter
      : THREE.LinearFilter;
    this.map.needsUpdate = true;
    for (const { uniforms } of [this.points.material, this.farPoints.material]) {
      uniforms.uLow.value = colour.low;
      uniforms.uHigh.value = colour.high;
      uniforms.uClasses.value = colour.classes ? 1 : 0;
    }
    this.applyMarks();
    this.invalidate();
  }

  /** Flag bytes, one a point; see {@link FLAG}. */
  setFlags(write: (flags: Uint8Array) => void): void {
    write(this.flags);
    const attribute = this.points.geometry.getAttribute("aFlags");
    if (attribute) (attribute as THREE.BufferAttribute).needsUpdate = true;
    this.invalidate();
  }

  setMarks(marks: Marks): void {
    this.currentMarks = marks;
    this.applyMarks();
    this.invalidate();
  }

  setShown(options: { sphere: boolean; lattice: boolean }): void {
    // The sphere mesh also draws the cap, so it stays and only loses its body.
    this.sphere.material.uniforms.uBody.value = options.sphere ? 1 : 0;
    this.showLattice = options.lattice;
    this.invalidate();
  }

  /** The cap or the place that the last answer is about. */
  setPlace(place: { direction: Vec3; angle: number } | null): void {
    this.cap = place;
    this.applyCap(place);
  }

  setTheme(theme: SceneTheme): void {
    const uniforms = [
      this.points.material.uniforms,
      this.farPoints.material.uniforms,
      this.marks.material.uniforms,
      this.lattice.material.uniforms,
      this.sphere.material.uniforms,
    ];
    const set = (name: string, value: string): void => {
      const colour = new THREE.Color().setStyle(value, THREE.LinearSRGBColorSpace);
      for (const group of uniforms) if (group[name]) group[name].value = colour;
    };
    set("uText", theme.text);
    set("uBackground", theme.background);
    set("uOwned", theme.muted);
    set("uAccent", theme.accent);
    set("uRim", theme.text);
    set("uSelected", theme.selected);
    this.outline.material.color.setStyle(theme.accent, THREE.LinearSRGBColorSpace);
    this.invalidate();
  }

  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.renderer.setSize(this.width, this.height, false);
    this.orbit.resize(this.width, this.height);
    this.invalidate();
  }

  dispose(): void {
    this.disposed = true;
    this.unlisten();
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    window.cancelAnimationFrame(this.request);
    window.clearTimeout(this.settle);
    window.clearTimeout(this.hoverTimer);
    for (const object of [this.points, this.marks, this.lattice, this.sphere, this.outline]) {
      object.geometry.dispose();
      object.material.dispose();
    }
    this.farPoints.material.dispose();
    this.map.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }

  // -- questions -------------------------------------------------------------------------------

  get count(): number {
    return this.flags.length;
  }

  pointAt(index: number): Vec3 {
    return [this.xyz[3 * index], this.xyz[3 * index + 1], this.xyz[3 * index + 2]];
  }

  /** Position on the canvas in CSS pixels, and whether the point can be seen from here. */
  project(point: Vec3): { x: number; y: number; visible: boolean } | null {
    const view = this.view();
    const at = project(view, ...point);
    if (!at) return null;
    const [ex, ey, ez] = view.eye;
    const facing = point[0] * ex + point[1] * ey + point[2] * ez > 1;
    return { x: at[0], y: at[1], visible: !this.spherical || facing };
  }

  pick(x: number, y: number, reach = PICK_REACH): number {
    return pick(this.view(), this.xyz, this.flags, FLAG.HIDDEN | FLAG.DIM, x, y, reach);
  }

  /** Direction of the sphere under a place of the canvas, or null beside the sphere. */
  directionAt(x: number, y: number): Vec3 | null {
    this.updateCamera();
    const ndc = new THREE.Vector3(
      (x / this.width) * 2 - 1,
      1 - (y / this.height) * 2,
      0.5,
    ).unproject(this.camera);
    const eye = this.orbit.eye;
    return raySphere(eye, [ndc.x - eye[0], ndc.y - eye[1], ndc.z - eye[2]]);
  }

  /** Draw now and wait for the GPU: milliseconds of one frame, for the benchmark. */
  measureFrame(): number {
    const start = performance.now();
    this.draw();
    const gl = this.renderer.getContext();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - start;
  }

  // -- inside ----------------------------------------------------------------------------------

  private readonly onLost = (event: Event): void => {
    event.preventDefault();
    if (!this.disposed) this.events.lost();
  };

  private listen(): () => void {
    return listen(this.canvas, this.orbit, {
      click: (x, y, event) => this.click(x, y, event.altKey),
      hover: (at) => this.hover(at),
      startsCap: (event) => this.spherical && (this.mode === "cap" || event.shiftKey),
      capStart: (x, y) => {
        this.drag = this.directionAt(x, y);
        return this.drag !== null;
      },
      capMove: (x, y) => {
        if (!this.drag) return;
        const edge = this.directionAt(x, y);
        if (!edge) return;
        const cap = { direction: this.drag, angle: angleBetween(this.drag, edge) };
        this.applyCap(cap);
        this.events.capDrag({ ...cap, at: [x, y] });
        this.pendingCap = cap;
      },
      capEnd: (cancelled) => {
        const cap = this.pendingCap;
        this.pendingCap = null;
        this.drag = null;
        this.events.capDrag(null);
        if (cancelled || !cap) this.applyCap(this.cap);
        else this.events.cap(cap.direction, cap.angle);
      },
      confirm: () => this.click(this.width / 2, this.height / 2, this.mode === "place"),
      moving: (active) => this.setMoving(active),
    });
  }

  private click(x: number, y: number, forcePlace: boolean): void {
    const wantsPlace = this.spherical && (forcePlace || this.mode === "place");
    if (!wantsPlace) {
      const index = this.pick(x, y);
      if (index >= 0) {
        this.events.point(index);
        return;
      }
    }
    if (!this.spherical) return;
    const direction = this.directionAt(x, y);
    if (direction) this.events.place(direction);
  }

  private hover(at: readonly [number, number] | null): void {
    window.clearTimeout(this.hoverTimer);
    if (!at || this.moving) {
      this.events.hover(null);
      this.canvas.style.cursor = "";
      return;
    }
    // Picking a million points is a frame's work: wait until the pointer rests.
    this.hoverTimer = window.setTimeout(
      () => {
        const index = this.mode === "place" ? -1 : this.pick(at[0], at[1]);
        this.canvas.style.cursor = index >= 0 ? "pointer" : this.mode === "point" ? "" : "crosshair";
        this.events.hover(index >= 0 ? { index, at: [at[0], at[1]] } : null);
      },
      this.count > 100_000 ? 90 : 40,
    );
  }

  private setMoving(active: boolean): void {
    window.clearTimeout(this.settle);
    if (active) {
      this.moving = true;
    } else if (this.moving) {
      this.settle = window.setTimeout(() => {
        this.moving = false;
        this.invalidate();
      }, SETTLE_MS);
    }
  }

  invalidate(): void {
    if (this.disposed || this.request) return;
    this.request = window.requestAnimationFrame(() => {
      this.request = 0;
      if (!this.disposed) this.draw();
    });
  }

  private draw(): void {
    this.updateCamera();
    const reduced = this.moving && this.count > MOVING_POINTS && this.fullFrameMs > SLOW_FRAME_MS;
    this.points.geometry.setDrawRange(0, reduced ? MOVING_POINTS : Infinity);
    this.farPoints.visible = this.spherical && this.count <= FAR_SIDE_LIMIT;
    this.sphere.visible = this.spherical;
    this.lattice.visible = this.spherical && this.showLattice;

    const ratio = this.renderer.getPixelRatio();
    const size = this.pointSize(reduced) * ratio;
    for (const { uniforms } of [this.points.material, this.farPoints.material]) {
      uniforms.uSize.value = size;
      uniforms.uRims.value = size >= SHAPES_FROM_PIXELS ? 1 : 0;
    }
    for (const { uniforms } of [this.marks.material, this.lattice.material]) {
      uniforms.uSize.value = size;
      uniforms.uRatio.value = ratio;
    }
    const start = performance.now();
    this.renderer.render(this.scene, this.camera);
    this.frameMs = performance.now() - start;
    if (!reduced) this.fullFrameMs = this.frameMs;
    this.frames++;
  }

  /** Diameter in CSS pixels: smaller in larger clouds, growing with the zoom but slower than it. */
  private pointSize(reduced: boolean): number {
    const n = Math.max(1, reduced ? MOVING_POINTS : this.count);
    // A quarter power keeps 500 points from being plates and a million from being dust.
    const scale = this.orbit.radius / this.orbit.zoom / 290;
    const base = Math.min(9, Math.max(1.2, 6.2 * scale * Math.pow(5000 / n, 0.25)));
    return base * Math.pow(Math.max(1, this.orbit.zoom), 0.62);
  }

  private updateCamera(): void {
    const { eye, up, pan, zoom } = this.orbit;
    const aspect = this.width / this.height;
    const camera = this.camera;
    camera.aspect = aspect;
    camera.zoom = zoom;
    camera.position.set(...eye);
    camera.up.set(...up);
    camera.lookAt(0, 0, 0);
    camera.updateMatrixWorld();
    camera.updateProjectionMatrix();
    // Pan shifts the lens, not the eye, so that the horizon of the sphere stays where it is.
    camera.projectionMatrix.elements[8] = -pan[0] / aspect;
    camera.projectionMatrix.elements[9] = -pan[1];
    camera.projectionMatrixInverse.copy(camera.projectionMatrix).invert();
    for (const object of [this.points, this.farPoints, this.marks, this.lattice, this.sphere]) {
      object.material.uniforms.uEye.value.set(...eye);
    }
  }

  private view(): View {
    this.updateCamera();
    const matrix = new THREE.Matrix4().multiplyMatrices(
      this.camera.projectionMatrix,
      this.camera.matrixWorldInverse,
    );
    return {
      matrix: matrix.elements,
      width: this.width,
      height: this.height,
      eye: this.orbit.eye,
      spherical: this.spherical,
    };
  }

  private cloud(
    geometry: THREE.BufferGeometry,
    side: 1 | -1,
  ): THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial> {
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
        uMap: { value: this.map },
        uOwned: { value: new THREE.Color() },
        uBackground: { value: new THREE.Color() },
        uRim: { value: new THREE.Color() },
      },
    });
    return new THREE.Points(geometry, material);
  }

  private buildSphere(): THREE.Mesh<THREE.BufferGeometry, THREE.ShaderMaterial> {
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

  private buildMarks(): THREE.Points<THREE.BufferGeometry, THREE.ShaderMaterial> {
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
        uText: { value: new THREE.Color() },
        uAccent: { value: new THREE.Color() },
        uSelected: { value: new THREE.Color() },
        uBackground: { value: new THREE.Color() },
      },
    });
    return new THREE.Points(new THREE.BufferGeometry(), material);
  }

  private setLattice(): void {
    const geometry = this.lattice.geometry;
    geometry.setAttribute("position", new THREE.BufferAttribute(fibonacciSphere(LATTICE), 3));
    geometry.setAttribute("aKind", new THREE.BufferAttribute(new Uint8Array(LATTICE).fill(4), 1));
    geometry.setAttribute("aColour", new THREE.BufferAttribute(new Float32Array(LATTICE * 3), 3));
  }

  private applyCap(cap: { direction: Vec3; angle: number } | null): void {
    const uniforms = this.sphere.material.uniforms;
    this.outline.visible = cap !== null && this.spherical;
    if (cap) {
      uniforms.uCap.value.set(...cap.direction);
      uniforms.uCapCos.value = Math.cos(cap.angle);
      this.outline.geometry.setAttribute(
        "position",
        new THREE.BufferAttribute(capOutline(cap.direction, cap.angle), 3),
      );
    } else {
      uniforms.uCapCos.value = 2;
    }
    this.invalidate();
  }

  private applyMarks(): void {
    const { picks, answer, selected, opened } = this.currentMarks;
    const few = (list: ArrayLike<number>): number => Math.min(list.length, MARKS_MAX);
    const total = few(picks) + few(answer) + few(selected) + (opened >= 0 ? 1 : 0);
    const position = new Float32Array(total * 3);
    const kind = new Uint8Array(total);
    const colour = new Float32Array(total * 3);
    let at = 0;
    const add = (index: number, kindOf: number): void => {
      if (index < 0 || index >= this.count || this.flags[index] & FLAG.HIDDEN) return;
      position.set(this.xyz.subarray(3 * index, 3 * index + 3), 3 * at);
      kind[at] = kindOf;
      if (kindOf === 0) colour.set(this.colourOf(index), 3 * at);
      at++;
    };
    for (let i = few(picks) - 1; i >= 0; i--) add(picks[i], 0);
    for (let i = 0; i < few(selected); i++) add(selected[i], 2);
    for (let i = 0; i < few(answer); i++) add(answer[i], 1);
    add(opened, 3);
    const geometry = this.marks.geometry;
    geometry.setAttribute("position", new THREE.BufferAttribute(position.slice(0, at * 3), 3));
    geometry.setAttribute("aKind", new THREE.BufferAttribute(kind.slice(0, at), 1));
    geometry.setAttribute("aColour", new THREE.BufferAttribute(colour.slice(0, at * 3), 3));
    this.marks.visible = at > 0;
  }

  private colourOf(index: number): [number, number, number] {
    const colour = this.colour;
    const raw = colour ? colour.values[index] : 65535;
    if (!colour || raw === 65535) {
      const owned = this.points.material.uniforms.uOwned.value as THREE.Color;
      return [owned.r, owned.g, owned.b];
    }
    const t = (raw - colour.low) / Math.max(1, colour.high - colour.low);
    const texel = colour.classes ? raw % 256 : Math.round(Math.min(Math.max(t, 0), 1) * 255);
    return [0, 1, 2].map((k) => colour.texels[4 * texel + k] / 255) as [number, number, number];
  }
}
