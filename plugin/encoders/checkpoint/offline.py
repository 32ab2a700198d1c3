"""Whether this thread may ask a hub: the App fetches nothing on its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_offline: ContextVar[bool] = ContextVar("offline", default=False)


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Ask no hub in this thread: only what is on this disk is found."""
    token = _offline.set(True)
    try:
        yield
    finally:
        _offline.reset(token)


def is_offline() -> bool:
    """Whether this thread may not fetch anything."""
    return _offline.get()
