"""A node that is lost, and at last the whole cluster; nothing of it is left after this file."""

from dataclasses import replace

import pytest
from gapsphere.plugin.encoders import opening
from gapsphere.plugin.engine import cluster as connection
from gapsphere.plugin.engine import ray_tasks
from gapsphere.plugin.engine.engine import opened, shards
from gapsphere.plugin.errors import EngineError
from gapsphere.tests.support.made_rows import frames

U = frames(3000, 32, seed=1)
ROW = 32 * 4


@pytest.mark.crash
@pytest.mark.slow  # Ray takes ten seconds to see that a node has gone
def test_a_lost_node_costs_its_work_and_a_lost_cluster_is_named(cluster, small_shards, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    monkeypatch.setattr(ray_tasks, "GIVEN_UP", 2.0)

    def slowly(rows):
        import time

        time.sleep(0.2)
        return rows.sum(dtype="float64")

    def kept_slowly(rows, _kept):
        return slowly(rows)

    with opened("ray", cluster.address) as there:
        cut, seen = list(shards([U], ROW)), {"kept": [], "any": []}
        work = there.map(slowly, cut)
        # One on each node, so that a core is left to others.
        with replace(there, window=2).keeping(opening.given, [0]) as kept:
            for rows, found in kept.map(kept_slowly, cut):
                seen["kept"].append(rows)
                assert found == U[rows].sum(dtype="float64")
                if len(seen["kept"]) == 3:
                    seen["any"].append(next(work)[0])
                    cluster.kill_node()
        for rows, found in work:
            seen["any"].append(rows)
            assert found == U[rows].sum(dtype="float64")
        assert seen["kept"] == seen["any"] == [each.rows for each in cut]
        work = there.map(slowly, shards([U], ROW))
        next(work)
        cluster.kill_head()
        with pytest.raises(EngineError, match="The Ray cluster was lost"):
            list(work)
