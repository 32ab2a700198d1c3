"""Makes the README's pictures from the real App.

    python -m gapsphere.scripts.bench.picture [--sparse] [FILE]

Runs the demo, opens its App in Chromium, asks the sphere about a point in sight, gathers the answer
in the Visual Spec's tray, and keeps what the window shows.  With ``--sparse`` it plays the demo's
dry day drives through the city to two sampling policies, and shows the panel that compares them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from ...tests.support.servers import chromium

PORT = 5199
POINT_IN_SIGHT = """(() => {
  const hook = window.__gapsphere, box = hook.canvas.getBoundingClientRect();
  const seen = [];
  for (let i = 0; i < hook.scene.count; i++) {
    const at = hook.project(i);
    if (at && at.visible && hook.pick(at.x, at.y) === i)
      seen.push([Math.hypot(at.x - box.left - box.width / 2, at.y - box.top - box.height / 2), at]);
  }
  seen.sort((a, b) => a[0] - b[0]);
  return seen[0][1];
})()"""

# Every thumbnail in sight (the browser leaves the others for later), and the grid's answer.
DRAWN = """(() => {
  const inside = (one, pane) => {
    const [a, b] = [one.getBoundingClientRect(), pane.getBoundingClientRect()];
    return a.top < b.bottom && a.left < b.right;
  };
  const drawn = (of) => [...document.querySelectorAll(of + ' img')]
    .filter((one) => inside(one, document.querySelector(of)))
    .map((one) => one.complete && one.naturalWidth > 0);
  const pictures = [...drawn('.gs-results'), ...drawn('.gs-tray')];
  return document.querySelector('.gs-held img') && pictures.every(Boolean)
    && document.querySelectorAll('[data-cy="looker"]').length
      === window.__gapsphere.state.answer.total;
})()"""


DEMO_DATASET = "gapsphere-demo"
SPARSE_DATASET = "gapsphere-sparse-picture"
SPARSE_DRAWN = """(() => {
  const pictures = [...document.querySelectorAll('[data-cy="sp-tiles"] img')];
  return pictures.length >= 6 && pictures.every((one) => one.complete && one.naturalWidth > 0)
    && document.querySelectorAll('[data-cy="sp-dots"][data-count]').length === 2;
})()"""


def main() -> None:
    sparse = "--sparse" in sys.argv
    named = [word for word in sys.argv[1:] if word != "--sparse"]
    target = Path(
        named[0] if named else f"docs/{'sparse_sampling' if sparse else 'gap_explorer'}.png"
    )
    gapsphere = Path(sys.executable).with_name("gapsphere")
    if sparse:
        simulate()
    else:
        subprocess.run([gapsphere, "demo", "--no-app"], check=True)
    with app_window(SPARSE_DATASET if sparse else DEMO_DATASET) as page:
        (look_at_sparse if sparse else look_at_gaps)(page)
        page.screenshot(path=target)
    if sparse:  # with two rows of pictures it would be twice as large in full colour
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
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1500, "height": 900})
            page.set_default_timeout(120_000)
            page.add_init_script("window.IS_PLAYWRIGHT = true")
            yield page
    finally:
        app.terminate()
        app.wait(30)


def look_at_gaps(page: Page) -> None:
    page.goto(f"http://127.0.0.1:{PORT}/")
    page.wait_for_function("window.__gapsphere && window.__gapsphere.ready")
    page.locator('[data-cy="looker"]').first.wait_for()
    at = page.evaluate(POINT_IN_SIGHT)
    page.mouse.click(at["x"], at["y"])
    page.wait_for_function("window.__gapsphere.state.answer && !window.__gapsphere.state.busy")
    page.get_by_role("button", name="Add to Visual Spec", exact=True).click()
    page.wait_for_function(DRAWN)


def look_at_sparse(page: Page) -> None:
    page.goto(f"http://127.0.0.1:{PORT}/datasets/{SPARSE_DATASET}?workspace=sparse")
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
