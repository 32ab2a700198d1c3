"""The real App in a real browser.

One App server for the session, one Chromium a module, a page of its own for each test.  Session
state outlives a page, so every test opens a dataset of its own.
"""

import os
from pathlib import Path

import pytest
from gapsphere.tests.support.servers import CHROMIUM, app_server, chromium

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


def pytest_collection_modifyitems(items):
    if CHROMIUM is None and not os.environ.get("CI"):
        for item in items:
            if "e2e" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def app_url():
    """Address of an App server of the tests' own."""
    with app_server() as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    """Chromium.  Not for the session: while Playwright runs, so does its event loop, and FiftyOne
    answers differently inside one.
    """
    with chromium() as made:
        yield made


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
