"""Kill ``gapsphere find-gaps`` at random moments, and look whether the next run puts it right.

    python -m gapsphere.scripts.bench.kills               # 100 kills, about 25 minutes
    python -m gapsphere.scripts.bench.kills --kills 30 --seed 7

One dataset goes through all kills.  Each time the real command line starts with settings drawn at
random (metric, k, level, layout, another preprocessing that replaces every embedding) and gets
``kill -9``, at a random moment or, every second time, while a step drawn at random writes; then a
run with settings drawn again goes to its end, and everything on the dataset is compared with what
an uninterrupted run of those settings leaves on a fresh one: distances, verdicts, picks, cards,
tags, places, the brain run, δ and the newest round.  Printed is a line a kill, and the counts: how
many hit a step that writes, how many fell between steps, and how many runs ended before they could
be killed, which count for none.  The exit code is 1 where anything differed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...tests.support.servers import start_database
from .states import STEPS, compare, state

SETTINGS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "k 9": ("--k", "9"),
    "euclidean": ("--metric", "euclidean"),
    "alpha 0.3": ("--alpha", "0.3"),
    "neighbours 8": ("--n-neighbors", "8"),
    "sky cropped": ("--sky-crop-top-pct", "0.2"),
}
CHANGED: dict[str, set[str]] = {
    "plain": set(),
    "k 9": {"kcenter"},
    "euclidean": {"coverage", "kcenter", "cards"},
    "alpha 0.3": {"coverage", "cards"},
    "neighbours 8": {"sphere"},
    "sky cropped": {"embeddings", "coverage", "kcenter", "sphere", "cards"},
}
"""Steps that write otherwise than those of the plain settings."""
ALWAYS = ("--k", "5", "--n-neighbors", "12", "--batch-size", "8", "--overwrite")
OWNED, POOL, DRIVES = 44, 26, 11


def main() -> int:
    """Kill, run again, compare; 1 where a state differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=51)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server has to end with us
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = start_database(folder / "database")
        try:
            return killed(folder, options.kills, chance)
        finally:
            server.terminate()
            server.wait()


def killed(folder: Path, kills: int, chance: random.Random) -> int:
    """All kills on one dataset."""
    import fiftyone as fo

    table = pictures(folder, chance)
    wanted: dict[str, dict[str, Any]] = {}
    seconds = [0.0]
    for name in SETTINGS:  # each on a dataset of its own, never interrupted
        started = time.monotonic()
        run(f"whole-{len(wanted)}", name, "--csv", str(table)).wait()
        seconds.append(time.monotonic() - started)
        wanted[name] = state(f"whole-{len(wanted)}")
    print(f"uninterrupted runs: {min(seconds[1:]):.1f} to {max(seconds):.1f} s", flush=True)
    run("killed", "plain", "--csv", str(table)).wait()
    found: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    print(
        "kill  settings killed   after       left running         then            state", flush=True
    )
    last = "plain"
    while found.total() < kills:
        doomed = chance.choice([name for name in SETTINGS if name != last])
        after = chance.choice(list(SETTINGS))
        process = run("killed", doomed)
        if chance.random() < 0.5:
            moment = chance.uniform(0.4, 0.95) * min(seconds[-3:])  # the machine's load changes
            alive, how = not ended(process, moment), f"{moment:.1f} s"
        else:
            how = chance.choice(sorted(CHANGED[last] | CHANGED[doomed]))
            writes = wait_for(process, fo.load_dataset("killed"), how)
            alive = writes and not ended(process, chance.uniform(0, 0.03))
        process.kill()
        process.wait()
        running = ", ".join(unfinished(fo.load_dataset("killed"))) or "nothing"
        started = time.monotonic()
        code = run("killed", after).wait()
        seconds.append(time.monotonic() - started)
        last = after
        differs = f"exit {code}" if code else compare(wanted[after], state("killed"))
        line = f"{doomed:15}  {how:>10}  {running:19}  {after:14}  {differs or 'equal'}"
        if alive:
            hit["while a step wrote" if running != "nothing" else "between steps"] += 1
            found[differs or "equal"] += 1
            print(f"{found.total():4}  {line}", flush=True)
        else:  # compared all the same, but nothing was killed
            alone[differs or "equal"] += 1
            print(f"   -  {line} (had ended before it could be killed)", flush=True)
    for what, counts in (("kills", hit), ("states", found), ("ended before the kill", alone)):
        listed = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        print(f"{what}: {listed or 'none'}")
    return int(bool(set(found + alone) - {"equal"}))


def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process ends by itself within this time."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def wait_for(process: subprocess.Popen[bytes], dataset: Any, step: str) -> bool:
    """Wait until a step of this process writes; False where it ends without that."""
    from ...plugin.dataset.store import runs
    from ...plugin.dataset.store.names import Names

    known = runs.read(dataset, Names(), step)
    before = "" if known is None else known.token
    while process.poll() is None:
        record = runs.read(dataset, Names(), step)
        if record is not None and record.running and record.token != before:
            return True
        time.sleep(0.002)
    return False


def pictures(folder: Path, chance: random.Random) -> Path:
    """Images of S and U in drives of a colour each, and the table that names them."""
    rng = np.random.default_rng(chance.randrange(1 << 30))
    rows = ["filename,split,sequence"]
    for number in range(OWNED + POOL):
        split = "S" if number < OWNED else "U"
        drive = number % DRIVES + (DRIVES if split == "U" else 0)
        dusk = split == "U" and drive % 3 == 0
        colour = np.random.default_rng(drive).uniform(*((0.02, 0.2) if dusk else (0.3, 1.0)), 3)
        small = rng.integers(0, 255, (6, 8, 3)) * colour
        image = Image.fromarray(small.astype(np.uint8)).resize((160, 120), Image.Resampling.BICUBIC)
        image.save(folder / f"{number:03}.png")
        rows.append(f"{number:03}.png,{split},drive {drive}")
    table = folder / "metadata.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


def run(dataset: str, settings: str, *more: str) -> subprocess.Popen[bytes]:
    """The command line on a dataset, in a process of its own."""
    command = [sys.executable, "-m", "gapsphere.scripts.cli.main", "find-gaps"]
    command += ["--dataset", dataset, *ALWAYS, *SETTINGS[settings], *more]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )


def unfinished(dataset: Any) -> list[str]:
    """Steps whose record is running."""
    from ...plugin.dataset.store import runs
    from ...plugin.dataset.store.names import Names

    records = [runs.read(dataset, Names(), step) for step in STEPS]
    return [record.step for record in records if record is not None and record.running]


if __name__ == "__main__":
    sys.exit(main())
