import { describe, expect, it } from "vitest";
import { Matrix4, PerspectiveCamera, Ray, Sphere, Vector3 } from "three";
import { angleBetween, broadside, fibonacciSphere, type Vec3 } from "../math";
import { FIELD_OF_VIEW, Orbit } from "./orbit";
import { screenBox } from "./fill";
import { lassoed } from "./lasso";
import { pick, project, type View } from "./picking";
import { FLAG } from "./shaders";

const normalize = (at: Vec3): Vec3 => new Vector3(...at).normalize().toArray();

/** The camera that SphereScene sets, without a canvas. */
function viewOf(orbit: Orbit, width: number, height: number, spherical = true): View {
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, width / height, 0.05, 40);
  camera.zoom = orbit.zoom;
  camera.position.set(...orbit.eye);
  camera.up.set(...orbit.up);
  camera.lookAt(0, 0, 0);
  camera.updateMatrixWorld();
  camera.updateProjectionMatrix();
  camera.projectionMatrix.elements[8] = -orbit.pan[0] / (width / height);
  camera.projectionMatrix.elements[9] = -orbit.pan[1];
  const matrix = new Matrix4().multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse);
  return { matrix: matrix.elements, width, height, eye: orbit.eye, spherical };
}

const orbitOf = (width: number, height: number): Orbit => {
  const orbit = new Orbit(() => undefined);
  orbit.resize(width, height);
  return orbit;
};

describe("Orbit", () => {
  it.each([
    [800, 600],
    [400, 900],
  ])("shows the whole sphere at %d x %d", (width, height) => {
    const orbit = orbitOf(width, height);
    const view = viewOf(orbit, width, height);
    const cloud = fibonacciSphere(2000);
    let reach = 0;
    for (let i = 0; i < 2000; i++) {
      const at = project(view, cloud[3 * i], cloud[3 * i + 1], cloud[3 * i + 2])!;
      reach = Math.max(reach, Math.hypot(at[0] - width / 2, at[1] - height / 2));
    }
    const half = Math.min(width, height) / 2;
    expect(reach).toBeLessThan(half);
    expect(reach).toBeGreaterThan(0.8 * half);
    expect(orbit.radius / reach).toBeCloseTo(1, 1);
  });

  it("brings a direction to the middle", () => {
    const orbit = orbitOf(600, 600);
    const target = normalize([-0.3, 0.9, 0.1]);
    orbit.face(target);
    const at = project(viewOf(orbit, 600, 600), ...target)!;
    expect(at[0]).toBeCloseTo(300, 3);
    expect(at[1]).toBeCloseTo(300, 3);
  });

  it("keeps the grabbed point under the pointer near the middle", () => {
    const orbit = orbitOf(600, 600);
    const grabbed: Vec3 = normalize(orbit.eye);
    orbit.drag(30, -20);
    const at = project(viewOf(orbit, 600, 600), ...grabbed)!;
    expect(at[0] - 300).toBeGreaterThan(24);
    expect(at[0] - 300).toBeLessThan(42);
    expect(at[1] - 300).toBeLessThan(-15);
  });

  it("zooms about the pointer", () => {
    const orbit = orbitOf(600, 600);
    orbit.zoomBy(2);
    const target = normalize([orbit.eye[0] + 0.3, orbit.eye[1] + 0.2, orbit.eye[2]]);
    const before = project(viewOf(orbit, 600, 600), ...target)!;
    orbit.zoomBy(1.5, before[0] - 300, before[1] - 300);
    const after = project(viewOf(orbit, 600, 600), ...target)!;
    expect(after[0]).toBeCloseTo(before[0], 2);
    expect(after[1]).toBeCloseTo(before[1], 2);
  });

  it("comes home", () => {
    const orbit = orbitOf(600, 600);
    const home = orbit.eye;
    orbit.drag(200, 90);
    orbit.zoomBy(3);
    orbit.panBy(40, 10);
    orbit.reset();
    expect(orbit.eye).toEqual(home);
    expect([orbit.zoom, ...orbit.pan]).toEqual([1, 0, 0]);
  });
});

describe("pick", () => {
  const orbit = orbitOf(700, 500);
  orbit.panBy(30, -12);
  orbit.zoomBy(1.4);
  const view = viewOf(orbit, 700, 500);
  const cloud = fibonacciSphere(600);
  const flags = new Uint8Array(600);
  const point = (i: number): Vec3 => [cloud[3 * i], cloud[3 * i + 1], cloud[3 * i + 2]];
  const visible = (i: number): boolean => {
    const p = point(i);
    return p[0] * view.eye[0] + p[1] * view.eye[1] + p[2] * view.eye[2] > 1;
  };

  it("finds every point that faces the eye and none that does not", () => {
    for (let i = 0; i < 600; i++) {
      const at = project(view, ...point(i))!;
      const found = pick(view, cloud, flags, 0, at[0], at[1], 2);
      if (visible(i)) expect(found).toBe(i);
      else expect(found).not.toBe(i);
    }
  });
  it("passes over hidden points", () => {
    const i = Array.from(flags.keys()).find(visible)!;
    const at = project(view, ...point(i))!;
    const some = new Uint8Array(600);
    some[i] = FLAG.HIDDEN;
    expect(pick(view, cloud, some, FLAG.HIDDEN, at[0], at[1], 2)).not.toBe(i);
  });
  it("finds nothing out of reach", () => {
    expect(pick(view, cloud, flags, 0, -100, -100, 8)).toBe(-1);
  });
  it("agrees with the ray about where the pointer is", () => {
    const i = Array.from(flags.keys()).find(visible)!;
    const p = point(i);
    const eye = new Vector3(...view.eye);
    const ray = new Ray(eye, new Vector3(...p).sub(eye).normalize());
    const hit = ray.intersectSphere(new Sphere(undefined, 1), new Vector3())!.toArray();
    expect(angleBetween(hit, p)).toBeLessThan(1e-5);
  });
});

describe("a lasso", () => {
  const orbit = orbitOf(600, 600);
  const cloud = fibonacciSphere(600);
  const flags = new Uint8Array(600);
  const view = viewOf(orbit, 600, 600);
  const left = [[0, 0], [300, 0], [300, 600], [0, 600]] as const;
  it("holds what the eye sees inside it, and nothing of the far side", () => {
    const found = new Set(lassoed(view, cloud, flags, 0, left));
    for (let i = 0; i < 600; i++) {
      const p: Vec3 = [cloud[3 * i], cloud[3 * i + 1], cloud[3 * i + 2]];
      const facing = p[0] * view.eye[0] + p[1] * view.eye[1] + p[2] * view.eye[2] > 1;
      expect(found.has(i)).toBe(facing && project(view, ...p)![0] < 300);
    }
    expect(found.size).toBeGreaterThan(50);
  });
  it("leaves out hidden points and the notch of a bent line", () => {
    const all = lassoed(view, cloud, flags, 0, left);
    const some = new Uint8Array(600);
    some[all[0]] = FLAG.HIDDEN;
    expect(lassoed(view, cloud, some, FLAG.HIDDEN, left).length).toBe(all.length - 1);
    const bent = [[0, 0], [300, 0], [0, 300], [300, 600], [0, 600]] as const;
    const notched = lassoed(view, cloud, flags, 0, bent);
    expect(notched.length).toBeLessThan(all.length);
    expect(notched.every((i) => all.includes(i))).toBe(true);
  });
});

describe("a free cloud", () => {
  // Flat in z, and far from the middle.
  const cloud = Float32Array.from({ length: 900 }, (_, k) => [Math.cos(k), 0.4 * Math.sin(k) + 0.5, 0.01 * Math.sin(3 * k)][k % 3]);
  it("is looked at where most of it is seen", () => {
    expect(Math.abs(broadside(cloud)[2])).toBeGreaterThan(0.95);
  });
  it("fills the view", () => {
    const orbit = orbitOf(800, 500);
    orbit.reset();
    orbit.face(broadside(cloud));
    orbit.fit(...screenBox(viewOf(orbit, 800, 500, false), cloud));
    const [a, b, c, d] = screenBox(viewOf(orbit, 800, 500, false), cloud);
    expect(Math.max((b - a) / 800, (d - c) / 500)).toBeGreaterThan(0.75);
    expect(Math.max((b - a) / 800, (d - c) / 500)).toBeLessThan(0.95);
    expect((a + b) / 2).toBeCloseTo(400, -1.3);
    expect((c + d) / 2).toBeCloseTo(250, -1.3);
  });
  it("is turned to on a way that ends where it is wanted", () => {
    const orbit = orbitOf(600, 600);
    const target = normalize([-1, 0.2, -0.4]);
    const turn = orbit.way(target);
    turn(0.5);
    const half = angleBetween(normalize(orbit.eye), target);
    turn(1);
    expect(angleBetween(normalize(orbit.eye), target)).toBeLessThan(1e-6);
    expect(half).toBeGreaterThan(0.3);
  });
});
