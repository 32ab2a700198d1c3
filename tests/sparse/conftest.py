"""Small made frames: flat here, textured there, moving or still."""

import numpy as np
import pytest
from gapsphere.plugin.sparse.network.model import ModelConfig, SparsePixelTransformer
from scipy.ndimage import gaussian_filter


@pytest.fixture
def random():
    return np.random.default_rng(7)


def film(length=16, side=48, *, speed=0.0, seed=0):
    """uint8 (length, side, side, 1): a smooth ground with one textured disc that may move."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side].astype(float)
    texture = gaussian_filter(random.uniform(-1, 1, (side, side)), 1.0, mode="wrap")
    texture = 128 + 90 * texture / np.abs(texture).max()
    frames = []
    for t in range(length):
        ground = 90 + 60 * np.sin(x / side * 2) * np.cos(y / side * 2)
        cy, cx = 0.45 * side, 0.4 * side + speed * t
        disc = np.hypot(y - cy, x - cx) < 0.28 * side
        shift = round(speed * t)
        frames.append(np.where(disc, np.roll(texture, shift, axis=1), ground))
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)[..., None]


@pytest.fixture(scope="session")
def make_film():
    return film


@pytest.fixture
def still():
    return film()


@pytest.fixture
def moving():
    return film(speed=1.5)


@pytest.fixture(scope="session")
def model():
    """An untrained model: its frame is the natural-neighbour interpolation."""
    import torch

    torch.manual_seed(0)
    return SparsePixelTransformer(ModelConfig(refine_widths=(8, 12), refine_blocks=1)).eval()


@pytest.fixture(scope="session")
def clips():
    """uint8 (20, 6, 32, 32): short films to train on."""
    return np.stack([film(6, 32, speed=seed % 3, seed=seed)[..., 0] for seed in range(20)])
