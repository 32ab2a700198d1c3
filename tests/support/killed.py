"""A step in a process of its own that ends in the middle, as kill -9 ends it.

The process is forked: a fresh one would import everything again, some eight seconds of a core.
"""

import os
from collections.abc import Callable

from gapsphere.plugin.dataset.store.steps import step


def forked(work: Callable[[], object]) -> int:
    """Id of a process that does ``work`` and ends without any clean-up; ``ended`` waits for it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def ended(child: int) -> int:
    """Exit code of a forked process, or its signal below zero, once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(point: str, work: Callable[[], object]) -> None:
    """Run ``work`` in a forked process that ends at the point."""

    def until_there():
        step.reached = lambda here: os._exit(9) if here == point else None
        work()

    assert ended(forked(until_there)) == 9, f"{point} was never reached"
