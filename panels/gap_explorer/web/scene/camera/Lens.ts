/** The camera where an {@link Orbit} has the eye, and what it says of places on the canvas. */

import * as THREE from "three";
import type { Vec3 } from "../../math";
import { FIELD_OF_VIEW, type Orbit } from "./orbit";
import type { View } from "./picking";

export class Lens {
  readonly camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW, 1, 0.05, 40);

  constructor(private readonly orbit: Orbit) {}

  private update(): void {
    const { eye, middle, up, pan, zoom, width, height } = this.orbit;
    const aspect = width / height;
    const { camera } = this;
    camera.aspect = aspect;
    camera.zoom = zoom;
    camera.position.set(...middle).add(new THREE.Vector3(...eye));
    camera.up.set(...up);
    camera.lookAt(...middle);
    camera.updateMatrixWorld();
    camera.updateProjectionMatrix();
    // Pan shifts the lens, not the eye, so that the horizon of the sphere stays where it is.
    camera.projectionMatrix.elements[8] = -pan[0] / aspect;
    camera.projectionMatrix.elements[9] = -pan[1];
    camera.projectionMatrixInverse.copy(camera.projectionMatrix).invert();
  }

  view(): View {
    this.update();
    const { width, height, eye, free } = this.orbit;
    const { projectionMatrix, matrixWorldInverse } = this.camera;
    const { elements } = new THREE.Matrix4().multiplyMatrices(projectionMatrix, matrixWorldInverse);
    return { matrix: elements, width, height, eye, spherical: !free };
  }

  /** Direction of the sphere under a place of the canvas, or null beside the sphere. */
  directionAt(x: number, y: number): Vec3 | null {
    this.update();
    const { width, height } = this.orbit;
    const ray = new THREE.Raycaster();
    ray.setFromCamera(new THREE.Vector2((x / width) * 2 - 1, 1 - (y / height) * 2), this.camera);
    const hit = ray.ray.intersectSphere(new THREE.Sphere(undefined, 1), new THREE.Vector3());
    return hit && hit.normalize().toArray();
  }
}
