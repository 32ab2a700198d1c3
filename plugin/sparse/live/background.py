"""Work that must not delay a frame: one thread, a short queue; what does not fit is dropped."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

log = logging.getLogger(__name__)

WAITING = 256


class Background:
    """Runs calls in a thread; ``dropped`` is called for each that there is no room for."""

    def __init__(self, dropped: Callable[[], object]) -> None:
        self._queue: queue.Queue[Callable[[], object] | None] = queue.Queue(WAITING)
        self._dropped = dropped
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sparse-background", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[..., object], *arguments: Any) -> bool:
        """Queue a call; False where there is no room, or after :meth:`close`."""
        if not self._closed:
            try:
                self._queue.put_nowait(partial(call, *arguments))
                return True
            except queue.Full:
                pass
        self._dropped()
        return False

    def close(self, seconds: float = 10.0) -> None:
        """Finish what waits, as far as ``seconds`` go."""
        if self._closed:
            return
        self._closed = True
        try:
            self._queue.put(None, timeout=seconds)
        except queue.Full:
            log.warning("%d records were not written in time.", self._queue.qsize())
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        while (call := self._queue.get()) is not None:
            try:
                call()
            except Exception:  # a full disk must end neither the thread nor the session
                log.exception("A record of a live session could not be written.")
