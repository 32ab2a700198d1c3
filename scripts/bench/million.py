"""What a dataset's size costs: ``python -m gapsphere.scripts.bench.million 10000 100000 1000000``.

For each size a dataset is made in a database of its own (one document that FiftyOne wrote, cloned
there with vectors of drives; one image in ten is S, in drives of 250 frames, 400 of a million), and
a process of its own runs ``find_gaps`` on it from the first step to the curve of the picks.  For
each step are printed seconds by the clock and of CPU, those of the database apart, and the most
memory over what the process held before, as a multiple of the vectors: *resident* counts pages of
mapped files, which the system takes back when it needs them, and *own* those that nothing but the
process holds.  Memory is looked at every 10 ms from outside.  Between two sizes is printed with
which power of the size the CPU seconds grow.

``--kills 5`` runs each size again on a second dataset of the same images: the process gets
``kill -9`` at moments drawn at random over the time of the first run, another one goes on, and at
the end everything that was written is compared with the first run, to the last bit.  ``--panel``
opens Gap Explorer on the largest dataset.  ``--least-free 2`` gives up when the machine has less
than that many GiB left.  ``--folder`` keeps the database, what a whole run took and how often one
was killed: what was stopped goes on there the next time.  A whole run that was stopped itself is
not one more: its steps that had ended cost what a second run costs.
"""

from __future__ import annotations

import argparse
import atexit
import json
import math
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ...tests.support.servers import app_server, chromium, start_database
from .made_drives import FIELD, made
from .states import alike, pieces

OWNED_SHARE, DRIVES, FRAMES = 0.1, 40, 250
"""S has so many drives at least: where images are few, a drive has fewer."""
LOOKS_EVERY = 0.01
GIB = 2**30
TICK = os.sysconf("SC_CLK_TCK")
LEAST_SECONDS = 0.5
"""Below which a step's growth is noise."""
END = "step end"


@dataclass
class Spent:
    """What one step took: seconds, CPU seconds and the most memory, in bytes."""

    step: str
    wall: float = 0.0
    cpu: float = 0.0
    database: float = 0.0
    resident: int = 0
    own: int = 0


class Watched:
    """A run of ``find_gaps`` in a process of its own, watched step by step.

    ``server`` is the process of its database.
    """

    def __init__(self, name: str, server: int, least_free: float = 0.0) -> None:
        command = [sys.executable, "-u", "-m", __spec__.name, "--child", name]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.server, self.least_free = server, least_free
        self.base = Spent("before")
        self.steps: list[Spent] = []
        self.said: list[str] = []

    def to_end(
        self,
        tell: Callable[[Spent], object] = lambda _: None,
        stop: Callable[[Spent, float], bool] = lambda _, __: False,
    ) -> bool:
        """Watch it until it ends, and ``tell`` of each step; whether it was killed.

        That is where ``stop`` says so of a step and the seconds it has taken.
        """
        assert self.process.stdout is not None
        rest, now = "", self.base
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], LOOKS_EVERY)
            self._look(now)
            if self.steps and stop(now, time.perf_counter() + now.wall):
                self.process.kill()
                self.process.wait()
                return True
            if not ready:
                continue
            read = os.read(self.process.stdout.fileno(), 1 << 16).decode()
            if not read:
                break
            *lines, rest = (rest + read).split("\n")
            for line in lines:
                if not line.startswith("step "):
                    self.said.append(line)
                    continue
                clock = time.perf_counter(), _cpu(self.process.pid), _cpu(self.server)
                if self.steps:
                    now.wall, now.cpu, now.database = (
                        end + begun
                        for end, begun in zip(clock, (now.wall, now.cpu, now.database), strict=True)
                    )
                    tell(now)
                if line == END:
                    continue
                now = Spent(line[5:], -clock[0], -clock[1], -clock[2])
                self.steps.append(now)
                self._look(now)
        if self.process.wait():
            raise SystemExit(f"find_gaps ended with {self.process.returncode}")
        return False

    def _look(self, into: Spent) -> None:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            resident, own = (_bytes(status, what) for what in ("VmRSS", "RssAnon"))
        except (OSError, IndexError):  # it has just ended
            return
        if into is self.base:
            into.resident, into.own = resident, own
        else:
            into.resident, into.own = max(into.resident, resident), max(into.own, own)
        if self.least_free:
            free = _bytes(Path("/proc/meminfo").read_text(), "MemAvailable") / GIB
            if free < self.least_free:
                self.process.kill()
                raise SystemExit(f"given up: the machine has {free:.1f} GiB left")


def _bytes(text: str, what: str) -> int:
    return 1024 * int(text.split(f"{what}:")[1].split()[0])


def _cpu(pid: int) -> float:
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / TICK


def child(name: str) -> None:
    """One run, which says where each step begins; a small one before compiles what is compiled."""
    import fiftyone as fo

    from ...plugin.dataset.gaps.find_gaps import find_gaps
    from ...plugin.dataset.gaps.picks.budget import budget_curve
    from ...plugin.progress import Progress, silent
    from ...plugin.settings.steps import BudgetParams, GapParams

    params, curve = GapParams(encoder="field", model_path=FIELD, attributes=False), BudgetParams()
    dataset = fo.load_dataset(name)
    rows = dataset.limit(2).values(FIELD)
    small = made(f"small-{os.getpid()}", 40, 80, len(rows[-1]), frames=5)
    find_gaps(small, params)
    budget_curve(small, curve)
    small.delete()

    def report(stage: str) -> Progress:
        print("step", stage, flush=True)
        return silent

    time.sleep(0.2)  # so that what the process holds now is seen
    found = find_gaps(dataset, params, report=report)
    report("Curve")
    bought = budget_curve(dataset, curve)
    print(END, flush=True)
    print(found)
    print(bought, flush=True)


def dataset_of(name: str, count: int, dimension: int) -> Any:
    """The drives of a size, or those that an earlier run made."""
    import fiftyone as fo

    if fo.dataset_exists(name):
        there = fo.load_dataset(name)
        if there.match_tags(["S", "U"]).count() == count:
            return there
        there.delete()
    frames = min(FRAMES, max(round(count * OWNED_SHARE) // DRIVES, 1))
    owned = round(count * OWNED_SHARE / frames)
    return made(name, owned, count // frames - owned, dimension, frames=frames)


Watch = Callable[[str], Watched]
"""Starts a run on the dataset named."""


def measured(run: Watched, count: int, dimension: int) -> list[Spent]:
    """A run to its end, and what each step takes."""
    matrix = 4 * count * dimension
    print(
        f"\n{count:,} x {dimension}: {matrix / GIB:.2f} GiB of vectors; memory in multiples of it"
    )
    print(f"{'step':<34}{'wall s':>9}{'CPU s':>9}{'mongod':>9}{'resident':>10}{'own':>7}")

    def tell(each: Spent) -> None:
        over = (each.resident - run.base.resident) / matrix, (each.own - run.base.own) / matrix
        print(
            f"{each.step:<34}{each.wall:9.1f}{each.cpu:9.1f}{each.database:9.1f}"
            f"{over[0]:10.2f}{over[1]:7.2f}",
            flush=True,
        )

    run.to_end(tell)
    whole = Spent("all")
    for each in run.steps:
        whole.wall, whole.cpu = whole.wall + each.wall, whole.cpu + each.cpu
        whole.database += each.database
        whole.resident = max(whole.resident, each.resident)
        whole.own = max(whole.own, each.own)
    tell(whole)
    print(
        f"peak {whole.resident / GIB:.2f} GiB resident, {whole.own / GIB:.2f} GiB own; before the "
        f"run {run.base.resident / GIB:.2f} and {run.base.own / GIB:.2f}; load "
        f"{os.getloadavg()[0]:.1f}"
    )
    print("\n".join(f"    {line}" for line in run.said), flush=True)
    return run.steps


def grown(runs: dict[int, list[Spent]]) -> None:
    """The exponents of growth between sizes."""
    for (small, one), (large, other) in pairwise(sorted(runs.items())):
        first, last = _by_step(one), _by_step(other)
        powers = [
            f"{step} {math.log(last[step] / first[step]) / math.log(large / small):.2f}"
            for step in first
            if min(first[step], last.get(step, 0.0)) > LEAST_SECONDS
        ]
        print(
            f"\nFrom {small:,} to {large:,} CPU seconds, mongod's among them, grow with the power"
        )
        print("    " + ", ".join(powers), flush=True)


def _by_step(steps: list[Spent]) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in steps:
        for name in (each.step, "all"):
            found[name] = found.get(name, 0.0) + each.cpu + each.database
    return found


def killed(
    whole: list[Spent], names: tuple[str, str], watch: Watch, moments: list[float], kept: Path
) -> None:
    """Kill runs on a dataset at moments of the whole run's time, and compare what the last left.

    The file ``kept`` says how many of the moments have been.
    """
    wanted, name = names
    times = np.cumsum([each.wall for each in whole])
    place = {each.step: at for at, each in reversed(list(enumerate(whole)))}
    done = int(kept.read_text()) if kept.exists() else 0
    for count, moment in enumerate(moments[done:], done + 1):
        at = int(np.searchsorted(times, moment))
        into = moment - (times[at - 1] if at else 0.0)

        def reached(now: Spent, seconds: float, at: int = at, into: float = into) -> bool:
            here = place.get(now.step, 0)
            return here > at or (here == at and seconds >= into)

        run = watch(name)
        there = run.to_end(stop=reached)
        where = f"{run.steps[-1].step}, of {moment:.0f} s" if there else "had ended before"
        print(f"killed: {where}", flush=True)
        kept.write_text(str(count))
    watch(name).to_end()
    differ = [
        piece
        for (piece, one), (_, other) in zip(pieces(wanted), pieces(name), strict=True)
        if not alike(one, other, 0.0)
    ]
    print(
        f"after {len(moments)} kills: "
        f"{f'differs: {differ}' if differ else 'the same to the last bit'}"
    )


def of_size(size: int, options: argparse.Namespace, watch: Watch, folder: Path) -> list[Spent]:
    """What each step of a whole run took; what ``folder`` remembers is not done again."""
    name, started = f"drives-{size}", time.perf_counter()
    dataset_of(name, size, options.dimension)
    print(f"{size:,} made in {time.perf_counter() - started:.0f} s", flush=True)
    kept = folder / f"whole-{size}.json"
    if kept.exists():
        whole = [Spent(**each) for each in json.loads(kept.read_text())]
        print(f"the whole run is the one of {kept}")
    else:
        whole = measured(watch(name), size, options.dimension)
        kept.write_text(json.dumps([asdict(each) for each in whole]))
    if options.kills:
        dataset_of(f"killed-{size}", size, options.dimension)
        chance, long = random.Random(options.seed), sum(each.wall for each in whole)
        moments = sorted(chance.uniform(0, long) for _ in range(options.kills))
        names = name, f"killed-{size}"
        killed(whole, names, watch, moments, folder / f"kills-{size}.txt")
    return whole


def opened(name: str) -> None:
    """How long Gap Explorer takes to open."""
    import fiftyone as fo

    from ...plugin.dataset.store.workspaces import save_workspace

    dataset = fo.load_dataset(name)
    save_workspace(dataset)
    with app_server() as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 850})
        page.set_default_timeout(600_000)
        started = time.perf_counter()
        page.goto(f"{url}/datasets/{name}?workspace=gap-explorer")
        page.wait_for_function("window.__gapsphere && window.__gapsphere.ready")
        taken = time.perf_counter() - started
        shown = page.evaluate("window.__gapsphere.state.total ?? null")
        page.wait_for_timeout(2000)
        page.screenshot(path=str(Path(tempfile.gettempdir()) / f"{name}.png"))
        print(f"Gap Explorer open after {taken:.1f} s, of the page and all ({shown})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000])
    parser.add_argument("--dimension", type=int, default=768)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--panel", action="store_true")
    parser.add_argument("--least-free", type=float, default=0.0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child)
    runs: dict[int, list[Spent]] = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server has to end with us
    kept = nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory()
    with kept as folder:
        server = start_database(Path(folder), cache_gb=2)
        watch = partial(Watched, server=server.pid, least_free=options.least_free)
        try:
            for size in options.sizes:
                runs[size] = of_size(size, options, watch, Path(folder))
                grown(runs)
            if options.panel:
                opened(f"drives-{options.sizes[-1]}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
