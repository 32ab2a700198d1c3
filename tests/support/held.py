"""Work that stays at its first unit until it is told to go on, or to stop.

A test that looks at work in the middle, or stops it there, does so on the fastest machine too.
"""

import threading
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def held(jobs: ModuleType, monkeypatch):
    """``with held(jobs, monkeypatch) as go``: jobs wait for ``go.set()`` or a stop."""
    go, report = threading.Event(), jobs.Job._report

    def reporting(job, stage):
        progress = report(job, stage)

        def told(done, total):
            progress(done, total)
            while done and not (go.wait(0.01) or job._stopping.is_set()):
                pass
            progress(done, total)  # raises where it is to stop

        return told

    monkeypatch.setattr(jobs.Job, "_report", reporting)
    try:
        yield go
    finally:
        go.set()
