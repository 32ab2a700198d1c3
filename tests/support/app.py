"""What tests do in the App again and again."""

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TimedOut

MODAL = '[data-cy="modal"]'
FORM = '[data-cy="operators-prompt-modal"]'


def prompt(page: Page, label: str) -> None:
    """Open an operator's form from the palette."""
    page.keyboard.press("`")
    page.get_by_placeholder("Search operations").or_(page.locator("input:focus")).first.wait_for()
    page.keyboard.type(label)
    page.get_by_text(label, exact=True).last.click()
    page.get_by_role("button", name="Execute").first.wait_for()


def execute(page: Page) -> None:
    """Press the form's button."""
    page.get_by_role("button", name="Execute").first.click()


def fill(page: Page, setting: str, value: str) -> None:
    """Type into the input under a label of the form."""
    page.get_by_text(setting, exact=True).locator("xpath=following::input[1]").fill(value)


def holds(page: Page, setting: str, value: str) -> None:
    """Wait until the input under a label of the form holds a value."""
    below = page.get_by_text(setting, exact=True).locator("xpath=following::input[1]")
    expect(below).to_have_value(value)


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
