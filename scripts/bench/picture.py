"""Makes the README's picture of sparse sampling from the real App.

    python -m gapsphere.scripts.bench.picture [FILE]

Plays the demo's dry day drives through the city to two sampling policies, and shows the panel that
compares them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from ...tests.support.servers import app_server, chromium

PORT = 5199
DEMO_DATASET = "gapsphere-demo"
SPARSE_DATASET = "gapsphere-sparse-picture"
SPARSE_DRAWN = """(() => {
  const pictures = [...document.querySelectorAll('[data-cy="sp-tiles"] img')];
  return pictures.length >= 6 && pictures.every((one) => one.complete && one.naturalWidth > 0)
    && document.querySelectorAll('[data-cy="sp-dots"][data-count]').length === 2;
})()"""


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/sparse_sampling.png")
    simulate()
    # ``gapsphere app`` opens on Gap Explorer, whatever workspace the address names.
    with app_server() as url, window() as page:
        look_at_sparse(page, url)
        page.screenshot(path=target)
    # With two rows of pictures it would be twice as large in full colour.
    Image.open(target).convert("RGB").quantize(256).save(target, optimize=True)


@contextmanager
def app_window(dataset: str) -> Iterator[Page]:
    """A window of the App on a dataset; not the demo's own App, which opens on the picks."""
    gapsphere = Path(sys.executable).with_name("gapsphere")
    app = subprocess.Popen(
        [gapsphere, "app", "--dataset", dataset, "--port", str(PORT)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in app.stdout or ():
            print(line, end="")
            if line.startswith("App:"):
                break
        with window() as page:
            yield page
    finally:
        app.terminate()
        app.wait(30)


@contextmanager
def window() -> Iterator[Page]:
    """A window of Chromium of the pictures' size."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.set_default_timeout(120_000)
        page.add_init_script("window.IS_PLAYWRIGHT = true")
        yield page


def look_at_sparse(page: Page, url: str) -> None:
    page.goto(f"{url}/datasets/{SPARSE_DATASET}?workspace=sparse")
    page.locator('[data-cy="looker"]').first.wait_for()
    page.locator('[data-cy="sp-picture"]').nth(1).click()
    page.get_by_role("radio", name="Pixels").last.click()
    page.focus('[data-cy="sp-slider"]')
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    page.wait_for_function(SPARSE_DRAWN)


def simulate() -> None:
    """Two policies over the demo's dry day drives through the city, each drive after the other."""
    import fiftyone as fo
    from gapsphere.plugin.dataset.api import load_images
    from gapsphere.plugin.dataset.sparse.simulate import simulate_adaptive_sampling
    from gapsphere.plugin.settings.fields import make
    from gapsphere.plugin.settings.sparse import SimulateParams
    from gapsphere.scripts.demo.drive import render_drive

    folder = Path("build/demo_drive").resolve()
    render_drive(folder)
    if fo.dataset_exists(SPARSE_DATASET):
        fo.delete_dataset(SPARSE_DATASET)
    dataset = fo.Dataset(SPARSE_DATASET, persistent=True)
    load_images(dataset, csv=str(folder / "metadata.csv"))
    drives = dataset.match({"environment": "city", "weather": "dry", "time_of_day": "day"})
    dataset.delete_samples(dataset.exclude(drives.values("id")))
    for pattern, suffix in (("adaptive", ""), ("random", "random")):
        settings = {"pattern": pattern, "suffix": suffix, "keypoints": True}
        settings |= {"sequence_field": "environment", "order_field": "filepath"}
        print(simulate_adaptive_sampling(dataset, make(SimulateParams, settings)))
    panels = [fo.Panel(type="Samples", pinned=True), fo.Panel(type="sparse_sampling")]
    spaces = [fo.Space(children=[one], active_child=one.component_id) for one in panels]
    both = fo.Space(children=spaces, orientation="horizontal", sizes=[0.34, 0.66])
    dataset.save_workspace("sparse", both)


if __name__ == "__main__":
    main()
