"""A made-up sphere of 400 points on a real database, with every step measured for real."""

from pathlib import Path

import numpy as np
import pytest
from gapsphere.tests.support.copies import copied
from PIL import Image


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    paths = []
    for i in range(4):
        path = folder / f"frame_{i:03d}.png"
        Image.fromarray(np.full((24, 32, 3), 60 * i, np.uint8)).save(path)
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def made(images):
    """400 samples; tests that change it take ``fresh``."""
    import fiftyone as fo
    from gapsphere.tests.support.made_sphere import make_dataset

    dataset = fo.Dataset()
    make_dataset(dataset, 400, images, k=12)
    yield dataset
    dataset.delete()


@pytest.fixture
def fresh(made):
    """A copy of ``made`` to change, its brain run included."""
    yield from copied(made)
