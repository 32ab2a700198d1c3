"""A Ray cluster of two nodes on this machine, and what may happen to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

STORE = 200 << 20
"""Bytes of a node's object store: six shards in half of it."""


class TwoNodes:
    """A head with one core and a node with two, which only this machine reaches."""

    def __init__(self) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # 127.0.0.1 is itself
        from ray.cluster_utils import Cluster

        here = {"node_ip_address": "127.0.0.1", "object_store_memory": STORE}
        head = {"num_cpus": 1, "include_dashboard": False, **here}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self.cluster.address
        self.node = None
        self.add_node()

    def add_node(self) -> None:
        self.node = self.cluster.add_node(
            num_cpus=2, node_ip_address="127.0.0.1", object_store_memory=STORE
        )

    def kill_node(self) -> None:
        """kill -9 of all processes of the node that is not the head."""
        assert self.node is not None
        self.cluster.remove_node(self.node, allow_graceful=False)

    def kill_head(self) -> None:
        """kill -9 of the head."""
        head = self.cluster.head_node
        assert head is not None
        head.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    made = TwoNodes()
    try:
        yield made
    finally:
        import ray

        ray.shutdown()
        made.cluster.shutdown()
