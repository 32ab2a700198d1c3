"""What a second run costs: ``python -m gapsphere.scripts.bench.second_run 10000 100000``.

For each size a dataset of drives is made in a database of its own (one document that FiftyOne
wrote, cloned there with other ids, files, drives and vectors; three in ten images are S), and
``find_gaps`` runs on it four times: in full, with nothing changed, with 1 % more candidates and
with 1 % more owned images.  Printed are seconds by the clock and of CPU, the database's among them,
and the share of the full run beside the goal.  The same runs on a few hundred images before, which
compile UMAP, say what a run costs whatever the size: ``fixed``, of the CPU seconds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...tests.support.servers import start_database
from .made_drives import FIELD, KINDS, NEW_KINDS, add, drives, made

GOALS = {"nothing changed": 0.01, "1 % more U": 0.03, "1 % more S": 0.05}
FRAMES = 100
"""Images of a drive."""
OWNED_SHARE = 0.3


class Clock:
    """Seconds by the clock, and of CPU: of this process and of the database."""

    def __init__(self, server: int) -> None:
        self._stat = Path(f"/proc/{server}/stat")

    def now(self) -> NDArray[np.float64]:
        spent = self._stat.read_text().rpartition(")")[2].split()[11:13]
        database = sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")
        return np.array([time.perf_counter(), time.process_time(), database])


def measured(count: int, dimension: int, clock: Clock) -> None:
    """All four runs on a dataset of one size; before them on a small one, for what is fixed."""
    small = made(f"small-{count}", 2, 6, dimension)
    fixed = [cost for _, _, cost, _ in runs(small, dimension, clock)]
    owned = max(round(count * OWNED_SHARE / FRAMES), 1)
    dataset = made(f"drives-{count}", owned, max(count // FRAMES - owned, 1), dimension)
    print(f"\n{count:,} x {dimension}")
    print(f"{'run':<18}{'wall s':>9}{'CPU s':>9}{'mongod':>9}{'fixed':>9}{'of full':>9}   goal")
    full = 0.0
    every = zip(runs(dataset, dimension, clock), fixed, strict=True)
    for (run, said, (wall, process, database), steps), whatever in every:
        full = full or process + database
        share = (process + database) / full
        goal, apart = "", ""
        if run in GOALS:
            goal = f"{GOALS[run]:.0%} {'reached' if share <= GOALS[run] else 'missed'}"
            apart = f"{whatever[1:].sum():.2f}"
        print(f"{run:<18}{wall:9.2f}{process:9.2f}{database:9.2f}{apart:>9}{share:9.2%}   {goal}")
        print(f"    {', '.join(f'{name} {of:.2f}' for name, of in steps.items())}")
        print(f"    the form said: {said}", flush=True)
    dataset.delete()


def runs(
    dataset: Any, dimension: int, clock: Clock
) -> Iterator[tuple[str, str, NDArray[np.float64], dict[str, float]]]:
    """The four runs: what each is, what the form said before it, its cost, seconds of its steps."""
    from ...plugin.dataset.gaps import foreseen
    from ...plugin.dataset.gaps.find_gaps import find_gaps
    from ...plugin.dataset.store.names import Names
    from ...plugin.settings.steps import GapParams

    params = GapParams(encoder="field", model_path=FIELD, attributes=False)
    count = len(dataset)
    one = max(count // 100 // FRAMES, 1)
    more = {
        "1 % more U": ("U", drives(one, range(KINDS + NEW_KINDS), dimension, 3)),
        "1 % more S": ("S", drives(one, range(KINDS), dimension, 4)),
    }
    for run in ("full", *GOALS):
        if run in more:
            tag, rows = more[run]
            add(dataset, tag, rows[: max(count // 100, 1)], f"more-{tag}")
        sets = dataset.match_tags("S"), dataset.match_tags("U")
        counts = foreseen.of_sets(*sets, Names().embedding)
        said = foreseen.foreseen("find_gaps", dataset, params, counts)
        before = clock.now()
        found = find_gaps(dataset, params)
        yield run, said, clock.now() - before, found.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000])
    parser.add_argument("--dimension", type=int, default=768)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = start_database(Path(folder), cache_gb=4)
        try:
            for size in options.sizes:
                measured(size, options.dimension, Clock(server.pid))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
