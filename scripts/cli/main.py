"""``gapsphere``: the command line.  It ends with a line and an exit code, whatever ends it.

0; 2 and one line where something was refused; 130 and 143 where Ctrl-C or SIGTERM stopped it, at
any moment from here on, and 141 where the reader of a pipe has gone.  So this file imports nothing
that takes time before it listens to signals.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from .say import say

STOPPED = "gapsphere: stopped; finished work is kept, run it again to go on."
REFUSED, INTERRUPTED, UNREAD, TERMINATED = 2, 130, 141, 143
GRACE = 5.0
"""Seconds that a stopped command has to leave: some of its threads may wait for a network."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    Without ``arguments`` this process is the program: its signals, streams and end are ours.
    """
    if arguments is not None:
        return _run(arguments, leave=int)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    # OpenMP threads spin while they wait: on a busy machine they starve each other.  So many turns
    # take some microseconds, as long as the gaps between layers; sleeping at once costs a quarter.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    sys.unraisablehook = _unraisable
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        try:
            return _run(sys.argv[1:], leave=_leave)
        finally:
            sys.stdout.flush()  # argparse ends with SystemExit after its help
    except BrokenPipeError:
        _leave(UNREAD)


def _run(arguments: Sequence[str], *, leave: Callable[[int], int]) -> int:
    """The exit code; ``leave`` ends a program at once that has nothing to tidy up."""
    try:
        from ...plugin.errors import DatabaseError, GapsphereError
        from .parser import run

        try:
            _said_in_words(run, arguments)
        except GapsphereError as error:
            say(f"gapsphere: {error}", file=sys.stderr)
            # FiftyOne tidies up at the end of a process, and would wait for the database again.
            return leave(REFUSED) if isinstance(error, DatabaseError) else REFUSED
    except KeyboardInterrupt as stop:
        say(STOPPED, file=sys.stderr)
        return leave(TERMINATED if stop.args else INTERRUPTED)
    return 0


def _said_in_words(run: Any, arguments: Sequence[str]) -> None:
    """Run it; what the database and the disk refuse outside of a step is said as inside of one."""
    try:
        run(arguments)
    except Exception as error:
        of_database = type(error).__module__.startswith("pymongo")
        if not of_database and not (isinstance(error, OSError) and error.errno):
            raise
        from ...plugin.dataset.store.database import database_failures
        from ...plugin.dataset.store.steps.guard import disk_failures

        with database_failures(), disk_failures():
            raise


def _stop(number: int, frame: FrameType | None) -> None:
    """Stop as Ctrl-C does; where that may not be heard, leave: now, or after a while."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    code = TERMINATED if number == signal.SIGTERM else INTERRUPTED
    if _importing(frame):  # foreign code may take an exception for a missing module
        os.write(sys.__stderr__.fileno(), f"{STOPPED}\n".encode())  # type: ignore[union-attr]
        _leave(code)
    leaving = threading.Timer(GRACE, _leave, (code,))
    leaving.daemon = True
    leaving.start()
    raise KeyboardInterrupt(*([number] if number == signal.SIGTERM else []))


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _leave(code: int) -> NoReturn:
    """End this process at once: what is done is in the database and on the disk."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _unraisable(told: Any) -> None:
    """A stop that arrives in a destructor is no error; all else is printed as ever."""
    if not isinstance(told.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(told)


if __name__ == "__main__":
    sys.exit(main())
