"""Memory that truly runs out: the system refuses it, and heatmaps are made all the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gapsphere.tests.support.waiting import PATIENCE
from PIL import Image

CHILD = Path(__file__).parent / "in_little_memory.py"
GRID = 24
MEGABYTES = (0, 150, 14)  # 0: as much as there is
pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """What processes make of the images by the megabytes that each has beyond its start."""
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for index in range(8):
        pixels = rng.integers(0, 256, (80, 120, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    run = subprocess.run(
        [sys.executable, str(CHILD), str(folder), str(GRID), *map(str, MEGABYTES)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        # One heap: each thread's own would hold 64 MB in reserve.
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(MEGABYTES, map(json.loads, run.stdout.splitlines()), strict=True))


def test_what_the_system_refuses_is_asked_for_in_smaller_parts(drawn):
    plenty, little = drawn[0], drawn[150]
    assert (plenty["done"], plenty["notes"]) == (8, [])
    assert (little["done"], little["skipped"]) == (8, [])
    assert little["notes"][0] == "memory ran out with 8 images at once; going on with fewer"
    assert little["shapes"] == [[GRID, GRID]]
    assert little["means"] == pytest.approx(plenty["means"], abs=0.5)


def test_an_image_that_does_not_fit_alone_is_read_smaller(drawn):
    tiny = drawn[14]
    assert tiny["done"] == 8
    assert "going on with smaller ones" in tiny["notes"][-1]
    assert tiny["shapes"][0] == [GRID // 2, GRID // 2]
