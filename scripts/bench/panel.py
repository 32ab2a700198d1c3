"""Times of the Gap Explorer in Chromium with software GL, beside FiftyOne's own Embeddings panel.

    python -m gapsphere.scripts.bench.panel
    python -m gapsphere.scripts.bench.panel --parts draw --sizes 10000 50000 --repeats 3

Parts:

``draw``   from the person's click to the first frame with all points, bytes sent, CPU time of the
           browser until then, and milliseconds between frames while the view is dragged.  The two
           panels take turns; all points are shown (no limit).
           ``first`` is the first opening after the dataset was made; ``unkept`` one opening of ours
           after its kept columns were made worthless, as after a new run.
``click``  from a click on an empty place to the answer on show and to the grid's new count.

Both panels are watched by the same wrapper around WebGL: a draw call with all the points is done
when a pixel has been read back.  The built-in panel takes two clicks, and its time is the sum of
both waits; it draws a run of three dimensions flat.  Compare ratios of one run, not seconds: the
load is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...tests.support.servers import app_server, chromium, start_database
from .timing import spread, turned

WATCH = """
localStorage.setItem("fiftyone-enterprise-tooltip-seen", "true");
window.__bench = { bytes: 0, clicks: [], listed: 0, asked: 0, draws: [], least: Infinity };
addEventListener("click", () => { window.__bench.clicks.push(performance.now()); }, true);
const wrap = (proto, name, countAt) => {
  const old = proto[name];
  proto[name] = function (...args) {
    const result = old.apply(this, args);
    const bench = window.__bench;
    if (args[0] === this.POINTS && args[countAt] >= bench.least) {
      this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, new Uint8Array(4));
      bench.draws.push({ at: performance.now(), n: args[countAt] });
    }
    return result;
  };
};
wrap(WebGL2RenderingContext.prototype, "drawArrays", 2);
wrap(WebGL2RenderingContext.prototype, "drawElements", 1);
const fetched = window.fetch;
window.fetch = async function (input, init) {
  const url = String(input?.url ?? input), body = String(init?.body ?? "");
  const own = /"__method__":"(on_load|reload|geometry)"/.test(body) && /gap_explorer/.test(body);
  const route = /embeddings.v2.(run-info|geometry|ids|masks|color)/.test(url);
  if ((own || route) && !window.__bench.asked) window.__bench.asked = performance.now();
  const reply = await fetched.call(this, input, init);
  if (own || route) {
    reply.clone().arrayBuffer().then((data) => { window.__bench.bytes += data.byteLength; });
  }
  return reply;
};
"""
DRAG_SECONDS = 3
FRAME_AT_LEAST = 1000
"""Points from which a draw call counts as a frame of the cloud and not of its marks."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=["draw", "click"], default=["draw", "click"])
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 50_000, 200_000, 1_000_000]
    )
    parser.add_argument("--answers", type=int, nargs="+", default=[5_000, 50_000])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gapsphere-bench-") as folder:
        database = start_database(Path(folder), cache_gb=4.0)
        images = _images(Path(folder))
        with app_server() as url, chromium() as browser:
            if "draw" in args.parts:
                _draw_table(browser, url, images, args.sizes, args.repeats)
            if "click" in args.parts:
                _click_table(browser, url, images, args.answers, args.repeats)
        database.terminate()
        database.wait(60)


# Drawing -----------------------------------------------------------------------------------------


def _draw_table(browser: Any, url: str, images: list[Path], sizes: list[int], repeats: int) -> None:
    print(
        f"\nFrom the click to all points drawn, and between frames while dragging; {repeats} runs"
    )
    print("median [least..most]; built-in: FiftyOne's Embeddings panel, which draws the run flat")
    print(
        f"{'points':>9}  {'panel':<12} {'first s':>8} {'click s':>19} {'request s':>10} "
        f"{'CPU s':>6} {'MB':>6} {'frame ms':>9} {'of points':>10}"
    )
    opening = {"ours": _ours, "built-in": _builtin}
    for size in sizes:
        dataset = _dataset(size, images, embeddings=False)
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in opening}
        for run in range(repeats):
            for name in turned(list(opening), run):
                taken[name].append(opening[name](browser, url, dataset, size))
        for name, runs in taken.items():
            _draw_line(size, name, runs)
        _outdate(dataset)
        unkept = _ours(browser, url, dataset, size)
        print(f"{size:>9,}  {'ours, unkept':<12} {unkept['click']:>8.2f}   {_load()}", flush=True)
        _give_up(dataset)


def _draw_line(size: int, name: str, runs: list[dict[str, float]]) -> None:
    def middle(key: str) -> float:
        return statistics.median(run[key] for run in runs)

    print(
        f"{size:>9,}  {name:<12} {runs[0]['click']:>8.2f} "
        f"{spread([run['click'] for run in runs], 2):>19} {middle('request'):>9.2f} "
        f"{middle('cpu'):>6.2f} {middle('bytes') / 1e6:>6.1f} {middle('frame'):>9.0f} "
        f"{middle('moving'):>10,.0f}",
        flush=True,
    )


def _ours(browser: Any, url: str, dataset: Any, size: int) -> dict[str, float]:
    page = _settled(browser, url, dataset, size)
    before = _cpu(browser)
    page.click('[data-cy="new-panel-option-gap_explorer"]')
    return _times(browser, page, '[data-cy="gs-canvas"]', before)


def _builtin(browser: Any, url: str, dataset: Any, size: int) -> dict[str, float]:
    page = _settled(browser, url, dataset, size)
    before = _cpu(browser)
    page.click('[data-cy="new-panel-option-Embeddings"]')
    page.wait_for_selector(".emb-run-card[data-interactive=true]")
    page.evaluate("window.__bench.listed = performance.now()")
    page.click(".emb-run-card[data-interactive=true]")
    return _times(browser, page, ".emb-plot canvas", before)


def _settled(browser: Any, url: str, dataset: Any, size: int) -> Any:
    """A page whose App is done with everything but the panel, its menu of panels open."""
    page = browser.new_page(viewport={"width": 1400, "height": 850})
    page.set_default_timeout(180_000)
    page.add_init_script(WATCH)
    choices = json.dumps({"limit": 0})
    page.add_init_script(
        f"localStorage.setItem('gapsphere.gap_explorer.{dataset.name}', '{choices}');"
        f"window.__bench.least = {int(0.9 * size)};"
    )
    page.goto(f"{url}/datasets/{dataset.name}?workspace=grid")
    page.wait_for_selector('[data-cy="looker"]')
    page.wait_for_timeout(1500)
    page.click('[data-cy="new-panel-btn"]')
    page.evaluate("window.__bench.clicks = []")
    return page


def _times(browser: Any, page: Any, css: str, before: float) -> dict[str, float]:
    page.wait_for_function("window.__bench.draws.length > 0", timeout=300_000)
    cpu = _cpu(browser) - before
    seen = page.evaluate(
        "(({ draws, clicks, listed, asked, bytes }) => ({"
        "  click: draws[0].at - clicks.at(-1) + Math.max(0, listed - clicks[0]),"
        "  request: draws[0].at - asked, bytes }))(window.__bench)"
    )
    page.wait_for_timeout(1500)
    frame, moving = _dragged(page, page.locator(css).first)
    page.close()
    return {
        "click": seen["click"] / 1000,
        "request": seen["request"] / 1000,
        "bytes": seen["bytes"],
        "cpu": cpu,
        "frame": frame,
        "moving": moving,
    }


def _dragged(page: Any, canvas: Any) -> tuple[float, float]:
    """Milliseconds between frames while the mouse drags, and the points of such a frame."""
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(f"Object.assign(window.__bench, {{ draws: [], least: {FRAME_AT_LEAST} }})")
    page.mouse.move(x, y)
    # The built-in panel pans with Shift; ours turns with a plain drag.
    builtin = page.locator(".emb-plot").count() > 0
    if builtin:
        page.keyboard.down("Shift")
    page.mouse.down()
    ends, step = time.monotonic() + DRAG_SECONDS, 0
    while time.monotonic() < ends:
        step += 1
        page.mouse.move(x + 60 * ((step % 40) / 20 - 1), y + 40 * ((step % 26) / 13 - 1))
        page.wait_for_timeout(12)
    draws = page.evaluate("window.__bench.draws")
    page.mouse.up()
    if builtin:
        page.keyboard.up("Shift")
    # Two sides of the sphere are two calls of one frame.
    frames = [draw for draw, after in pairwise(draws) if after["at"] - draw["at"] > 2]
    if len(frames) < 2:
        return float("nan"), float("nan")
    return (
        statistics.median(b["at"] - a["at"] for a, b in pairwise(frames)),
        statistics.median(draw["n"] for draw in frames),
    )


def _outdate(dataset: Any) -> None:
    """A new record of a run: nothing read before it counts any more."""
    from ...plugin.dataset.store import runs
    from ...plugin.dataset.store.names import Names

    runs.write(dataset, Names(), runs.Record("coverage", {}, {}, {"delta": 0.2}))


def _cpu(browser: Any) -> float:
    """CPU seconds of all the browser's processes: what a busy machine does not change."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return float(sum(process["cpuTime"] for process in processes))


def _load() -> str:
    return "load " + " ".join(f"{value:.1f}" for value in os.getloadavg())


# A click -----------------------------------------------------------------------------------------


def _click_table(
    browser: Any, url: str, images: list[Path], sizes: list[int], repeats: int
) -> None:
    print(
        f"\nFrom a click on an empty place to the answer and the grid's new count; {repeats} runs"
    )
    print(f"{'samples':>9} {'answer s':>9} {'grid s':>8} {'Python ms':>10}")
    for size in sizes:
        dataset = _dataset(size, images, embeddings=True)
        page = browser.new_page(viewport={"width": 1400, "height": 850})
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        page.goto(f"{url}/datasets/{dataset.name}?workspace=gap-explorer")
        page.wait_for_function("window.__gapsphere && window.__gapsphere.ready")
        taken = [_clicked(page, run) for run in range(repeats + 1)]
        page.close()
        # The first click may still wait for the embeddings to be read.
        answer, grid, python = (
            statistics.median(column) for column in zip(*taken[1:], strict=True)
        )
        print(f"{size:>9,} {answer:>9.2f} {grid:>8.2f} {python:>10.1f}   {_load()}", flush=True)
        _give_up(dataset)


COUNT = """() => document.querySelector('[data-cy="entry-counts"]').innerText.trim()"""


def _clicked(page: Any, run: int) -> tuple[float, float, float]:
    """Seconds to the answer, to the grid's count, and milliseconds in Python; then cleared."""
    everything = page.evaluate(f"({COUNT})()")
    box = page.locator('[data-cy="gs-canvas"]').bounding_box()
    page.keyboard.down("Alt")
    started = time.perf_counter()
    page.mouse.click(box["x"] + box["width"] / 2 + 9 * run, box["y"] + box["height"] / 2)
    page.keyboard.up("Alt")
    page.wait_for_function(
        "() => { const s = window.__gapsphere.state; return !s.busy && s.answer; }"
    )
    answer = time.perf_counter() - started
    page.wait_for_function(f"() => ({COUNT})() === '12 samples'")
    grid = time.perf_counter() - started
    python = page.evaluate("window.__gapsphere.last.ms")
    page.get_by_role("button", name="Close this answer").click()
    page.wait_for_function(f"(all) => ({COUNT})() === all", arg=everything)
    return answer, grid, python


# What is measured on -----------------------------------------------------------------------------


def _dataset(size: int, images: list[Path], *, embeddings: bool) -> Any:
    import fiftyone as fo

    from ...plugin.dataset.store.names import Names
    from ...plugin.dataset.store.vectors import points
    from ...plugin.dataset.store.workspaces import save_workspace
    from ...tests.support.made_sphere import make_dataset

    dataset = fo.Dataset()
    make_dataset(dataset, size, images, embeddings=embeddings)
    points.read(dataset, Names())  # as find_gaps ends
    save_workspace(dataset)
    grid = fo.Panel(type="Samples", pinned=True)
    dataset.save_workspace("grid", fo.Space(children=[grid], active_child=grid.component_id))
    return dataset


def _give_up(dataset: Any) -> None:
    from ...plugin.dataset.store.names import Names
    from ...plugin.dataset.store.vectors import points

    points.forget(dataset, Names())
    dataset.delete()


def _images(folder: Path) -> list[Path]:
    import numpy as np
    from PIL import Image

    paths = [folder / f"frame_{i:02d}.png" for i in range(20)]
    for i, path in enumerate(paths):
        Image.fromarray(np.full((48, 64, 3), 12 * i, np.uint8)).save(path)
    return paths


if __name__ == "__main__":
    main()
