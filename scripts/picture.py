"""Makes the README's picture from the real App: ``python scripts/picture.py [FILE]``.

Runs the demo, opens its App in Chromium, asks the sphere about a point in sight, gathers the answer
in the Visual Spec's tray, and keeps what the window shows.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PORT = 5199
CHROMIUM = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist"]
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


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/gap_explorer.png")
    gapsphere = Path(sys.executable).with_name("gapsphere")
    demo = subprocess.Popen(
        [gapsphere, "demo", "--port", str(PORT)], stdout=subprocess.PIPE, text=True
    )
    try:
        for line in demo.stdout or ():
            print(line, end="")
            if line.startswith("App:"):
                break
        take(target)
    finally:
        demo.terminate()
        demo.wait(30)


def take(target: Path) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        page = chromium.new_page(viewport={"width": 1500, "height": 900})
        page.set_default_timeout(120_000)
        page.add_init_script("window.IS_PLAYWRIGHT = true")
        page.goto(f"http://127.0.0.1:{PORT}/")
        page.wait_for_function("window.__gapsphere && window.__gapsphere.ready")
        page.locator('[data-cy="looker"]').first.wait_for()
        at = page.evaluate(POINT_IN_SIGHT)
        page.mouse.click(at["x"], at["y"])
        page.wait_for_function("window.__gapsphere.state.answer && !window.__gapsphere.state.busy")
        page.get_by_role("button", name="Add to Visual Spec", exact=True).click()
        page.wait_for_function(DRAWN)
        page.screenshot(path=target)
        chromium.close()


if __name__ == "__main__":
    main()
