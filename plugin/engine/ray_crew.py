"""Actors of a cluster that are made of shards and stay beside them; who is lost is made again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import EngineError
from .cluster import lost
from .engine import Function, Shard
from .ray_tasks import Lost, NoMemory, fetched, wait


@dataclass
class RayCrew:
    """Actors, one a shard; those that are lost are made again."""

    ray: Any
    make: Function | str
    shards: list[Shard]
    shared: list[Any]
    members: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        class Member:
            def __init__(self, make: Any, columns: Any, *shared: Any) -> None:
                import numpy
                from gapsphere.plugin.engine.there import called

                # A copy: the object store is for what passes through.
                kept = [numpy.array(c) if isinstance(c, numpy.ndarray) else c for c in columns]
                self.member = called(make, *kept, *shared)

            def call(self, method: str, given: Any) -> Any:
                return getattr(self.member, method)(*given)

        self._made = self.ray.remote(num_cpus=0, max_restarts=0, scheduling_strategy="SPREAD")(
            Member
        )
        for shard in self.shards:
            self.members.append(self._member(shard))

    def _member(self, shard: Shard) -> Any:
        return self._made.remote(self.make, shard.columns, *self.shared)

    def __len__(self) -> int:
        return len(self.members)

    def call(self, method: str, arguments: Sequence[tuple[Any, ...] | None]) -> list[Any]:
        with lost(self.ray):
            asked = [
                None if given is None else member.call.remote(method, given)
                for member, given in zip(self.members, arguments, strict=True)
            ]
            results = []
            for at, found in enumerate(asked):

                def again(at: int = at) -> Any:
                    self.members[at] = self._member(self.shards[at])
                    return self.members[at].call.remote(method, arguments[at])

                result = None if found is None else _tried(self.ray, found, again)
                if isinstance(result, NoMemory):
                    raise EngineError(
                        f"A worker has too little memory for {len(self.shards[at])} rows "
                        f"({result.said}): add memory or nodes, or set engine to local."
                    )
                results.append(result)
            return results

    def close(self) -> None:
        for member in self.members if self.ray.is_initialized() else ():
            self.ray.kill(member)
        self.members = []


def _tried(ray: Any, reference: Any, again: Callable[[], Any]) -> Any:
    """What an actor gave, asked for again while actors and nodes are lost."""
    times = 0
    while True:
        wait(ray, [reference])
        found = fetched(ray, reference)
        if not isinstance(found, Lost):
            return found
        times += 1
        found.again(times)
        reference = again()
