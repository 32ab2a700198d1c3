"""``gapsphere demo``: the whole main job on a rendered drive, from no image to the open App."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .install import ensure_for_this_process
from .say import say

if TYPE_CHECKING:
    import fiftyone as fo

DATASET = "gapsphere-demo"
PICKS = (10, 25, 50)


def run_demo(folder: Path, *, port: int = 5151, open_app: bool = True) -> None:
    """Render, load, find gaps, print what the picks found, open the App.

    A second run reuses all of that and goes straight to the App.
    """
    ensure_for_this_process()
    # The set-up has tried the server; this silences FiftyOne's note about its age.
    os.environ.setdefault("FIFTYONE_DATABASE_VALIDATION", "false")
    started = time.monotonic()
    csv = _rendered(folder.resolve())

    from ...plugin.dataset import api
    from ...plugin.dataset.store.fields.appearance import PICKS_VIEW, colour_samples, save_views
    from .datasets import opened

    with opened(DATASET, create=True) as dataset:
        _refuse_others(dataset, csv.parent)
        say(api.load_images(dataset, csv=str(csv)))
        say(api.find_gaps(dataset, k=100))
        colour_samples(dataset)
        save_views(dataset)
        say(_found(dataset, csv))
    say(f"Main job: {time.monotonic() - started:.0f} s")
    if open_app:
        from .app import wait_for_app

        wait_for_app(dataset, "127.0.0.1", port, view=dataset.load_saved_view(PICKS_VIEW))


def _refuse_others(dataset: fo.Dataset, folder: Path) -> None:
    """Raise where the demo's dataset holds images of another folder, such as of another clone."""
    from ...plugin.errors import InputError

    other = next((p for p in dataset.values("filepath") if folder not in Path(p).parents), None)
    if other is not None:
        raise InputError(
            f"The dataset {DATASET!r} holds images of another folder, such as {other}: run the "
            f"demo there, or delete the dataset with `fiftyone datasets delete {DATASET}`."
        )


def _found(dataset: fo.Dataset, csv: Path) -> str:
    """What the first picks found of what S lacks, against as many random picks."""
    from ..demo.drive import combinations_found, read_metadata

    rows = read_metadata(csv)
    picked = dataset.match_tags("kcenter").sort_by("kcenter_rank").values("filepath")
    names = [str(Path(path).relative_to(csv.parent)) for path in picked]
    lines = []
    for count in PICKS:
        found = combinations_found(rows, names[:count])
        lines.append(
            f"first {count:>3} picks: {len(found.combinations)} of the {found.missing} "
            f"combinations that S lacks (random: {found.expected:.1f}); "
            f"{found.hits} of them show one (random: {found.expected_hits:.1f})"
        )
    return "\n".join(lines)


def _rendered(folder: Path) -> Path:
    """Path of the drive's CSV; existing frames are not rendered again."""
    from ...plugin.dataset.api import bars
    from ..demo.drive import render_drive

    with bars() as report:
        render_drive(folder, progress=report("Rendering"))
    return folder / "metadata.csv"
