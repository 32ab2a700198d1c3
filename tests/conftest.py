"""The tests have a database of their own: FiftyOne attaches to any server on the machine.

It is started before anything is collected, because importing FiftyOne connects, on a free port and
in a temporary folder.
"""

import atexit
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from gapsphere.tests.support.servers import ROOT, start_database
from gapsphere.tests.support.waiting import PATIENCE
from hypothesis import HealthCheck, settings

BROWSER_TESTS = ROOT / "tests" / "e2e"
_folder = Path(tempfile.mkdtemp(prefix="gapsphere-tests-"))
_server: subprocess.Popen | None = None


# An example may take as long as it does, to be made and to be tried: on a busy machine each one
# would be late now and then.
settings.register_profile("gapsphere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gapsphere")

# One thread a process, before anything counts cores: two that each fill all cores wait for each
# other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config):
    global _server
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        return  # this process only deals files out to workers, which each have a database
    # Compiled once for all workers and the next run; the installed packages may be read-only.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".cache" / "numba"))
    os.environ.pop("INTERNVL2_PATH", None)
    _server = start_database(_folder)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The browser's tests first: they take longest."""
    items.sort(key=lambda item: not item.path.is_relative_to(BROWSER_TESTS))
    for item in items:
        if {"browser", "chromium"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


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
    if (odm := sys.modules.get("fiftyone.core.odm.database")) is not None:
        # FiftyOne tidies up as Python ends, and would wait half a minute for the server.
        atexit.unregister(odm._delete_non_persistent_datasets_if_allowed)
    if _server is not None:
        _server.terminate()
        _server.wait(PATIENCE)
    shutil.rmtree(_folder, ignore_errors=True)


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
