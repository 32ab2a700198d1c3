"""The Gap Explorer's own fixtures: made-up spheres, and the panel as a person meets it.

Coordinates come from ``window.__gapsphere``; no test guesses a pixel, none waits a fixed time.
FiftyOne is imported where it is used: a folder named on the command line is read before the tests'
own database is there.
"""

import json

import numpy as np
import pytest
from gapsphere.tests.support.waiting import PATIENCE
from PIL import Image
from playwright.sync_api import TimeoutError as WaitedInVain

COUNT = '[data-cy="entry-counts"]'
PANEL = '[data-cy="gap-explorer"]'
READY = "window.__gapsphere && window.__gapsphere.ready"
N = 1200
STILL = """() => new Promise((resolve) => {
  let before = "", still = 0;
  const look = () => {
    const now = document.querySelector('[data-cy="entry-counts"]')?.innerText;
    still = now === before ? still + 1 : 0;
    before = now;
    if (still >= 60) resolve(now.trim()); else requestAnimationFrame(look);
  };
  look();
})"""


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    paths = []
    for i in range(12):
        paths.append(folder / f"frame_{i:03d}.png")
        pixels = np.zeros((60, 80, 3), np.uint8)
        pixels[:30], pixels[30:] = (90, 120 + 8 * i, 200), (70 + 6 * i, 80, 70)
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture(scope="session")
def made(images, app_url):
    """1,200 samples, measured; tests take a copy of it.

    After the App's server: as it starts, it deletes every dataset that is not persistent.
    """
    import fiftyone as fo
    from gapsphere.tests.support.made_sphere import make_dataset

    dataset = fo.Dataset()
    make_dataset(dataset, N, images, k=20)
    yield dataset
    if not dataset.deleted:
        dataset.delete()


@pytest.fixture
def own(made):
    """A copy that the test may change, and whose session nobody else has touched."""
    yield from _copy(made)


@pytest.fixture(scope="module")
def shared(made):
    """A copy for tests that look and ask and change nothing."""
    yield from _copy(made)


def _copy(made):
    from gapsphere.plugin.dataset.store.workspaces import save_workspace

    copy = made.clone()
    save_workspace(copy)
    yield copy
    if not copy.deleted:
        copy.delete()


@pytest.fixture
def panel(page, app_url):
    return Panel(page, app_url)


@pytest.fixture(scope="module")
def opened(context, app_url, shared):
    """One panel for tests that leave it as they found it: opening the App is most of their time."""
    page = context.new_page()
    yield Panel(page, app_url).open(shared)
    page.close()


@pytest.fixture
def touch_panel(browser, app_url):
    """The panel on a screen that is touched."""
    context = browser.new_context(viewport={"width": 1400, "height": 850}, has_touch=True)
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    page.add_init_script("window.IS_PLAYWRIGHT = true")
    yield Panel(page, app_url)
    context.close()


class Panel:
    """What a person does with the panel, and what a test reads off it."""

    def __init__(self, page, url):
        self.page, self.url = page, url

    def open(self, dataset, *, ready=True, query=""):
        self.page.goto(f"{self.url}/datasets/{dataset.name}?workspace=gap-explorer{query}")
        if ready:
            self.wait(READY)
        else:
            self.page.wait_for_selector(PANEL)
        return self

    def reload(self):
        self.page.reload()
        self.wait(READY)

    def wait(self, script, arg=None):
        try:
            self.page.wait_for_function(script, arg=arg)
        except WaitedInVain as error:
            state = self.page.evaluate("JSON.stringify(window.__gapsphere?.state ?? null)")
            grid = self.page.locator(COUNT).all_inner_texts()
            raise AssertionError(
                f"Waited for {script} {arg or ''}; the grid: {grid}; the panel: {state}"
            ) from error

    def read(self, script):
        return json.loads(self.page.evaluate(f"JSON.stringify({script})"))

    def state(self, name):
        return self.read(f"window.__gapsphere.state.{name}")

    def wait_state(self, condition):
        self.wait(
            f"(() => {{ const s = window.__gapsphere?.state; return s && ({condition}); }})()"
        )

    def count(self, number):
        """Wait until the grid says that it holds so many."""
        text = f"{number:,} sample{'' if number == 1 else 's'}"
        self.wait(
            "([css, text]) => document.querySelector(css)?.innerText.trim() === text",
            [COUNT, text],
        )

    def still(self):
        """What the grid says once it has not changed for sixty frames."""
        return self.page.evaluate(STILL)

    def point_in_sight(self):
        """Index and page coordinates of a point that a click there would mean."""
        return self.read(
            """(() => {
              const hook = window.__gapsphere, box = hook.canvas.getBoundingClientRect();
              const reach = Math.min(box.width, box.height) / 4;
              for (let i = 0; i < hook.scene.count; i++) {
                const at = hook.project(i);
                if (!at || !at.visible) continue;
                const x = at.x - box.left - box.width / 2, y = at.y - box.top - box.height / 2;
                if (Math.hypot(x, y) < reach && hook.pick(at.x, at.y) === i) return [i, at.x, at.y];
              }
              return null;
            })()"""
        )

    def empty_place(self):
        """Page coordinates of a place on the sphere with no point around."""
        return self.read(
            """(() => {
              const hook = window.__gapsphere, box = hook.canvas.getBoundingClientRect();
              for (let k = 1; k < 4000; k++) {
                const x = box.width * (0.25 + (0.5 * ((k * 37) % 997)) / 997);
                const y = box.height * (0.25 + (0.5 * ((k * 53) % 991)) / 991);
                if (hook.scene.pick(x, y, 14) < 0 && hook.scene.directionAt(x, y))
                  return [box.left + x, box.top + y];
              }
              return null;
            })()"""
        )

    def middle(self):
        box = self.page.locator('[data-cy="gs-canvas"]').bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def answer(self, kind):
        self.wait_state(f"!s.busy && s.answer && s.answer.query.kind === '{kind}'")
        return self.state("answer")

    def more(self, name):
        """Click an action that is in the menu."""
        self.page.get_by_role("button", name="More actions").first.click()
        self.page.get_by_role("menuitem", name=name, exact=True).click()

    def ask_place(self):
        """Ask about the place in the middle, whatever lies there."""
        self.page.keyboard.down("Alt")
        self.page.mouse.click(*self.middle())
        self.page.keyboard.up("Alt")
        return self.answer("place")

    @staticmethod
    def shown(answer):
        """How many images an answer shows, the owned ones beside it included."""
        return len(answer["cards"]) + len(answer["owned"]) + bool(answer["beside"])

    def clear(self):
        self.page.get_by_role("button", name="Close this answer").first.click()
        self.page.wait_for_selector('[data-cy="gs-overview"]')

    def drag_cap(self, dx=70, dy=20):
        x, y = self.middle()
        mouse = self.page.mouse
        self.page.keyboard.down("Shift")
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx / 2, y + dy / 2)
        mouse.move(x + dx, y + dy)
        self.page.wait_for_selector('[data-cy="gs-cap"]')
        mouse.up()
        self.page.keyboard.up("Shift")
        return self.answer("cap")

    def settings(self):
        self.page.get_by_role("button", name="Settings").click()
        return self.page.get_by_role("dialog", name="Settings")

    def colour(self, name):
        """Choose what the points are coloured by: search the list, take what it finds first."""
        self.page.get_by_role("button", name="Colour by").click()
        self.page.get_by_role("combobox", name="Search the colours").fill(name)
        self.page.keyboard.press("Enter")

    def radio(self, group, name):
        self.page.get_by_role("radiogroup", name=group, exact=True).get_by_role(
            "radio", name=name, exact=True
        ).click()
