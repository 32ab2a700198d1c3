"""Servers of their own for tests and benchmarks: MongoDB, FiftyOne's App, and a browser.

FiftyOne attaches to any server on the machine, so each takes a free port and a folder of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    # The App asks for fonts from elsewhere: no test waits for them, with a network or without.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# Statistics every second and a search for outdated records every minute are work for nothing here.
_MONGOD = ["--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB"]
_IDLE = ["--setParameter", "diagnosticDataCollectionEnabled=false"]
_IDLE += ["--setParameter", "ttlMonitorEnabled=false"]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fiftyone_folder() -> Path:
    """FiftyOne's package, found without importing it: the import connects to a database."""
    spec = find_spec("fiftyone")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = PATIENCE) -> None:
    """Return once a process listens on its port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start (exit code {process.poll()})")


def start_mongod(folder: Path, port: int, *, cache_gb: float = 0.5) -> subprocess.Popen[bytes]:
    """Start a mongod with its files in ``folder``, or again on those of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    mongod = [str(fiftyone_folder() / "db" / "bin" / "mongod"), "--dbpath", str(folder)]
    mongod += ["--port", str(port), *_MONGOD, str(cache_gb), *_IDLE]
    server = subprocess.Popen(mongod, stdout=subprocess.DEVNULL)
    wait_for(port, server)
    return server


def start_database(folder: Path, *, cache_gb: float = 0.5) -> subprocess.Popen[bytes]:
    """Start a mongod with its files in ``folder`` and point FiftyOne at it, before its import."""
    port = free_port()
    server = start_mongod(folder / "db", port, cache_gb=cache_gb)
    os.environ.update(
        FIFTYONE_DATABASE_URI=f"mongodb://127.0.0.1:{port}",
        FIFTYONE_DATABASE_VALIDATION="false",
        FIFTYONE_DEFAULT_DATASET_DIR=str(folder / "datasets"),
        FIFTYONE_PLUGINS_DIR=str(ROOT),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_SHOW_PROGRESS_BARS="false",
    )
    return server


@contextmanager
def app_server() -> Iterator[str]:
    """Address of an App server on this process's database."""
    port = free_port()
    command = [sys.executable, "main.py", "--port", str(port), "--address", "127.0.0.1"]
    process = subprocess.Popen(command, cwd=fiftyone_folder() / "server", stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A Chromium that Playwright drives, with software GL and more flags."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)
    if CHROMIUM is None:
        raise RuntimeError("There is no chromium on this machine: apt-get install chromium.")
    with sync_playwright() as playwright:
        flagged = [*CHROMIUM_FLAGS, *flags]
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=flagged, timeout=1000 * PATIENCE
        )
        yield browser
        browser.close()


def new_page(browser: Any, **options: Any) -> Any:
    """A page of its own context, which waits as long as everything else does."""
    page = browser.new_page(**options)
    page.set_default_timeout(1000 * PATIENCE)
    return page
