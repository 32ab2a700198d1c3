"""Work in batches as large as memory allows: halved when it runs out, and kept so.

How much memory an image takes depends on the network, the device and what else runs there, so
nothing is computed in advance: the batch is tried.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

_log = logging.getLogger(__name__)

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Skipped:
    """One image that is left out, and the sentence that says why."""

    id: str
    path: str
    reason: str


@dataclass
class Halving:
    """The batch size of one run, and what went otherwise than asked."""

    batch_size: int
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def parts(
        self,
        items: list[Item],
        work: Callable[[list[Item]], Made],
        rescue: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[list[Item], Made | None]]:
        """Give each part of ``items`` with what ``work`` makes of it; uses ``items`` up.

        Where memory does not hold even one item, ``rescue`` may make room and return True to have
        it tried again; else the item comes with None.
        """
        while items:
            part = items[: self.batch_size]
            made = _made_or_none(work, part)
            if made is None and len(part) > 1:
                self.batch_size = len(part) // 2
                self.say(f"memory ran out with {len(part)} images at once; going on with fewer")
            elif made is not None or not rescue():
                del items[: len(part)]
                yield part, made

    def skip(self, item_id: str, path: str, reason: str) -> None:
        """Leave an image out and log why."""
        _log.warning("Skipped: %s", reason)
        self.skipped.append(Skipped(item_id, path, reason))

    def say(self, note: str) -> None:
        """Note, and log, what is done otherwise than asked."""
        _log.warning("%s", note)
        self.notes.append(note)


def _made_or_none(work: Callable[[list[Item]], Made], part: list[Item]) -> Made | None:
    try:
        return work(part)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
    # Only outside the except block has the traceback let go of the network's tensors.
    gc.collect()
    torch = sys.modules.get("torch")  # not imported here: what ran out of memory has loaded it
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    return None


def _is_out_of_memory(error: BaseException) -> bool:
    # torch.OutOfMemoryError is a RuntimeError; on a CPU and from cuBLAS it is a plain one.
    message = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in message for words in _OUT_OF_MEMORY)
    )
