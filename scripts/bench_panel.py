"""Times of the Gap Explorer in Chromium with software GL, beside FiftyOne's own Embeddings panel.

    python -m gapsphere.scripts.bench_panel --sizes 10000 50000 200000 1000000

Both panels are timed by the same wrapper around WebGL in the page: the moment at which the first
draw call with nearly all the points is done (a pixel is read back, so the GPU has finished), and
how long such draw calls take while the mouse turns or drags.  Medians of ``--runs``; ratios in one
run mean something, seconds on a shared machine do not.  The built-in panel draws 3D runs flat.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
WRAP = """
window.IS_PLAYWRIGHT = true;
window.__bench = { bytes: 0, asked: 0, draws: [], least: 0 };
const wrap = (proto, name, countAt) => {
  const old = proto[name];
  proto[name] = function (...args) {
    const start = performance.now();
    const result = old.apply(this, args);
    const bench = window.__bench;
    if (args[0] === this.POINTS && args[countAt] >= bench.least && bench.least) {
      this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, new Uint8Array(4));
      bench.draws.push({ at: performance.now(), ms: performance.now() - start, n: args[countAt] });
    }
    return result;
  };
};
wrap(WebGL2RenderingContext.prototype, "drawArrays", 2);
wrap(WebGL2RenderingContext.prototype, "drawElements", 1);
const fetched = window.fetch;
window.fetch = async function (input, init) {
  const url = String(input?.url ?? input), body = String(init?.body ?? "");
  const first = /"__method__":"(on_load|reload|geometry)"/.test(body)
    && body.includes("gap_explorer");
  const columns = /embeddings.v2.(run-info|geometry|ids|masks|color)/.test(url);
  if ((first || columns) && !window.__bench.asked) window.__bench.asked = performance.now();
  const reply = await fetched.call(this, input, init);
  if (first || columns) {
    reply.clone().arrayBuffer().then((data) => { window.__bench.bytes += data.byteLength; });
  }
  return reply;
};
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 50_000, 200_000, 1_000_000]
    )
    parser.add_argument("--answers", type=int, nargs="*", default=[5_000, 50_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--query-points", type=int, default=1_000_000)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="gapsphere-bench-") as folder,
        _server(Path(folder)) as url,
    ):
        images = _images(Path(folder))
        with _browser() as browser:
            _draw_table(browser, url, images, args.sizes, args.runs)
            _answer_table(browser, url, images, args.answers, args.runs)
    if args.query_points:
        _query_table(args.query_points)


def _draw_table(browser: Any, url: str, images: list[Path], sizes: list[int], runs: int) -> None:
    print(f"\nFrom the request to drawn, and one frame while moving; medians of {runs} runs")
    print(
        f"{'points':>9}  {'panel':<20} {'first s':>8} {'drawn s':>8} {'MB':>7} "
        f"{'frame ms':>9} {'of points':>9}"
    )
    for size in sizes:
        dataset = _dataset(size, images, embeddings=False)
        for label, measure in (("Gap Explorer", _ours), ("FiftyOne Embeddings", _builtin)):
            taken = [measure(browser, url, dataset, size) for _ in range(runs)]
            drawn = [run["drawn"] for run in taken]
            moving = statistics.median(run["moving"] for run in taken)
            print(
                f"{size:>9,}  {label:<20} {drawn[0]:>8.2f} {statistics.median(drawn):>8.2f} "
                f"{statistics.median(run['bytes'] for run in taken) / 1e6:>7.1f} "
                f"{statistics.median(run['frame'] for run in taken):>9.0f} {moving:>9,.0f}",
                flush=True,
            )
        dataset.delete()


def _ours(browser: Any, url: str, dataset: Any, size: int) -> dict[str, float]:
    page = _settled(browser, url, dataset, size)
    page.click('[data-cy="new-panel-option-gap_explorer"]')
    return _times(page, '[data-cy="gs-canvas"]', size)


def _builtin(browser: Any, url: str, dataset: Any, size: int) -> dict[str, float]:
    page = _settled(browser, url, dataset, size)
    page.click('[data-cy="new-panel-option-Embeddings"]')
    page.wait_for_selector(".emb-run-card[data-interactive=true]")
    page.evaluate("window.__bench.asked = 0; window.__bench.bytes = 0")
    page.click(".emb-run-card[data-interactive=true]")
    return _times(page, ".emb-plot canvas", size)


def _settled(browser: Any, url: str, dataset: Any, size: int) -> Any:
    """A page whose App is done with everything but the panel, its menu of panels open."""
    page = browser.new_page(viewport={"width": 1400, "height": 850})
    page.set_default_timeout(120_000)
    page.add_init_script(WRAP)
    choices = json.dumps({"limit": 0})
    page.add_init_script(
        f"localStorage.setItem('gapsphere.gap_explorer.{dataset.name}', '{choices}');"
        f"window.__bench.least = {int(0.9 * size)};"
    )
    page.goto(f"{url}/datasets/{dataset.name}?workspace=grid")
    page.wait_for_selector('[data-cy="looker"]')
    page.wait_for_timeout(1500)
    page.click('[data-cy="new-panel-btn"]')
    return page


def _times(page: Any, css: str, size: int) -> dict[str, float]:
    page.wait_for_function("window.__bench.draws.length > 0", timeout=300_000)
    canvas = page.locator(css).first
    first = page.evaluate(
        "[window.__bench.draws[0].at - window.__bench.asked, window.__bench.bytes]"
    )
    page.wait_for_timeout(1500)
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate("window.__bench.draws = []; window.__bench.least = 1000")
    page.mouse.move(x, y)
    # The built-in panel pans with Shift; ours turns with a plain drag.
    builtin = page.locator(".emb-plot").count() > 0
    if builtin:
        page.keyboard.down("Shift")
    page.mouse.down()
    for step in range(12):
        page.mouse.move(x + 6 * step, y + 3 * step)
        page.wait_for_timeout(30)
    page.mouse.up()
    if builtin:
        page.keyboard.up("Shift")
    page.wait_for_timeout(max(500, size // 400))
    draws = page.evaluate("window.__bench.draws")
    page.close()
    times = sorted(draw["ms"] for draw in draws) or [float("nan")]
    return {
        "drawn": first[0] / 1000,
        "bytes": first[1],
        "frame": statistics.median(times),
        "moving": statistics.median(draw["n"] for draw in draws) if draws else 0,
    }


def _answer_table(browser: Any, url: str, images: list[Path], sizes: list[int], runs: int) -> None:
    if not sizes:
        return
    print(f"\nFrom a click to the answer on show and to the grid's new count; medians of {runs}")
    print(f"{'samples':>9} {'answer s':>9} {'grid s':>8} {'Python ms':>10}")
    for size in sizes:
        dataset = _dataset(size, images, embeddings=True)
        page = browser.new_page(viewport={"width": 1400, "height": 850})
        page.add_init_script(WRAP)
        page.goto(f"{url}/datasets/{dataset.name}?workspace=gap-explorer")
        page.wait_for_function("window.__gapsphere && window.__gapsphere.ready", timeout=120_000)
        box = page.locator('[data-cy="gs-canvas"]').bounding_box()
        answers, grids, python = [], [], []
        page.keyboard.down("Alt")
        for run in range(runs + 1):
            count = f"{8 if run % 2 else 7} samples"
            page.evaluate("(k) => { window.__wanted = k; }", count)
            _choose_k(page, 8 if run % 2 else 7)
            started = time.perf_counter()
            page.mouse.click(box["x"] + box["width"] / 2 + 9 * run, box["y"] + box["height"] / 2)
            page.wait_for_function(
                "() => { const s = window.__gapsphere.state; return !s.busy && s.answer "
                "&& s.answer.total + ' samples' === window.__wanted; }"
            )
            answers.append(time.perf_counter() - started)
            page.wait_for_function(
                "() => document.querySelector('[data-cy=\"entry-counts\"]').innerText.trim() "
                "=== window.__wanted"
            )
            grids.append(time.perf_counter() - started)
            python.append(page.evaluate("window.__gapsphere.last.ms"))
        page.close()
        # The first click may still wait for the embeddings to be read.
        print(
            f"{size:>9,} {statistics.median(answers[1:]):>9.2f} "
            f"{statistics.median(grids[1:]):>8.2f} {statistics.median(python[1:]):>10.1f}",
            flush=True,
        )
        dataset.delete()


def _choose_k(page: Any, k: int) -> None:
    page.keyboard.up("Alt")
    page.get_by_role("button", name="Settings").click()
    field = page.get_by_role("spinbutton", name="Results, top K")
    field.fill(str(k))
    field.press("Enter")
    page.keyboard.press("Escape")
    page.wait_for_timeout(1200)
    page.keyboard.down("Alt")


def _query_table(n: int) -> None:
    """The query itself in Python, warm: a million points, re-ranked by embedding."""
    import numpy as np

    from ..plugin.projection.sphere import SphereIndex
    from ..plugin.projection.trust import rerank
    from .made_sphere import made_embeddings, made_points

    places, _, _ = made_points(n)
    embeddings = made_embeddings(places)
    index = SphereIndex(places)
    directions = np.random.default_rng(0).normal(size=(51, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)

    def once(direction: Any) -> float:
        started = time.perf_counter()
        rerank(direction, index, embeddings, 8)
        return 1000 * (time.perf_counter() - started)

    once(directions[0])
    times = [once(direction) for direction in directions[1:]]
    print(
        f"\nTop 8 of {n:,} by sphere, re-ranked by embedding: "
        f"{statistics.median(times):.1f} ms warm"
    )


def _dataset(size: int, images: list[Path], *, embeddings: bool) -> Any:
    import fiftyone as fo

    from ..panels.gap_explorer.workspace import save_workspace
    from .made_sphere import make_dataset

    dataset = fo.Dataset()
    make_dataset(dataset, size, images, embeddings=embeddings)
    save_workspace(dataset)
    grid = fo.Panel(type="Samples", pinned=True)
    dataset.save_workspace("grid", fo.Space(children=[grid], active_child=grid.component_id))
    return dataset


def _images(folder: Path) -> list[Path]:
    import numpy as np
    from PIL import Image

    paths = [folder / f"frame_{i:02d}.png" for i in range(20)]
    for i, path in enumerate(paths):
        Image.fromarray(np.full((48, 64, 3), 12 * i, np.uint8)).save(path)
    return paths


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A database and an App server of the benchmark's own."""
    spec = find_spec("fiftyone")
    if spec is None or spec.origin is None:
        raise SystemExit("FiftyOne is not installed here.")
    package, database, app = Path(spec.origin).parent, _free_port(), _free_port()
    os.environ.update(
        FIFTYONE_DATABASE_URI=f"mongodb://127.0.0.1:{database}",
        FIFTYONE_DATABASE_VALIDATION="false",
        FIFTYONE_PLUGINS_DIR=str(ROOT),
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_SHOW_PROGRESS_BARS="false",
    )
    (folder / "db").mkdir()
    mongod = [str(package / "db" / "bin" / "mongod"), "--dbpath", str(folder / "db")]
    mongod += ["--port", str(database), "--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet"]
    started = [subprocess.Popen(mongod, stdout=subprocess.DEVNULL)]
    try:
        _wait(database, started[0])
        command = [sys.executable, "main.py", "--port", str(app), "--address", "127.0.0.1"]
        cwd = package / "server"
        started.append(subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL))
        _wait(app, started[1])
        yield f"http://127.0.0.1:{app}"
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(60)


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit(f"A server did not start (exit code {process.poll()}).")


if __name__ == "__main__":
    main()
