"""The real App in a real browser.

One App server for the session, one Chromium a module, a page of its own for each test.  Session
state outlives a page, so every test opens a dataset of its own.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = [
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
]
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


def pytest_collection_modifyitems(items):
    if CHROMIUM is None and not os.environ.get("CI"):
        for item in items:
            if "e2e" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def app_url():
    """Address of an App server of the tests' own."""
    spec = find_spec("fiftyone")
    server = Path(spec.origin).parent / "server"
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "main.py", "--port", str(port), "--address", "127.0.0.1"],
        cwd=server,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    else:
        pytest.fail(f"the App server did not start (exit code {process.poll()})")
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def browser():
    """Chromium.  Not for the session: while Playwright runs, so does its event loop, and FiftyOne
    answers differently inside one.
    """
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "no Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A page of 1400 x 850; App popovers that cover it are switched off."""
    made = browser.new_page(viewport={"width": 1400, "height": 850})
    made.add_init_script("window.IS_PLAYWRIGHT = true")
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture
def shot():
    """``shot(page, "name")`` keeps a screenshot below build/screenshots."""

    def take(page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take
