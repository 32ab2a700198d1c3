"""Waiting for a state, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(state: Callable[[], T], *, seconds: float = 60) -> T:
    """The first true value of ``state``; an error once it has been false for so long."""
    deadline = time.monotonic() + seconds
    while not (value := state()):
        assert time.monotonic() < deadline, f"{state} is still {value!r} after {seconds} s"
        time.sleep(0.01)
    return value
