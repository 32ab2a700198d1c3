"""The tests have a database of their own: FiftyOne attaches to any server on the machine.

It is started before anything is collected, because importing FiftyOne connects, on a free port and
in a temporary folder.
"""

import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BROWSER_TESTS = ROOT / "tests" / "e2e"
MODEST = ["--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB", "0.5"]
_folder = Path(tempfile.mkdtemp(prefix="gapsphere-tests-"))
_server: subprocess.Popen | None = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pytest_configure(config):
    global _server
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        return  # this process only deals files out to workers, which each have a database
    port = free_port()
    _server = _start_mongod(_folder / "db", port)
    os.environ.update(
        FIFTYONE_DATABASE_URI=f"mongodb://127.0.0.1:{port}",
        FIFTYONE_DATABASE_VALIDATION="false",
        FIFTYONE_DEFAULT_DATASET_DIR=str(_folder / "datasets"),
        FIFTYONE_PLUGINS_DIR=str(ROOT),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_SHOW_PROGRESS_BARS="false",
    )
    os.environ.pop("INTERNVL2_PATH", None)


def pytest_collection_modifyitems(items):
    """The browser's tests first: they take longest."""
    items.sort(key=lambda item: not item.path.is_relative_to(BROWSER_TESTS))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker drives the browser: two at once on two cores starve each other.

    The others take the remaining tests file by file.
    """
    from xdist.scheduler import LoadFileScheduling

    browser = BROWSER_TESTS.relative_to(ROOT).as_posix()

    class OneBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return browser if nodeid.startswith(f"{browser}/") else super()._split_scope(nodeid)

    return OneBrowser(config, log)


def pytest_unconfigure(config):
    if _server is not None:
        _server.terminate()
        _server.wait(30)
    shutil.rmtree(_folder, ignore_errors=True)


def _start_mongod(folder: Path, port: int) -> subprocess.Popen:
    spec = find_spec("fiftyone")
    assert spec is not None
    assert spec.origin is not None
    mongod = Path(spec.origin).parent / "db" / "bin" / "mongod"
    folder.mkdir()
    server = subprocess.Popen(
        [mongod, "--dbpath", folder, "--port", str(port), *MODEST],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.1)
    raise RuntimeError(f"{mongod} did not start (exit code {server.poll()})")


@pytest.fixture
def small_disk():
    """``with small_disk(50_000):`` no file of this process grows further: writing it breaks off.

    The system refuses the write half way through the file, as it does on a full disk, and no rights
    are needed for it.
    """

    @contextmanager
    def limited(largest: int):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.fixture
def dataset():
    """An empty dataset with a name of its own, deleted afterwards."""
    import fiftyone as fo

    made = fo.Dataset()
    yield made
    if not made.deleted:
        made.delete()
