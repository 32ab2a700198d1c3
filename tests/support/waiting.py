"""Waiting for a state, never for a time; and how long others waited, at any machine's pace."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# What a hang takes, and no work on the slowest machine: a passing test never waits for it.
PATIENCE = 300


def wait_for(state: Callable[[], T], *, seconds: float = PATIENCE, every: float = 0.1) -> T:
    """The first true value of ``state``; an error once it has been false for so long.

    Seldom enough asked that a busy database or server gets on with what is waited for.
    """
    deadline = time.monotonic() + seconds
    while not (value := state()):
        assert time.monotonic() < deadline, f"{state} is still {value!r} after {seconds} s"
        time.sleep(every)
    return value


def stop_process(process: int) -> None:
    """Stop a process until it gets SIGCONT; on return none of its threads runs any more.

    The signal alone leaves a busy machine time for an answer or two.
    """
    os.kill(process, signal.SIGSTOP)

    def stopped() -> bool:
        states = [each.read_text() for each in Path("/proc", str(process), "task").glob("*/stat")]
        return all(state.rpartition(")")[2].split()[0] == "T" for state in states)

    wait_for(stopped, every=0.01)


def seconds_idle(process: int | str = "thread-self") -> float:
    """Now, on a clock that stands still while a thread computes or waits for a core.

    What passes on it is waiting for something else, such as a server: as long on a slow machine and
    on a busy one.  Of a process it is the first thread's, also once it has ended and nobody has
    asked how; else that of the thread that asks.
    """
    computing, for_a_core, _ = Path(f"/proc/{process}/schedstat").read_text().split()
    return time.monotonic() - (int(computing) + int(for_a_core)) / 1e9
