import numpy as np
import pytest


@pytest.fixture(scope="session")
def clusters():
    """240 unit rows in six clusters, 32 dimensions, and their labels."""
    rng = np.random.default_rng(7)
    label = np.repeat(np.arange(6), 40)
    rows = rng.normal(size=(6, 32))[label] * 2 + rng.normal(size=(240, 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), label


@pytest.fixture(scope="session")
def fitted(clusters):
    from gapsphere.plugin.projection.umap3d import fit_sphere

    return fit_sphere(clusters[0])
