import { describe, expect, it } from "vitest";
import { Ray, Sphere, Vector3 } from "three";
import { angleBetween, broadside, fibonacciSphere, type Vec3 } from "../math";
import { Lens } from "./camera/Lens";
import { Orbit } from "./camera/orbit";
import { screenBox } from "./camera/fill";
import { lassoed } from "./gestures/lasso";
import { pick, project, type View } from "./camera/picking";
import { FLAG } from "./marks/shaders";

const normalize = (at: Vec3): Vec3 => new Vector3(...at).normalize().toArray();

const orbitOf = (width: number, height: number): Orbit => {
  const orbit = new Orbit(() => undefined);
  orbit.resize(width, height);
  return orbit;
};

const viewOf = (orbit: Orbit): View => new Lens(orbit).view();

describe("Orbit", () => {
  it.each([
    [800, 600],
    [400, 900],
  ])("shows the whole sphere at %d x %d", (width, height) => {
    const orbit = orbitOf(width, height);
    const view = viewOf(orbit);
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

  it.each([false, true])("looks from where another eye looked before its canvas was lost, free: %s", (free) => {
    const before = new Orbit(() => undefined);
    before.free = free;
    before.resize(900, 500);
    before.drag(120, -40);
    before.zoomBy(3, 60, -20, free ? [0.4, 0.3, -0.2] : null);
    before.panBy(25, 10);
    const after = new Orbit(() => undefined);
    after.resume(before);
    after.resize(900, 500);
    for (const at of [[0.2, 0.5, 0.8], [-0.6, 0.1, 0.7]] as Vec3[]) {
      expect(project(viewOf(after), ...at)).toEqual(project(viewOf(before), ...at));
    }
    after.drag(50, 0);
    expect(project(viewOf(after), 0, 0, 1)).not.toEqual(project(viewOf(before), 0, 0, 1));
  });

  it("brings a direction to the middle", () => {
    const orbit = orbitOf(600, 600);
    const target = normalize([-0.3, 0.9, 0.1]);
    orbit.face(target);
    const at = project(viewOf(orbit), ...target)!;
    expect(at[0]).toBeCloseTo(300, 3);
    expect(at[1]).toBeCloseTo(300, 3);
  });

  it("keeps the grabbed point under the pointer near the middle", () => {
    const orbit = orbitOf(600, 600);
    const grabbed: Vec3 = normalize(orbit.eye);
    orbit.drag(30, -20);
    const at = project(viewOf(orbit), ...grabbed)!;
    expect(at[0] - 300).toBeGreaterThan(24);
    expect(at[0] - 300).toBeLessThan(42);
    expect(at[1] - 300).toBeLessThan(-15);
  });

  it("zooms about the pointer", () => {
    const orbit = orbitOf(600, 600);
    orbit.zoomBy(2);
    const target = normalize([orbit.eye[0] + 0.3, orbit.eye[1] + 0.2, orbit.eye[2]]);
    const before = project(viewOf(orbit), ...target)!;
    orbit.zoomBy(1.5, before[0] - 300, before[1] - 300);
    const after = project(viewOf(orbit), ...target)!;
    expect(after[0]).toBeCloseTo(before[0], 2);
    expect(after[1]).toBeCloseTo(before[1], 2);
  });

  it("brings a direction to the middle of a view that was moved aside", () => {
    const orbit = orbitOf(600, 600);
    orbit.zoomBy(8, 200, 90);
    orbit.panBy(-150, 40);
    const target = normalize([0.5, -0.5, 0.7]);
    orbit.face(target);
    const [x, y] = project(viewOf(orbit), ...target)!;
    expect(Math.hypot(x - 300, y - 300)).toBeLessThan(0.01);
  });

  it.each([
    [800, 500],
    [400, 900],
  ])("never loses the sphere at %d x %d: the middle of the view stays on it", (width, height) => {
    const orbit = orbitOf(width, height);
    for (const zoom of [30, 0.5, 2]) {
      orbit.zoomBy(zoom, 0.49 * width, -0.49 * height);
      for (let i = 0; i < 40; i++) orbit.panBy(width, -height);
      const [x, y] = orbit.pan.map((one) => (one * height) / 2);
      expect(Math.hypot(x, y)).toBeLessThanOrEqual(Math.max(orbit.radius, Math.min(width, height) / 2) + 1e-6);
    }
  });

  it("ends the way to a direction where a hand turns it elsewhere", () => {
    const orbit = orbitOf(600, 600);
    const turn = orbit.way([1, 0, 0]);
    expect(turn(0.5)).toBe(true);
    orbit.drag(10, 0);
    const eye = orbit.eye;
    expect(turn(0.7)).toBe(false);
    expect(orbit.eye).toEqual(eye);
  });

  it("comes home", () => {
    const orbit = orbitOf(600, 600);
    const home = orbit.eye;
    orbit.drag(200, 90);
    orbit.zoomBy(3);
    orbit.panBy(40, 10);
    orbit.reset();
    orbit.eye.forEach((one, axis) => expect(one).toBeCloseTo(home[axis], 9));
    expect([orbit.zoom, ...orbit.pan]).toEqual([1, 0, 0]);
  });
});

describe("pick", () => {
  const orbit = orbitOf(700, 500);
  orbit.panBy(30, -12);
  orbit.zoomBy(1.4);
  const view = viewOf(orbit);
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
  const view = viewOf(orbit);
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
  const filled = (): Orbit => {
    const orbit = orbitOf(800, 500);
    orbit.free = true;
    orbit.reset();
    orbit.face(broadside(cloud));
    orbit.fit(...screenBox(viewOf(orbit), cloud));
    return orbit;
  };
  it("fills the view", () => {
    const orbit = filled();
    const [a, b, c, d] = screenBox(viewOf(orbit), cloud);
    expect(Math.max((b - a) / 800, (d - c) / 500)).toBeGreaterThan(0.75);
    expect(Math.max((b - a) / 800, (d - c) / 500)).toBeLessThan(0.95);
    expect((a + b) / 2).toBeCloseTo(400, -1.3);
    expect((c + d) / 2).toBeCloseTo(250, -1.3);
  });
  it("stays in the middle of the view as it is turned", () => {
    const orbit = filled();
    for (let i = 0; i < 12; i++) {
      orbit.drag(130, 70);
      const [a, b, c, d] = screenBox(viewOf(orbit), cloud);
      expect(Math.abs((a + b) / 2 - 400)).toBeLessThan(80);
      expect(Math.abs((c + d) / 2 - 250)).toBeLessThan(50);
    }
  });
  it("is turned around the point that was zoomed in on, and never lost by moving the view", () => {
    const orbit = filled();
    const near: Vec3 = [cloud[0], cloud[1], cloud[2]];
    for (let i = 0; i < 20; i++) {
      const [x, y] = project(viewOf(orbit), ...near)!;
      orbit.zoomBy(1.15, x - 400, y - 250, near);
    }
    expect(orbit.zoom).toBeGreaterThan(10);
    for (let i = 0; i < 6; i++) {
      orbit.drag(90, 50);
      const [x, y] = project(viewOf(orbit), ...near)!;
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(800);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(500);
    }
    const far = Math.max(1, Math.hypot(...orbit.middle));
    for (let i = 0; i < 40; i++) orbit.panBy(800, 0);
    expect(Math.hypot(...orbit.middle)).toBeLessThanOrEqual(far + 1e-9);
  });
  it("keeps what is under the pointer there while it is zoomed", () => {
    const orbit = filled();
    orbit.panBy(-120, 60);
    const up = new Vector3(...orbit.up);
    const right = up.clone().cross(new Vector3(...orbit.eye)).normalize();
    const target = new Vector3(...orbit.middle).addScaledVector(right, 0.3).addScaledVector(up, 0.2).toArray();
    const [x, y] = project(viewOf(orbit), ...target)!;
    orbit.zoomBy(1.7, x - 400, y - 250);
    const [u, v] = project(viewOf(orbit), ...target)!;
    expect([u, v].map(Math.round)).toEqual([x, y].map(Math.round));
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
