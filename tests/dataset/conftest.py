"""Small real images, a tiny real encoder, and datasets built from them."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from gapsphere.tests.support.copies import copied
from PIL import Image


@dataclass
class ColourEncoder:
    """A real encoder that needs no weights: the 4x4 thumbnail, as a unit vector.

    ``calls`` counts batches, so that a test can see whether work was done again.
    """

    name: str = "test:colour"
    fingerprint: str = "colour-1"
    dimension: int = 48
    patch_grid: tuple[int, int] = (4, 4)
    calls: list[int] = field(default_factory=list)

    def prepare(self, image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((4, 4), Image.Resampling.BOX), np.uint8)

    def embed(self, batch: np.ndarray) -> np.ndarray:
        self.calls.append(len(batch))
        rows = batch.reshape(len(batch), -1).astype(np.float64) + 1.0
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def encoder() -> ColourEncoder:
    return ColourEncoder()


def _makes_images(base: Path):
    def make(name: str, count: int, *, seed: int = 0, tint: tuple = (1.0, 1.0, 1.0)) -> Path:
        rng = np.random.default_rng([seed, *name.encode()])
        folder = base / name
        folder.mkdir(exist_ok=True)
        for index in range(count):
            pixels = rng.integers(0, 256, (4, 4, 3)) * np.asarray(tint)
            image = Image.fromarray(pixels.astype(np.uint8)).resize((32, 24), Image.Resampling.BOX)
            image.save(folder / f"{name}_{index:03d}.png")
        return folder

    return make


@pytest.fixture
def make_images(tmp_path):
    """``make_images("S", 5)`` writes five noisy images and returns their folder."""
    return _makes_images(tmp_path)


@pytest.fixture(scope="module")
def make_shared_images(tmp_path_factory):
    """The same for all tests of a module, which leave the files as they are."""
    return _makes_images(tmp_path_factory.mktemp("images"))


def _load(dataset, make_images):
    from gapsphere.plugin.dataset.gaps.images.load import load_images

    load_images(dataset, make_images("owned", 20), make_images("pool", 4))
    load_images(dataset, pool=make_images("red", 8, tint=(1.0, 0.1, 0.1)))
    return dataset


@pytest.fixture
def loaded(dataset, make_images):
    """A dataset of 20 owned images and 12 candidates, two of three of them of another colour."""
    return _load(dataset, make_images)


@pytest.fixture(scope="module")
def once_loaded(make_shared_images):
    """The same for all tests of a module, which take copies and leave the files as they are."""
    import fiftyone as fo

    made = _load(fo.Dataset(), make_shared_images)
    yield made
    made.delete()


@pytest.fixture(scope="module")
def once_analysed(once_loaded):
    """Its gaps are found, and four picks."""
    from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
    from gapsphere.plugin.settings.steps import GapParams

    made = once_loaded.clone()
    find_gaps(made, GapParams(k=4), encoder=ColourEncoder())
    yield made
    made.delete()


@pytest.fixture
def analysed(once_analysed):
    """A dataset of 20 owned images and 12 candidates with its gaps and four picks."""
    yield from copied(once_analysed)


@pytest.fixture(scope="module")
def once_embedded(once_loaded):
    """It is embedded."""
    from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings

    made = once_loaded.clone()
    compute_embeddings(made, encoder=ColourEncoder())
    yield made
    made.delete()


@pytest.fixture(scope="module")
def once_measured(once_embedded):
    """It is measured for a δ of 0.08."""
    from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
    from gapsphere.plugin.settings.steps import CoverageParams

    made = once_embedded.clone()
    compute_coverage(made, CoverageParams(delta=0.08))
    yield made
    made.delete()
