"""Shards of work on a Ray cluster: the one module that imports ray.

The one idea: a worker is told the *name* of a function and given rows; it imports Gapsphere and
calls it, so that what runs there is what runs here.  A task or a worker that is lost (killed, its
node gone) is tried again, here and not by Ray, which would keep all rows for it.  Where memory ran
out, the halves of the shard are tried.

What all shards need is put into the object store once; of the rows a bounded number of shards is
there at a time.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import EngineError, GapsphereError, InputError, MissingDependencyError
from .engine import SHARD_BYTES, Crew, Function, Shard

TRIES = 20
"""How often the work on a shard is lost before that is an error."""
AHEAD = 2
"""Shards of each core that are under way or wait, at most."""
PATIENCE = 5.0
"""Seconds that a cluster has to answer."""
GIVEN_UP = 20.0
"""Seconds without an answer from its head: after 60, Ray would end this process."""
_PACKAGE = __name__.removesuffix(".plugin.engine.on_ray")
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4" + bytes(5)
_SETTINGS = b"\4"  # type of the first frame of HTTP/2, which Ray's head speaks (RFC 9113, 3.4)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_lock = threading.Lock()
_users = 0  # of the connection that is ours


@contextmanager
def connected(address: str | None) -> Iterator[RayEngine]:
    """An engine on the cluster at an address, by default that of ``RAY_ADDRESS``.

    Without any, Ray is started on this machine.

    A connection that the process has already is used and left as it is.
    """
    global _users
    address = address or os.environ.get("RAY_ADDRESS") or None
    ray = _ray(address)
    if address not in (None, "auto"):
        _refuse_no_address(str(address))
    with _lock:
        if ray.is_initialized():
            _refuse_another(ray, address)
            ours = _users > 0
        else:
            _connect(ray, address)
            ours, _users = True, 0
        _users += ours
    try:
        with _lost():
            _same_versions(ray)
            window = _window(ray)
        yield RayEngine(ray, window)
    finally:
        if ours:
            with _lock:
                _users -= 1
                if not _users:
                    ray.shutdown()


def _ray(address: str | None) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None or address.rpartition(":")[0] in _LOOPBACK:
        # Else Ray takes the machine's address in the network for one that is its own.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        return import_module("ray")
    except ImportError as error:
        raise MissingDependencyError(
            'engine is ray, and Ray is not installed: pip install "gapsphere[ray]", or set engine '
            "to local."
        ) from error


def _connect(ray: Any, address: str | None) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    here = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    where = f"The Ray cluster at {address}" if address else "Ray on this machine"
    if address not in (None, "auto"):
        _refuse_unreachable(str(address))
    try:
        ray.init(address=address or "local", **quiet, **({} if address else here))
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise EngineError(f"{where} cannot be used ({_first_line(error)}).") from error


def _refuse_no_address(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host or not 0 < int(port) < 1 << 16:
        raise InputError(
            f"ray.address is {address!r}; give host:port of a cluster that this machine is part "
            "of, auto for the one that runs here, or nothing to start one here."
        )


def _refuse_unreachable(address: str) -> None:
    """Ask before Ray does, which tries for minutes."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), PATIENCE) as asked:
            asked.sendall(_HELLO)
            answer = asked.recv(9)
        if answer[3:4] != _SETTINGS:
            raise ConnectionError("something else listens there")
    except OSError as error:
        raise EngineError(
            f"The Ray cluster at {address} does not answer ({_first_line(error)}): start it, or "
            "set engine to local."
        ) from error


def _refuse_another(ray: Any, address: str | None) -> None:
    if address in (None, "auto"):
        return
    there = ray.get_runtime_context().gcs_address
    if there.rpartition(":")[2] != str(address).rpartition(":")[2]:
        raise EngineError(
            f"This process is connected to the Ray cluster at {there}, and ray.address is "
            f"{address}: use that one, or call ray.shutdown() first."
        )


def _same_versions(ray: Any) -> None:
    """Refuse nodes on which other code would run."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On

    def versions(package: str) -> tuple[str, str]:
        from importlib import import_module

        import numpy

        return import_module(package).__version__, numpy.__version__

    ours = import_module(_PACKAGE).__version__, np.__version__
    asked = {}
    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU"):
            on = On(node["NodeID"], soft=False)
            task = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=on)(versions)
            asked[node["NodeManagerAddress"]] = task.remote("gapsphere")
    for node_address, found in asked.items():
        try:
            theirs = ray.get(found)
        except ray.exceptions.RayTaskError as error:
            raise EngineError(
                f"Node {node_address} of the cluster cannot import gapsphere "
                f"({_first_line(error.cause)}): install gapsphere[ray] {ours[0]} there."
            ) from error
        if theirs != ours:
            raise EngineError(
                f"Node {node_address} of the cluster has gapsphere {theirs[0]} with numpy "
                f"{theirs[1]}, and this machine {ours[0]} with {ours[1]}: results could differ, "
                "install the same there."
            )


def _window(ray: Any) -> int:
    """Shards at once: a few for each core, as long as this node's object store is half empty."""
    cores = AHEAD * int(ray.cluster_resources().get("CPU", 1))
    here = ray.get_runtime_context().get_node_id()
    stores = {node["NodeID"]: node["Resources"] for node in ray.nodes()}
    store = stores.get(here, {}).get("object_store_memory", 0)
    return max(min(cores, int(store / 2 / SHARD_BYTES)), 1)


def _first_line(error: object) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


@contextmanager
def _lost() -> Iterator[None]:
    """Say in one sentence that the cluster has gone."""
    import ray

    try:
        yield
    except GapsphereError:
        raise
    except (ray.exceptions.ObjectStoreFullError, ray.exceptions.OutOfDiskError) as error:
        raise EngineError(
            f"The object store of Ray is full ({_first_line(error)}): start Ray with more "
            "--object-store-memory, or free space on its disk."
        ) from error
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise EngineError(
            f"The Ray cluster was lost ({_first_line(error)}): what was written stays; run it "
            "again when the cluster is there, or set engine to local."
        ) from error


def _named(function: Function) -> Function | str:
    """A function of this package by its name: a plugin's folder has another one."""
    module, inside = function.__module__, f"{_PACKAGE}."
    if module.startswith(inside) and "<" not in function.__qualname__:
        return f"gapsphere.{module.removeprefix(inside)}:{function.__qualname__}"
    return function


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
        with _lost():
            tasks = _Tasks(self.ray, function, [self.ray.put(each) for each in shared])
            waiting: deque[_Task] = deque()
            try:
                for shard in shards:
                    if len(waiting) >= self.window:
                        yield from tasks.results(waiting.popleft())
                    waiting.append(tasks.submit(shard))
                while waiting:
                    yield from tasks.results(waiting.popleft())
            finally:
                # Without a connection Ray would start a cluster of its own for this.
                for task in waiting if self.ray.is_initialized() else ():
                    self.ray.cancel(task.found, force=True)

    def crew(self, make: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()) -> Crew:
        """As :meth:`.engine.Engine.crew`."""
        with _lost():
            return _RayCrew(
                self.ray, _named(make), list(shards), [self.ray.put(each) for each in shared]
            )


@dataclass
class _Task:
    shard: Shard
    found: Any


class _Tasks:
    """Tasks that call one function."""

    def __init__(self, ray: Any, function: Function, shared: Sequence[Any]) -> None:
        def call(function: Any, columns: Any, *shared: Any) -> Any:
            if isinstance(function, str):
                from importlib import import_module

                module, _, name = function.partition(":")
                function = getattr(import_module(module), name)
            return function(*columns, *shared)

        self.ray, self.function, self.shared = ray, _named(function), shared
        self._call = ray.remote(num_cpus=1, max_retries=0)(call)

    def submit(self, shard: Shard) -> _Task:
        return _Task(shard, self._call.remote(self.function, shard.columns, *self.shared))

    def results(self, task: _Task) -> Iterator[tuple[slice, Any]]:
        """What a task gave; or, where memory ran out, its halves."""
        found = _tried(self.ray, task.found, lambda: self.submit(task.shard).found)
        if not isinstance(found, _NoMemory):
            yield task.shard.rows, found
            return
        if len(task.shard) < 2:
            raise EngineError(f"A worker has too little memory even for one row ({found.said}).")
        for half in task.shard.halves():
            yield from self.results(self.submit(half))


@dataclass(frozen=True)
class _NoMemory:
    said: str


def _wait(ray: Any, found: Any) -> None:
    """Wait for a result as long as the head of the cluster is there."""
    last = time.monotonic()
    while not ray.wait([found], timeout=PATIENCE)[0]:
        host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), PATIENCE).close()
            last = time.monotonic()
        except OSError as error:
            if time.monotonic() - last > GIVEN_UP:
                raise ConnectionError(f"its head at {host}:{port} does not answer") from error


def _tried(ray: Any, found: Any, again: Callable[[], Any]) -> Any:
    """The result of a task, asked for again while workers and nodes are lost."""
    failed = ray.exceptions
    for left in reversed(range(TRIES)):
        try:
            _wait(ray, found)
            return ray.get(found)
        except failed.OutOfMemoryError as error:
            return _NoMemory(_first_line(error))
        except failed.RayTaskError as error:
            if isinstance(error.cause, MemoryError):
                return _NoMemory(_first_line(error.cause))
            raise error.cause from error
        except (
            failed.WorkerCrashedError,
            failed.RayActorError,
            failed.NodeDiedError,
            failed.ObjectLostError,
        ) as error:
            if not left:
                raise EngineError(
                    f"The same work was lost {TRIES} times on the Ray cluster "
                    f"({_first_line(error)}): look at its logs, or set engine to local."
                ) from error
            found = again()
    raise AssertionError("the last try returns or raises")


@dataclass
class _RayCrew:
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

                if isinstance(make, str):
                    from importlib import import_module

                    module, _, name = make.partition(":")
                    make = getattr(import_module(module), name)
                # A copy: the object store is for what passes through.
                kept = [numpy.array(c) if isinstance(c, numpy.ndarray) else c for c in columns]
                self.member = make(*kept, *shared)

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
        with _lost():
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
                if isinstance(result, _NoMemory):
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
