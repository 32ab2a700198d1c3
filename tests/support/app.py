"""What tests do in the App again and again."""

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TimedOut

MODAL = '[data-cy="modal"]'


def close_sample(page: Page) -> None:
    """Close the window of the opened sample as its user does, by Escape.

    A key that is pressed before the App listens is lost, so it is pressed again, at most ten times.
    """
    for _ in range(10):
        page.keyboard.press("Escape")
        try:
            page.wait_for_selector(MODAL, state="detached", timeout=6000)
        except TimedOut:
            continue
        return
    raise AssertionError("Escape does not close the window of the opened sample.")
