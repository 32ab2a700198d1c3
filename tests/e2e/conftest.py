"""The real App in a real browser.

One App server for the session, one Chromium with one context a module, so that pages share what the
browser caches and compiles of the App.  Session state outlives a page, so a test that changes
anything opens a dataset of its own.
"""

import os
from pathlib import Path

import pytest
from gapsphere.tests.support.servers import CHROMIUM, app_server, chromium
from gapsphere.tests.support.waiting import PATIENCE

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
    # Software GL is for the sphere alone: pages that it puts together cost a third more to open.
    with chromium("--disable-gpu-compositing") as made:
        yield made


@pytest.fixture(scope="module")
def context(browser):
    """Pages of 1400 x 850; App popovers that cover them are switched off."""
    made = browser.new_context(viewport={"width": 1400, "height": 850})
    made.add_init_script("window.IS_PLAYWRIGHT = true")
    made.set_default_timeout(1000 * PATIENCE)
    yield made
    made.close()


@pytest.fixture
def page(context):
    """A page whose choices end with it."""
    made = context.new_page()
    yield made
    if made.url.startswith("http"):
        made.evaluate("localStorage.clear()")
    made.close()


@pytest.fixture
def shot():
    """``shot(page, "name")`` keeps a screenshot below build/screenshots."""

    def take(page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take
