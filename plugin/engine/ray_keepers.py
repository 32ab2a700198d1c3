"""Actors that make something once, an encoder say, and have functions called with it.

They grow to one for each GPU, or core, as there is work for them.  One that is lost is replaced;
until the new one has made its own, or where there is no room for it any longer, the others work.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import EngineError
from .cluster import lost
from .engine import Function, Shard
from .ray_tasks import AHEAD, Lost, NoMemory, Task, fetched, named, played


@dataclass(eq=False)
class _Keeper:
    actor: Any
    making: Any
    """Ray's reference to the making; None once it is done."""
    tasks: list[Task] = field(default_factory=list)


class RayKept:
    """As :class:`.engine.Kept`.

    Parameters
    ----------
    given : sequence
        References to what ``make`` is given.
    gpu : bool
        Give each a GPU of its own, where the cluster has any.
    most : int
        How many there are at most.
    """

    cuts = True

    def __init__(
        self, ray: Any, make: Function, given: Sequence[Any], *, gpu: bool, most: int
    ) -> None:
        class Keeper:
            def make(self, make: Any, *given: Any) -> None:
                from gapsphere.plugin.engine.there import called

                self.made = called(make, *given)

            def call(self, function: Any, columns: Any, *shared: Any) -> Any:
                from gapsphere.plugin.engine.there import called

                return called(function, *columns, self.made, *shared)

        there = ray.cluster_resources()
        gpus = int(there.get("GPU", 0)) if gpu else 0
        options = {"num_cpus": 1, "num_gpus": min(gpus, 1), "max_restarts": 0}
        self._ray, self._make, self._given = ray, named(make), given
        self._most = max(min(gpus or int(there.get("CPU", 1)), most), 1)
        self._actor = ray.remote(**options)(Keeper)
        self._keepers: list[_Keeper] = []
        self._lost = 0

    def ask(self, question: Function) -> Any:
        """As :meth:`.engine.Kept.ask`."""
        [(_, answer)] = self.map(question, [Shard(slice(0, 1), ())])
        return answer

    def map(
        self, function: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()
    ) -> Generator[tuple[slice, Any], None, None]:
        """As :meth:`.engine.Kept.map`."""
        with lost(self._ray):
            hands = _Hands(self, named(function), [self._ray.put(each) for each in shared])
            yield from played(self._ray, hands, shards, AHEAD * self._most)

    def close(self) -> None:
        """End the actors, and what they work on."""
        for keeper in [*self._keepers]:
            self._let_go(keeper)

    def _let_go(self, keeper: _Keeper) -> None:
        self._keepers.remove(keeper)
        if self._ray.is_initialized():
            self._ray.kill(keeper.actor)

    def _grow(self, wanted: int) -> None:
        while len(self._keepers) < min(self._most, wanted):
            actor = self._actor.remote()
            self._keepers.append(_Keeper(actor, actor.make.remote(self._make, *self._given)))

    def _free(self) -> _Keeper | None:
        free = [each for each in self._keepers if not each.making and len(each.tasks) < AHEAD]
        return min(free, key=lambda each: len(each.tasks), default=None)

    def _made(self, keeper: _Keeper) -> None:
        found, keeper.making = fetched(self._ray, keeper.making), None
        if isinstance(found, NoMemory):
            raise EngineError(f"A worker has too little memory for what it needs ({found.said}).")
        if isinstance(found, Lost):
            self._let_go(keeper)
            self._lost += 1
            found.again(self._lost)


@dataclass
class _Hands:
    """The actors, called with one function."""

    kept: RayKept
    function: Function | str
    shared: Sequence[Any]

    @property
    def expected(self) -> Sequence[Any]:
        return [each.making for each in self.kept._keepers if each.making]

    def ready(self, tasks: int) -> None:
        self.kept._grow(tasks)

    def send(self, task: Task) -> bool:
        keeper = self.kept._free()
        if keeper is None:
            return False
        task.sent = keeper.actor.call.remote(self.function, task.shard.columns, *self.shared)
        keeper.tasks.append(task)
        return True

    def ended(self, task: Task, *, lost: bool) -> None:
        for keeper in [each for each in self.kept._keepers if task in each.tasks]:
            keeper.tasks.remove(task)
            if lost:
                self.kept._let_go(keeper)

    def came(self, reference: Any) -> None:
        [keeper] = [each for each in self.kept._keepers if each.making == reference]
        self.kept._made(keeper)
