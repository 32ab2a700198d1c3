import os
from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import Threshold
from gapsphere.plugin.report.spec.missing import Shared
from gapsphere.plugin.report.spec.rule import make_rule, reference_rows
from gapsphere.plugin.report.spec.visual_spec import Image, MadeBy, VisualSpec
from gapsphere.tests.support import servers
from gapsphere.tests.support.made_rows import unit
from PIL import Image as PillowImage


@pytest.fixture(scope="module")  # while Playwright runs, so does its event loop
def chromium():
    if servers.CHROMIUM is None:
        reason = "BROWSER TESTS NOT RUN: there is no chromium (apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with servers.chromium("--disable-gpu-compositing") as browser:
        yield browser


@pytest.fixture
def make_spec(tmp_path):
    """``make_spec(names, heat=True)``: a spec over real image files of these names."""

    def make(names=("a.jpg", "b.jpg", "c.jpg"), *, heat=False, **changes):
        rng = np.random.default_rng(1)
        folder = tmp_path / "images"
        folder.mkdir(exist_ok=True)
        paths = [folder / name for name in names]
        for index, path in enumerate(paths):
            pixels = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
            picture = PillowImage.fromarray(pixels).resize((320, 240))
            with path.open("wb") as file:
                picture.save(file, "JPEG", quality=60 + index)
        rows = unit(rng.normal(size=(len(paths), 16)) * 0.3 + 1)
        owned = unit(rng.normal(size=(50, 16)))
        rule = make_rule(rows, delta=0.2)
        heatmap = rng.integers(0, 256, (7, 7)).astype(np.uint8) if heat else None
        candidates = tuple(
            Image(f"id{i}", str(path), 0.1, 0.4, 99.0, (("light", "night"),), heatmap)
            for i, path in enumerate(paths)
        )
        spec = VisualSpec(
            title="",
            quantity=40,
            quantity_source="given",
            rule=rule,
            dataset="drive",
            source="test",
            encoder=MadeBy("test:colour", "f00d"),
            owned_count=50,
            threshold=Threshold(0.2, "", basis="level", drives=31, level=0.1),
            delta_source="leave-one-out",
            candidates=candidates,
            shown=tuple(range(len(paths))),
            owned=candidates[:1],
            missing=(Shared("light", "night", 3, 3, 2, 50, 25.0, 0.001),),
            tried=("light",),
            reference=owned[reference_rows(owned, rule)],
            created="2026-11-22T00:30:00+00:00",
        )
        return replace(spec, **changes)

    return make
