"""The engine of a Ray cluster.

The one idea: a worker is told the *name* of a function and given rows; it imports Gapsphere and
calls it, so that what runs there is what runs here.  What all shards need is put into the object
store once; of the rows a bounded number of shards is there at a time (:mod:`.ray_tasks`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import InputError, first_line
from . import cluster
from .cluster import lost
from .engine import SHARD_BYTES, Crew, Function, Kept, Shard
from .ray_crew import RayCrew
from .ray_keepers import RayKept
from .ray_tasks import AHEAD, AnyCore, named, played


@contextmanager
def connected(address: str | None) -> Iterator[RayEngine]:
    """An engine on the cluster at an address (:func:`.cluster.connected`)."""
    with cluster.connected(address) as ray:
        with lost(ray):
            window = _window(ray)
        yield RayEngine(ray, window)


def _window(ray: Any) -> int:
    """Shards at once: a few for each core, as long as this node's object store is half empty."""
    cores = AHEAD * int(ray.cluster_resources().get("CPU", 1))
    here = ray.get_runtime_context().get_node_id()
    stores = {node["NodeID"]: node["Resources"] for node in ray.nodes()}
    store = stores.get(here, {}).get("object_store_memory", 0)
    return max(min(cores, int(store / 2 / SHARD_BYTES)), 1)


@dataclass(frozen=True, eq=False)
class RayEngine:
    """A cluster that this process is connected to; ``window`` shards are under way at most."""

    ray: Any
    window: int
    cuts: bool = True

    def map(
        self, function: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()
    ) -> Generator[tuple[slice, Any], None, None]:
        """As :meth:`.engine.Engine.map`."""
        with lost(self.ray):
            cores = AnyCore(self.ray, function, [self.ray.put(each) for each in shared])
            yield from played(self.ray, cores, shards, self.window)

    def crew(self, make: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()) -> Crew:
        """As :meth:`.engine.Engine.crew`."""
        with lost(self.ray):
            return RayCrew(
                self.ray, named(make), list(shards), [self.ray.put(each) for each in shared]
            )

    @contextmanager
    def keeping(self, make: Function, given: Sequence[Any], *, gpu: bool = False) -> Iterator[Kept]:
        """As :meth:`.engine.Engine.keeping`."""
        with lost(self.ray):
            try:
                sent = [self.ray.put(each) for each in given]
            except TypeError as error:
                raise InputError(
                    f"What is to be kept on the Ray cluster cannot be sent there "
                    f"({first_line(error)}): name it in the settings, or set engine to local."
                ) from error
            kept = RayKept(self.ray, make, sent, gpu=gpu, most=self.window)
        try:
            yield kept
        finally:
            kept.close()
