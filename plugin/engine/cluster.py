"""The connection to a Ray cluster: the one module that imports ray.

Connections are of a process, so they are counted here: Ray that was started for some work is
stopped after the last that uses it, and a cluster that this process was connected to already is
left as it is.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import EngineError, GapsphereError, InputError, MissingDependencyError, first_line

PATIENCE = 5.0
"""Seconds that a cluster has to answer."""
PACKAGE = __name__.removesuffix(".plugin.engine.cluster")
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4" + bytes(5)
_SETTINGS = b"\4"  # type of the first frame of HTTP/2, which Ray's head speaks (RFC 9113, 3.4)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_lock = threading.Lock()
_users = 0
_ours = False  # the connection was made here


@contextmanager
def held() -> Iterator[None]:
    """Keep a connection that is made meanwhile to the end."""
    global _users, _ours
    with _lock:
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users and _ours:
                _ours = False
                import_module("ray").shutdown()


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """The module ray, connected to the cluster at an address, by default that of ``RAY_ADDRESS``.

    Without any, Ray is started on this machine.

    A connection that the process has already is used and left as it is.
    """
    global _ours
    address = address or os.environ.get("RAY_ADDRESS") or None
    ray = _ray(address)
    if address not in (None, "auto"):
        _refuse_no_address(str(address))
    with held():
        with _lock:
            if ray.is_initialized():
                _refuse_another(ray, address)
            else:
                _connect(ray, address)
                _ours = True
        with lost(ray):
            _same_versions(ray)
        yield ray


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
        raise EngineError(f"{where} cannot be used ({first_line(error)}).") from error


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
            f"The Ray cluster at {address} does not answer ({first_line(error)}): start it, or "
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
    on_node = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy

    def versions(package: str) -> tuple[str, str]:
        from importlib import import_module

        import numpy

        return import_module(package).__version__, numpy.__version__

    ours = import_module(PACKAGE).__version__, np.__version__
    asked = {}
    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU"):
            on = on_node(node["NodeID"], soft=False)
            task = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=on)(versions)
            asked[node["NodeManagerAddress"]] = task.remote("gapsphere")
    for node_address, found in asked.items():
        try:
            theirs = ray.get(found)
        except ray.exceptions.RayTaskError as error:
            raise EngineError(
                f"Node {node_address} of the cluster cannot import gapsphere "
                f"({first_line(error.cause)}): install gapsphere[ray] {ours[0]} there."
            ) from error
        if theirs != ours:
            raise EngineError(
                f"Node {node_address} of the cluster has gapsphere {theirs[0]} with numpy "
                f"{theirs[1]}, and this machine {ours[0]} with {ours[1]}: results could differ, "
                "install the same there."
            )


def answers(ray: Any) -> bool:
    """Whether the head of the cluster takes a connection."""
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except OSError:
        return False
    return True


@contextmanager
def lost(ray: Any) -> Iterator[None]:
    """Say in one sentence that the cluster has gone."""
    try:
        yield
    except GapsphereError:
        raise
    except (ray.exceptions.ObjectStoreFullError, ray.exceptions.OutOfDiskError) as error:
        raise EngineError(
            f"The object store of Ray is full ({first_line(error)}): start Ray with more "
            "--object-store-memory, or free space on its disk."
        ) from error
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise EngineError(
            f"The Ray cluster was lost ({first_line(error)}): what was written stays; run it "
            "again when the cluster is there, or set engine to local."
        ) from error
