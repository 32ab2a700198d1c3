"""How the benches measure: in turns, with the range of what was seen, one thread for each child.

Whatever else the machine does meets everything that takes turns alike, so ratios are taken within a
turn and printed as their median with the range.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON")
}

Thing = TypeVar("Thing")


def memory(of: str) -> int:
    """Bytes of this process, by their name in ``/proc/self/status``."""
    return 1024 * int(Path("/proc/self/status").read_text().split(f"{of}:")[1].split()[0])


def forget_peak() -> None:
    """From here ``memory("VmHWM")``, the peak, counts anew (man 5 proc)."""
    Path("/proc/self/clear_refs").write_text("5")


class Clock:
    """Seconds of the clock on a GPU, whose queue is drained first; CPU seconds elsewhere."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.on_cpu = device == "cpu"
        self.unit = "CPU s" if self.on_cpu else "s"

    def now(self) -> float:
        if self.device.startswith("cuda"):
            import torch

            torch.cuda.synchronize(self.device)
        return time.process_time() if self.on_cpu else time.perf_counter()

    def time(self, work: Callable[[], object], repeats: int = 1) -> float:
        """Seconds of one call, the mean of ``repeats``."""
        start = self.now()
        for _ in range(repeats):
            work()
        return (self.now() - start) / repeats

    def best(self, work: Callable[[], object], seconds: float) -> float:
        """Fewest seconds of one call, after one to warm up, of as many as fit, at least two."""
        self.time(work)
        times: list[float] = []
        stop = time.perf_counter() + seconds
        while len(times) < 2 or time.perf_counter() < stop:
            times.append(self.time(work))
        return min(times)


def turned(things: Sequence[Thing], turn: int) -> list[Thing]:
    """Another one first in each turn, so that none always pays for warming up."""
    by = turn % len(things)
    return [*things[by:], *things[:by]]


def spread(values: Sequence[float], digits: int) -> str:
    """Median and range."""
    low, middle, high = (f"{v:.{digits}f}" for v in (min(values), median(values), max(values)))
    return f"{middle} [{low}..{high}]"


def in_child(module: str, *arguments: str) -> Any:
    """What the last line that a module prints says in JSON, run in a process of one thread."""
    ran = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **ONE_THREAD},
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"{module} {' '.join(arguments)} failed:\n{ran.stderr}")
    return json.loads(ran.stdout.splitlines()[-1])
