"""Work that must not delay a frame: one thread, a short queue; what does not fit is dropped."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

log = logging.getLogger(__name__)


class Background:
    """Runs calls in a thread; ``size`` may wait, ``dropped`` is called for each without room."""

    def __init__(self, size: int = 256, dropped: Callable[[], object] | None = None) -> None:
        self._queue: queue.Queue[Callable[[], object] | None] = queue.Queue(size)
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
        if self._dropped is not None:
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
