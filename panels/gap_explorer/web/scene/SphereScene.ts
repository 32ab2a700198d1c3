/**
 * The sphere itself, on a canvas: typed arrays in, pixels and pointer events out.  It knows
 * neither React nor FiftyOne, and it draws only when something has changed.
 */

import * as THREE from "three";
import { broadside, capOutline, shuffledIndices, type Vec3 } from "../math";
import { screenBox } from "./camera/fill";
import { gestures, type Cap, type Mode, type Path, type SceneEvents, type Stage } from "./gestures/gestures";
import { lassoed } from "./gestures/lasso";
import { Lens } from "./camera/Lens";
import { MarkLayer } from "./marks/MarkLayer";
import { lightUp, NOTHING_SHOWN, type SceneColour, type Shown } from "./marks/marks";
import { makeBall, makeCloud, makeLattice, makeMap, makeOutline, pointSize } from "./marks/objects";
import { listen, Orbit } from "./camera/orbit";
import { faces, pick, project } from "./camera/picking";
import { FLAG } from "./marks/shaders";
import type { SceneTheme } from "../../../web/shared/theme/theme";

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
const TURN_MS = 320;

export class SphereScene implements Stage {
  readonly orbit: Orbit;
  mode: Mode = "point";
  /** Milliseconds of the last full frame, GPU included; the benchmark reads it. */
  frameMs = 0;
  /** Frames that showed points. */
  frames = 0;

  private readonly renderer: THREE.WebGLRenderer;
  private readonly scene = new THREE.Scene();
  private readonly lens: Lens;
  private readonly map = makeMap();
  private readonly points = makeCloud(new THREE.BufferGeometry(), 1, this.map);
  private readonly farPoints = makeCloud(this.points.geometry, -1, this.map);
  private readonly ball = makeBall();
  private readonly lattice = makeLattice();
  private readonly marks = new MarkLayer();
  private readonly outline = makeOutline();
  /** All but the near points: left out of the first frame, which their shaders would hold up. */
  private readonly surroundings = new THREE.Group();
  private readonly unlisten: () => void;

  private xyz: Float32Array = new Float32Array(0);
  /** The flags as drawn: what is lit dims the rest. */
  private flags = new Uint8Array(0);
  private shown: Shown = NOTHING_SHOWN;
  private showLattice = true;
  private request = 0;
  private settle = 0;
  private isMoving = false;
  private fullFrameMs = 0;
  private place: Cap | null = null;
  private capShown = false;
  private disposed = false;
  private readonly viewers = new Set<() => void>();

  constructor(
    readonly canvas: HTMLCanvasElement,
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
    // Asking whether a shader compiled waits for the compiler and holds up the first frame.
    this.renderer.debug.checkShaderErrors = false;
    this.orbit = new Orbit(() => this.invalidate());
    this.lens = new Lens(this.orbit);

    const { farPoints, ball, lattice, points, outline } = this;
    const marks = this.marks.cloud;
    [farPoints, ball, lattice, points, outline, marks].forEach((object, order) => {
      object.renderOrder = order;
      // Bounding spheres would be computed over every point, and everything is always in view.
      object.frustumCulled = false;
    });
    this.surroundings.add(farPoints, ball, lattice, outline, marks);
    this.scene.add(points, this.surroundings);
    // The points' program is linked now, while they are on their way.
    this.renderer.compile(points, this.lens.camera);
    const reading = gestures(this, events);
    const stop = listen(canvas, this.orbit, reading);
    this.unlisten = () => {
      stop();
      reading.end();
    };
    canvas.addEventListener("webglcontextlost", this.onLost);
  }

  // -- what is shown ---------------------------------------------------------------------------

  /** New points: unit vectors (`spherical`) or a free cloud, interleaved xyz. */
  setPoints(xyz: Float32Array, spherical: boolean): void {
    const n = xyz.length / 3;
    const sameCloud = n === this.flags.length;
    this.xyz = xyz;
    this.orbit.free = !spherical;
    const geometry = this.points.geometry;
    geometry.setAttribute("position", new THREE.BufferAttribute(xyz, 3));
    if (!sameCloud) {
      this.flags = new Uint8Array(n);
      this.shown = { ...NOTHING_SHOWN, flags: new Uint8Array(n) };
      geometry.setAttribute("aFlags", new THREE.BufferAttribute(this.flags, 1));
      geometry.setAttribute("aValue", new THREE.BufferAttribute(new Uint16Array(n).fill(65535), 1));
      // A prefix of a shuffled order is an even sample: what is drawn while a large cloud turns.
      geometry.setIndex(
        n > MOVING_POINTS ? new THREE.BufferAttribute(shuffledIndices(n), 1) : null,
      );
      this.fullFrameMs = 0;
    }
    for (const material of [this.points.material, this.farPoints.material, this.marks.cloud.material]) {
      material.uniforms.uSpherical.value = spherical ? 1 : 0;
    }
    this.marks.place(this.shown, xyz, this.flags);
    this.invalidate();
  }

  /** Whether gaps are provisional: their rims are then broken. */
  setProvisional(provisional: boolean): void {
    this.points.material.uniforms.uBroken.value = provisional ? 1 : 0;
    this.invalidate();
  }

  setColour(colour: SceneColour): void {
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
    this.invalidate();
  }

  /** Which points are drawn and how, and the marks over them; what did not change is not gone through again. */
  show(shown: Shown): void {
    const before = this.shown;
    if (shown.flags.length !== this.flags.length) return;
    this.shown = shown;
    if (shown.flags !== before.flags || shown.lit !== before.lit || shown.dimsRest !== before.dimsRest) {
      lightUp(shown, this.flags);
      this.points.geometry.getAttribute("aFlags").needsUpdate = true;
    }
    this.marks.place(shown, this.xyz, this.flags);
    this.invalidate();
  }

  setShown(options: { sphere: boolean; lattice: boolean }): void {
    // The sphere mesh also draws the cap, so it stays and only loses its body.
    this.ball.material.uniforms.uBody.value = options.sphere ? 1 : 0;
    this.showLattice = options.lattice;
    this.invalidate();
  }

  /** The cap or the place that the last answer is about. */
  setPlace(place: Cap | null): void {
    this.place = place;
    this.drawCap(place);
  }

  showCap(cap: Cap | null): void {
    this.drawCap(cap ?? this.place);
  }

  setTheme(theme: SceneTheme): void {
    const uniforms = [
      this.points.material.uniforms,
      this.farPoints.material.uniforms,
      this.marks.cloud.material.uniforms,
      this.lattice.material.uniforms,
      this.ball.material.uniforms,
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
    if (width === this.orbit.width && height === this.orbit.height) return;
    this.orbit.resize(width, height);
    this.renderer.setSize(this.orbit.width, this.orbit.height, false);
    this.invalidate();
  }

  dispose(): void {
    this.disposed = true;
    this.unlisten();
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    window.cancelAnimationFrame(this.request);
    window.clearTimeout(this.settle);
    for (const object of [this.points, this.lattice, this.ball, this.outline]) {
      object.geometry.dispose();
      object.material.dispose();
    }
    this.farPoints.material.dispose();
    this.map.dispose();
    this.marks.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }

  // -- questions -------------------------------------------------------------------------------

  get count(): number {
    return this.flags.length;
  }

  get spherical(): boolean {
    return !this.orbit.free;
  }

  get marked(): { ranks: number; dim: number } {
    return this.marks.tally;
  }

  get moving(): boolean {
    return this.isMoving;
  }

  get middle(): readonly [number, number] {
    return [this.orbit.width / 2, this.orbit.height / 2];
  }

  pointAt(index: number): Vec3 {
    return [this.xyz[3 * index], this.xyz[3 * index + 1], this.xyz[3 * index + 2]];
  }

  /** Position on the canvas in CSS pixels, and whether the point can be seen from here. */
  project(point: Vec3): { x: number; y: number; visible: boolean } | null {
    const view = this.lens.view();
    const at = project(view, ...point);
    return at && { x: at[0], y: at[1], visible: faces(view, ...point) };
  }

  /** Those of some rows that lie on the far side of the sphere. */
  behind(rows: ArrayLike<number>): number[] {
    const view = this.lens.view();
    return Array.from(rows).filter((row) => row < this.count && !faces(view, ...this.pointAt(row)));
  }

  pick(x: number, y: number, reach = PICK_REACH): number {
    return pick(this.lens.view(), this.xyz, this.shown.flags, FLAG.HIDDEN | FLAG.DIM, x, y, reach);
  }

  /** Positions of the points drawn inside a line on the screen, those dimmed by the grid left out. */
  lassoed(path: Path): Uint32Array {
    return lassoed(this.lens.view(), this.xyz, this.shown.flags, FLAG.HIDDEN | FLAG.DIM, path);
  }

  /** Direction of the sphere under a place of the canvas, or null beside the sphere. */
  directionAt(x: number, y: number): Vec3 | null {
    return this.lens.directionAt(x, y);
  }

  /**
   * Turn to a direction, as fast as an eye can follow; at once where a person wants no motion.  A drag on
   * the way, or any other turn, ends it.
   */
  turnTo(direction: Vec3): void {
    const turn = this.orbit.way(direction);
    const start = performance.now();
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = (): void => {
      const part = still ? 1 : Math.min(1, (performance.now() - start) / TURN_MS);
      const leads = turn(part * part * (3 - 2 * part));
      if (leads && part < 1 && !this.disposed) window.requestAnimationFrame(step);
    };
    step();
  }

  /** Fill the view: a free cloud has no size of its own.  It is looked at where most of it is seen. */
  fill(): void {
    this.orbit.reset();
    if (this.spherical || !this.count) return;
    this.orbit.face(broadside(this.xyz));
    this.orbit.fit(...screenBox(this.lens.view(), this.xyz));
  }

  /** Hear of every view that is drawn; returns what ends it. */
  onView(listener: () => void): () => void {
    this.viewers.add(listener);
    return () => this.viewers.delete(listener);
  }

  // -- inside ----------------------------------------------------------------------------------

  private readonly onLost = (event: Event): void => {
    event.preventDefault();
    if (!this.disposed) this.events.lost();
  };

  setMoving(active: boolean): void {
    window.clearTimeout(this.settle);
    if (active) {
      this.isMoving = true;
    } else if (this.isMoving) {
      this.settle = window.setTimeout(() => {
        this.isMoving = false;
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
    const { eye } = this.orbit;
    for (const object of [this.points, this.farPoints, this.marks.cloud, this.lattice, this.ball]) {
      object.material.uniforms.uEye.value.set(...eye);
    }
    const reduced = this.moving && this.count > MOVING_POINTS && this.fullFrameMs > SLOW_FRAME_MS;
    this.points.geometry.setDrawRange(0, reduced ? MOVING_POINTS : Infinity);
    this.farPoints.visible = this.spherical && this.count <= FAR_SIDE_LIMIT;
    this.ball.visible = this.spherical;
    this.lattice.visible = this.spherical && this.showLattice;
    this.surroundings.visible = this.frames > 0;

    const ratio = this.renderer.getPixelRatio();
    const size = pointSize(reduced ? MOVING_POINTS : this.count, this.orbit) * ratio;
    for (const { uniforms } of [this.points.material, this.farPoints.material]) {
      uniforms.uSize.value = size;
      uniforms.uRims.value = size >= SHAPES_FROM_PIXELS ? 1 : 0;
    }
    for (const { uniforms } of [this.marks.cloud.material, this.lattice.material]) {
      uniforms.uSize.value = size;
      uniforms.uRatio.value = ratio;
      uniforms.uViewport.value.set(this.orbit.width * ratio, this.orbit.height * ratio);
    }
    this.marks.thin(this.lens.view());
    this.outline.visible = this.capShown && this.spherical;
    const start = performance.now();
    this.renderer.render(this.scene, this.lens.camera);
    this.frameMs = performance.now() - start;
    if (!reduced) this.fullFrameMs = this.frameMs;
    if (!this.count) return;
    if (this.frames === 0) this.invalidate();
    this.frames++;
    this.viewers.forEach((listener) => listener());
  }

  private drawCap(cap: Cap | null): void {
    const uniforms = this.ball.material.uniforms;
    this.capShown = cap !== null;
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
}
