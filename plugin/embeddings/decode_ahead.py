"""Files decoded in worker threads, a bounded number of them ahead of the caller.

An image is submitted when an earlier one leaves, so memory does not grow with the number of files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..errors import GapsphereError

Decoded = TypeVar("Decoded")


def decode_ahead(
    paths: Sequence[str],
    decode: Callable[[str], Decoded],
    *,
    ahead: Callable[[], int],
    workers: int,
) -> Generator[Decoded | str, None, None]:
    """Each file's ``decode(path)`` in order, or the sentence that says why there is none.

    Parameters
    ----------
    decode : callable of path
        Runs in several threads at once.  Its :class:`~..errors.GapsphereError` and ``MemoryError``
        become the file's sentence; any other error is raised here, at that file's turn.
    ahead : callable
        How many files, at least 1, may be decoded or under way; called again for each file.
    workers : int
        Decoding threads, at least 1.

    Notes
    -----
    Closing the generator ends the threads; files that wait are not decoded.

    Examples
    --------
    >>> from contextlib import closing
    >>> with closing(decode_ahead("abc", str.upper, ahead=lambda: 2, workers=1)) as decoded:
    ...     list(decoded)
    ['A', 'B', 'C']
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="gapsphere-decode")
    waiting: deque[Future[Decoded | str]] = deque()
    submitted = 0
    try:
        while waiting or submitted < len(paths):
            while submitted < len(paths) and len(waiting) < ahead():
                waiting.append(pool.submit(_decoded_or_reason, decode, paths[submitted]))
                submitted += 1
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _decoded_or_reason(decode: Callable[[str], Decoded], path: str) -> Decoded | str:
    try:
        return decode(path)
    except GapsphereError as error:
        reason = str(error)
        return reason if path in reason else f"{path}: {reason}"
    except MemoryError:
        return f"{path} does not fit into memory when it is decoded: scale it down."
