"""Makes the README's film from the real App.

    python -m gapsphere.scripts.bench.film [FILE]

Runs the demo, opens its App in Chromium on what S lacks, opens the first gap card, turns the
sphere, asks about a pick beside the owned image nearest to it, and tags the first picks.  Every
frame is a screenshot.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

from .picture import DEMO_DATASET, PORT, app_window

SIZE = (900, 540)
STEP = 90
"""Milliseconds a frame stays while something moves."""
ANSWERED = "window.__gapsphere.state.answer && !window.__gapsphere.state.busy"

# Every picture of the panel in sight is drawn, and so is the grid.
PICTURES = """(() => {
  const inSight = (one) => {
    const box = one.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.width > 0;
  };
  const drawn = [...document.querySelectorAll('[data-cy="gap-explorer"] img')].filter(inSight);
  return drawn.every((one) => one.complete && one.naturalWidth > 0)
    && document.querySelector('[data-cy="looker"]');
})()"""

# A screenshot shows no pointer.
POINTER = """addEventListener('DOMContentLoaded', () => {
  const pointer = document.createElement('div');
  pointer.style.cssText = `position:fixed;width:18px;height:18px;border-radius:9px;z-index:99999;
    background:#ffffffb0;border:2px solid #000;pointer-events:none;transform:translate(-9px,-9px)`;
  document.body.append(pointer);
  addEventListener('mousemove', (event) => {
    pointer.style.left = event.clientX + 'px';
    pointer.style.top = event.clientY + 'px';
  }, true);
});"""


class Film:
    """Frames of a page, each with the milliseconds that it stays."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.at = (600.0, 400.0)
        self.frames: list[Image.Image] = []
        self.milliseconds: list[int] = []

    def shoot(self, milliseconds: int = STEP) -> None:
        """Keep what the page shows now."""
        picture = Image.open(io.BytesIO(self.page.screenshot()))
        self.frames.append(picture.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS))
        self.milliseconds.append(milliseconds)

    def go(self, x: float, y: float, frames: int = 6) -> None:
        """Move the pointer there."""
        start = self.at
        for frame in range(1, frames + 1):
            share = frame / frames
            self.at = (start[0] + share * (x - start[0]), start[1] + share * (y - start[1]))
            self.page.mouse.move(*self.at)
            self.shoot()

    def save(self, target: Path) -> None:
        first, *rest = self.frames
        first.save(
            target,
            save_all=True,
            append_images=rest,
            duration=self.milliseconds,
            loop=0,
            quality=50,
            method=6,
        )


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/gap_explorer.webp")
    gapsphere = Path(sys.executable).with_name("gapsphere")
    subprocess.run([gapsphere, "demo", "--no-app"], check=True)
    with app_window(DEMO_DATASET) as page:
        page.add_init_script(POINTER)
        film = Film(page)
        play(film)
    film.save(target)
    seconds = sum(film.milliseconds) / 1000
    print(f"{target}: {len(film.frames)} frames, {seconds:.0f} s, {target.stat().st_size >> 10} kB")


def play(film: Film) -> None:
    """The scenes, one after the other."""
    page = film.page
    page.goto(f"http://127.0.0.1:{PORT}/")
    page.wait_for_function("window.__gapsphere && window.__gapsphere.ready")
    lacking = page.locator('[data-cy="gs-lack"]').first
    lacking.wait_for()
    page.wait_for_function(PICTURES)
    page.wait_for_timeout(2000)  # the grid fades in, on a canvas
    film.shoot(1800)

    click(film, lacking.locator("button").first)
    lacking.locator(".gs-pairs img").first.wait_for()
    page.wait_for_function(PICTURES)
    film.shoot(3500)

    box = page.locator('[data-cy="gs-canvas"]').bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    film.go(middle[0] + 90, middle[1] + 20)
    page.mouse.down()
    film.go(middle[0] - 90, middle[1], frames=14)
    page.mouse.up()

    click(film, lacking.locator("button").first)
    picks = page.locator('[data-cy="gs-picks"]')
    picks.scroll_into_view_if_needed()
    film.shoot(2500)
    click(film, page.locator('[data-cy="gs-pick-list"] li button').first)
    page.wait_for_function(ANSWERED)
    page.wait_for_function(PICTURES)
    film.shoot(4000)

    page.keyboard.press("Escape")
    picks.locator("button[type=submit]").scroll_into_view_if_needed()
    click(film, picks.locator("button[type=submit]"))
    picks.get_by_text("tagged").wait_for()
    film.shoot(3000)
    click(film, picks.get_by_role("button", name="Undo"))  # the next film finds the demo as it was
    picks.get_by_text("again").wait_for()


def click(film: Film, target: Locator) -> None:
    """Move to an element's middle and click it, wherever the panel was scrolled to."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    film.go(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    film.page.mouse.click(*film.at)


if __name__ == "__main__":
    main()
