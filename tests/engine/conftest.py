"""One Ray cluster, and one connection to it, for all tests of a file: each costs seconds.

None outlives its file: Ray ends a process that is still connected a minute after the head has died.
"""

import pytest
from gapsphere.plugin.engine import engine
from gapsphere.plugin.engine.engine import opened
from gapsphere.tests.support.ray_cluster import two_nodes


@pytest.fixture(scope="module")
def cluster():
    with two_nodes() as made:
        yield made


@pytest.fixture(scope="module")
def on_cluster(cluster):
    with opened("ray", cluster.address) as made:
        yield made


@pytest.fixture
def small_shards(monkeypatch):
    """Of 150 rows of 32 numbers."""
    monkeypatch.setattr(engine, "SHARD_BYTES", 150 * 32 * 4)
