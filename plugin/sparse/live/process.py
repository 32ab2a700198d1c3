"""The live server in a process of its own: started, looked up and stopped from another one.

What runs is written in ``state.json`` of a folder, so it is found again by whoever looks there, an
App that was reloaded included.  A process number alone proves nothing, since numbers are given
again: it counts only together with the time at which that process began.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from ...errors import GapsphereError, InputError
from ...settings.fields import make
from ...settings.serving import ServeParams
from ...settings.sparse import SparseParams

log = logging.getLogger(__name__)

START_SECONDS = 90.0
STOP_SECONDS = 10.0
ROOT = Path(__file__).resolve().parents[3]


class LiveParams(ServeParams, SparseParams):
    """A server's own settings, and what sessions start from."""


# The package may be a plugin folder that was never installed, under any name.
_BOOT = """
import importlib.util, sys
root, folder = sys.argv[1:3]
spec = importlib.util.spec_from_file_location(
    "gapsphere", root + "/__init__.py", submodule_search_locations=[root])
package = importlib.util.module_from_spec(spec)
sys.modules["gapsphere"] = package
spec.loader.exec_module(package)
from gapsphere.plugin.sparse.live.process import main
sys.exit(main(folder))
"""


@dataclass(frozen=True)
class ServerState:
    """A server that was started.  ``began`` is its process' start, in seconds since 1970."""

    pid: int
    began: float
    address: str
    token: str
    log: str

    @property
    def stream(self) -> str:
        """Where clients connect."""
        return self.address.replace("http", "ws", 1) + "/ws/stream"


def start_server(folder: str | Path, params: ServeParams, sampling: SparseParams) -> ServerState:
    """Start a server and wait until it listens.

    Parameters
    ----------
    folder : path
        Where its state, settings and log are kept; only the owner may read them, for the token.

    Raises
    ------
    InputError
        One runs already, or it did not come up; the sentence is the server's own.
    """
    folder = Path(folder).expanduser().resolve()
    with _alone(folder):
        running = read_state(folder)
        if running is not None:
            raise InputError(
                f"A server runs already at {running.address}, process {running.pid}; stop it first."
            )
        settings = {"serve": _absolute(params).model_dump(), "sampling": sampling.model_dump()}
        _write(folder / "settings.json", settings)
        out = folder / "server.log"
        with out.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(ROOT), str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # Somebody has to ask for a child's end, or it stays in the table of processes.
        threading.Thread(target=process.wait, name="sparse-reaper", daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            state = read_state(folder)
            if state is not None and state.pid == process.pid:
                return state
            time.sleep(0.1)
        if process.poll() is None:
            process.kill()
            raise InputError(f"The server did not listen within {START_SECONDS:g} s; see {out}.")
        lines = out.read_text(encoding="utf-8").strip().splitlines() or ["no reason given"]
        raise InputError(f"The server did not start: {lines[-1]}  (see {out})")


def stop_server(folder: str | Path) -> ServerState | None:
    """Stop the server of a folder and return what it was; None if there was none.

    It is asked to stop, and after ten seconds it is made to.

    Raises
    ------
    GapsphereError
        It could not be stopped: it belongs to another user.
    """
    folder = Path(folder).expanduser().resolve()
    with _alone(folder):
        state = read_state(folder)
        if state is None:
            return None
        try:
            process = psutil.Process(state.pid)
            process.terminate()
            if not _ended(process, STOP_SECONDS):
                log.warning("The server did not stop when asked; it is made to.")
                process.kill()
                _ended(process, STOP_SECONDS)
        except psutil.NoSuchProcess:
            pass  # it went by itself in between
        except psutil.AccessDenied as error:
            raise GapsphereError(
                f"Process {state.pid} belongs to another user, who has to stop it."
            ) from error
        if _is_alive(state):
            raise GapsphereError(f"Process {state.pid} could not be stopped.")
        (folder / "state.json").unlink(missing_ok=True)
        return state


def read_state(folder: str | Path) -> ServerState | None:
    """The server of a folder if it runs; what a dead one left behind is taken away."""
    path = Path(folder).expanduser() / "state.json"
    try:
        state = ServerState(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        log.warning("%s is no state of a server; it is left out.", path)
        return None
    if _is_alive(state):
        return state
    path.unlink(missing_ok=True)
    return None


def ask(state: ServerState, page: str, *, timeout: float = 2.0) -> dict[str, Any] | None:
    """A page of a running server, such as ``sessions``; None if it does not answer."""
    headers = {"Authorization": f"Bearer {state.token}"} if state.token else {}
    request = urllib.request.Request(f"{state.address}/api/{page}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError, urllib.error.URLError):
        return None


def share_cores(workers: int) -> None:
    """Give each worker its share of the machine, in place of all of it to each."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 1) // workers))


def main(folder: str) -> int:
    """The started process: serve what ``settings.json`` says until told to stop."""
    from .server import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    place = Path(folder)
    settings = json.loads((place / "settings.json").read_text(encoding="utf-8"))
    state_file = place / "state.json"

    def ready(address: str) -> None:
        me = psutil.Process()
        out = str(place / "server.log")
        token = params.token
        _write(state_file, asdict(ServerState(me.pid, me.create_time(), address, token, out)))

    try:
        params = make(ServeParams, settings["serve"])
        sampling = make(SparseParams, settings["sampling"])
        share_cores(params.workers)
        serve(params, sampling, ready=ready)
    except GapsphereError as error:
        print(error, flush=True)  # noqa: T201  the last line of the log is what the starter reads
        return 2
    state_file.unlink(missing_ok=True)
    return 0


def _is_alive(state: ServerState) -> bool:
    try:
        process = psutil.Process(state.pid)
        same = abs(process.create_time() - state.began) < 0.05
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _ended(process: psutil.Process, seconds: float) -> bool:
    """Wait for an end; a process that only waits to be reaped has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def _absolute(params: ServeParams) -> ServeParams:
    """Paths as they are meant here: the server may be started elsewhere."""
    files = (f"{name}={Path(file).resolve()}" for name, file in params.model_files.items())
    folders = {
        name: str(Path(getattr(params, name)).expanduser().resolve())
        for name in ("record", "monitor_folder")
        if getattr(params, name)
    }
    return params.model_copy(update={"models": ",".join(files), **folders})


def _write(path: Path, values: dict[str, Any]) -> None:
    """Write at once and for the owner alone."""
    partial = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file)
    partial.replace(path)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One start or stop at a time, whichever process asks."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
