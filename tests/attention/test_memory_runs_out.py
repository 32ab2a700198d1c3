"""Memory that truly runs out: the system refuses it, and heatmaps are made all the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CHILD = Path(__file__).parent / "in_little_memory.py"
GRID = 24
pytestmark = pytest.mark.crash


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for index in range(8):
        pixels = rng.integers(0, 256, (80, 120, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    return tmp_path


def drawn(folder, megabytes):
    """What a process with so many megabytes beyond its start makes of the images."""
    run = subprocess.run(
        [sys.executable, str(CHILD), str(folder), str(GRID), str(megabytes)],
        capture_output=True,
        text=True,
        timeout=300,
        # One heap: each thread's own would hold 64 MB in reserve.
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_what_the_system_refuses_is_asked_for_in_smaller_parts(folder):
    plenty = drawn(folder, 0)
    assert (plenty["done"], plenty["notes"]) == (8, [])
    little = drawn(folder, 150)
    assert (little["done"], little["skipped"]) == (8, [])
    assert little["notes"][0] == "memory ran out with 8 images at once; going on with fewer"
    assert little["shapes"] == [[GRID, GRID]]
    assert little["means"] == pytest.approx(plenty["means"], abs=0.5)


def test_an_image_that_does_not_fit_alone_is_read_smaller(folder):
    tiny = drawn(folder, 14)
    assert tiny["done"] == 8
    assert "going on with smaller ones" in tiny["notes"][-1]
    assert tiny["shapes"][0] == [GRID // 2, GRID // 2]
