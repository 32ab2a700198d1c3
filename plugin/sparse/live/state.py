"""The servers that run on this machine: each has a small file, removed when it stops.

A process number alone proves nothing, since numbers are reused: it counts only together with the
time at which that process started.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from ...interchange.files.checked import write_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerState:
    """A running server.  ``began`` is the start of its process, in seconds since 1970.

    ``sessions`` is their number now; None where the server is of a version that does not say.
    """

    pid: int
    began: float
    address: str
    token: str
    sessions: int | None = None

    @property
    def stream(self) -> str:
        return self.address.replace("http", "ws", 1) + "/ws/stream"


@contextmanager
def announced(folder: Path, token: str) -> Iterator[Callable[[str, int], None]]:
    """Give a function to call with this process's address and sessions; the file goes in the end.

    Whoever may read the file need not ask the server: a panel of the App opens no connection.
    """
    path = folder / f"{os.getpid()}.json"

    def announce(address: str, sessions: int) -> None:
        began = psutil.Process().create_time()
        state = ServerState(os.getpid(), began, address, token, sessions)
        text = json.dumps(asdict(state)).encode()
        # It has the token.
        write_whole(path, lambda file: file.write(text), private=True, durable=False)

    try:
        yield announce
    finally:
        path.unlink(missing_ok=True)


def running_servers(folder: Path) -> list[ServerState]:
    """Servers announced in a folder, the latest last; files that dead ones left are removed."""
    found = []
    for path in folder.glob("*.json"):
        try:
            state = ServerState(**json.loads(path.read_text(encoding="utf-8")))
            alive = _is_alive(state)
        except (FileNotFoundError, PermissionError):  # stopped just now; another user's
            continue
        except (OSError, ValueError, TypeError, RecursionError):
            log.warning("%s is not a server's state; it is ignored.", path)
            continue
        if alive:
            found.append(state)
        else:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda state: state.began)


def _is_alive(state: ServerState) -> bool:
    try:
        process = psutil.Process(state.pid)
        same = abs(process.create_time() - state.began) < 0.05
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
