"""Scenes for gap cards: drives of unit rows with metadata."""

import numpy as np
import pytest
from gapsphere.tests.support.made_rows import unit


def scattered(seed, n, d=6, kinds=4, spread=0.2):
    random = np.random.default_rng(seed)
    centres = random.standard_normal((kinds, d))
    return unit(centres[random.integers(kinds, size=n)] + spread * random.standard_normal((n, d)))


@pytest.fixture
def rows():
    return scattered


@pytest.fixture
def normed():
    return unit
