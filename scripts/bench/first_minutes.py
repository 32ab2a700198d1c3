"""How long it takes from the App's address to a tagged list of picks with reasons.

    python -m gapsphere.scripts.bench.first_minutes DATASET

Opens ``gapsphere app`` on a dataset that ``find_gaps`` measured, does in Chromium what a newcomer
does, and prints the seconds and the clicks so far at each step.  The tag is taken off again, also
where a step fails.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page

from .picture import DEMO_DATASET, PORT, app_window

TAG = "first minutes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "dataset", help=f"a dataset with gap cards and picks, such as {DEMO_DATASET}"
    )
    dataset = parser.parse_args().dataset
    with tag_taken_back(dataset):
        walk_through(dataset)


def walk_through(dataset: str) -> None:
    """What a newcomer does, with the seconds and clicks of each step."""
    began = time.perf_counter()
    with app_window(dataset) as page:
        walk = Walk(page, began)
        walk.say("the App answers")
        page.goto(f"http://127.0.0.1:{PORT}/")
        page.locator('[data-cy="gs-lack"]').first.wait_for()
        walk.say("the result is there: what is missing, what to label next")
        row = page.locator('[data-cy="gs-lack"]').first
        walk.click(row.locator("button").first)
        row.locator(".gs-pairs img").first.wait_for()
        print(row.inner_text())
        walk.say("the first card: its counts, pictures beside the nearest owned, in the grid")
        picks = page.locator('[data-cy="gs-picks"]')
        walk.click(picks.get_by_label("Tag of the picks"))
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type(TAG)
        walk.click(picks.locator("button[type=submit]"))
        picks.get_by_text(f"tagged “{TAG}”").wait_for()
        walk.say("the picks are tagged")
        walk.click(picks.get_by_role("button", name="Show in grid"))
        picks.get_by_text("The grid shows").wait_for()
        walk.say("and shown in the grid")


class Walk:
    """Clicks and seconds since the start."""

    def __init__(self, page: Page, began: float) -> None:
        self.page, self.began, self.clicks = page, began, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def say(self, what: str) -> None:
        print(f"{time.perf_counter() - self.began:6.1f} s, {self.clicks} clicks: {what}")


@contextmanager
def tag_taken_back(name: str) -> Iterator[None]:
    """Leave the tag on those samples alone that have it already."""
    import fiftyone as fo

    dataset = fo.load_dataset(name)
    had = dataset.match_tags(TAG).values("id")
    try:
        yield
    finally:
        dataset.exclude(had).untag_samples(TAG)


if __name__ == "__main__":
    main()
