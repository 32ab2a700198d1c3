"""A small rig: six cameras and a lidar, three scenes, as nuScenes is laid out in FiftyOne."""

from pathlib import Path

import fiftyone as fo
import numpy as np
from PIL import Image

CAMERAS = ["back", "back_left", "back_right", "front", "front_left", "front_right"]
LIDAR = "lidar"
VECTOR = "vec"


def make_rig(
    dataset: fo.Dataset,
    folder: Path,
    *,
    scenes: int = 3,
    moments: int = 4,
    scene_field: str | None = "scene_token",
) -> None:
    """Groups of six pictures and a point cloud; the last scene is U, the others are S.

    ``vec`` holds a vector of 16 numbers; the cameras of a scene look alike, and U is far from S.
    """
    rng = np.random.default_rng(14)
    dataset.add_group_field("group", default="front")
    samples = []
    for scene in range(scenes):
        centre = rng.normal(size=16) * (3 if scene == scenes - 1 else 1)
        for moment in range(moments):
            group = fo.Group()
            tag = "U" if scene == scenes - 1 else "S"
            about = {} if scene_field is None else {scene_field: f"scene-{scene:04d}"}
            for camera in CAMERAS:
                path = folder / f"{scene}_{moment}_{camera}.png"
                small = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
                Image.fromarray(small).resize((64, 48)).save(path)
                vector = (centre + rng.normal(size=16)).astype(np.float32)
                samples.append(
                    fo.Sample(
                        filepath=str(path),
                        group=group.element(camera),
                        tags=[tag],
                        frame_number=moment,
                        **{VECTOR: vector},
                        **about,
                    )
                )
            cloud = folder / f"{scene}_{moment}.pcd"
            cloud.write_text(_PCD)
            samples.append(
                fo.Sample(
                    filepath=str(cloud), group=group.element(LIDAR), tags=[tag], frame_number=moment
                )
            )
    dataset.add_samples(samples, progress=False)


_PCD = """# .PCD v0.7
VERSION 0.7
FIELDS x y z
SIZE 4 4 4
TYPE F F F
COUNT 1 1 1
WIDTH 2
HEIGHT 1
VIEWPOINT 0 0 0 1 0 0 0
POINTS 2
DATA ascii
0 0 0
1 1 1
"""
