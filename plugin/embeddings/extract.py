"""Images to embeddings: decode ahead in threads, embed in batches, hand every batch on at once.

The one idea: nothing waits in memory.  Worker threads decode a bounded number of images ahead of
the model, the model runs in the calling thread, and each batch goes to the caller's sink before
the next one starts.  A kill at any moment therefore loses the one batch that was under way, and
memory does not grow with the number of images.

The sink runs in the calling thread as well, between two batches.  Overlapping it with the model
would hide a database write of a few milliseconds a batch, but then a kill could lose two batches,
an error of the sink would show one batch late, and the caller's database handle would be used from
a thread it does not know.  Decoding goes on while the sink writes.
"""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DimensionError, InputError
from ..progress import Progress, silent
from .decode_ahead import decode_ahead
from .images import open_rgb

_log = logging.getLogger(__name__)

Sink = Callable[[list[str], NDArray[np.float32]], None]

BATCHES_AHEAD = 2
"""Batches that are decoded, or being decoded, while another is at the model."""

UNIT_TOLERANCE = 1e-2
"""How far a row's length may be from 1: half-precision encoders normalise before the cast."""

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


class BatchEncoder(Protocol):
    """The part of ``encoders.protocol.Encoder`` that extraction needs."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def prepare(self, image: Image.Image, /) -> NDArray[Any]: ...

    def embed(self, batch: NDArray[Any], /) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Skipped:
    """One image that has no embedding, and the sentence that says why."""

    id: str
    path: str
    reason: str


@dataclass(frozen=True)
class Extraction:
    """What an extraction did.

    Attributes
    ----------
    done : int
        Images whose vector went to the sink.
    skipped : tuple of Skipped
        The others, in input order within a batch.
    seconds : float
        Wall time of the whole.
    waiting, embedding, writing : float
        The parts of it spent waiting for decoded images, in the model, and in the sink: the
        largest is what to make faster.
    batch_size : int
        The batch size at the end; smaller than asked for when memory ran out on the way.
    """

    done: int
    skipped: tuple[Skipped, ...]
    seconds: float
    waiting: float
    embedding: float
    writing: float
    batch_size: int


def extract(
    items: Sequence[tuple[str, str]],
    encoder: BatchEncoder,
    sink: Sink,
    *,
    batch_size: int = 8,
    num_workers: int = 4,
    progress: Progress = silent,
) -> Extraction:
    """Embed images and hand each batch to ``sink`` as soon as it is done.

    Parameters
    ----------
    items : sequence of (id, path)
        What to embed, in the order in which the sink will see it.
    encoder : BatchEncoder
        ``prepare`` turns an RGB image into an array of one fixed shape and runs in several threads;
        ``embed`` turns a stack of those into float32 unit rows (n, ``encoder.dimension``) and runs
        in the calling thread.
    sink : callable of (ids, vectors)
        Called in the calling thread with a list of n ids and float32 (n, dimension) unit rows, at
        most ``batch_size`` of them.  An error of the sink ends the extraction and is raised.
    batch_size : int, at least 1
        Images at the model at a time.  When memory runs out the batch is halved and tried again,
        and the smaller size stays.
    num_workers : int, at least 1
        Decoding threads.  At most ``BATCHES_AHEAD`` batches wait decoded.
    progress : callable of (handled, total), optional
        Called after every batch with the number of images embedded or skipped.  It may raise to
        stop: what was embedded has gone to the sink by then.

    Returns
    -------
    Extraction

    Raises
    ------
    InputError
        ``batch_size`` or ``num_workers`` is below 1.
    DimensionError
        The encoder returned an array that is not (n, dimension): nothing of that batch is written.

    Notes
    -----
    An image that cannot be decoded, does not fit into memory even alone, or gets a vector that is
    not finite or not of unit length, is skipped with its reason and does not stop the run.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from PIL import Image
    >>> class MeanColour:
    ...     name, dimension = "mean colour", 3
    ...     def prepare(self, image):
    ...         return np.asarray(image.resize((8, 8)), np.float32)
    ...     def embed(self, batch):
    ...         mean = batch.mean(axis=(1, 2))
    ...         return mean / np.linalg.norm(mean, axis=1, keepdims=True)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "red.png"
    >>> Image.new("RGB", (9, 9), (255, 0, 0)).save(path)
    >>> vectors = {}
    >>> result = extract([("a", str(path)), ("b", "gone.png")], MeanColour(),
    ...                  lambda ids, rows: vectors.update(zip(ids, rows)))
    >>> result.done, vectors["a"].tolist(), result.skipped[0].reason
    (1, [1.0, 0.0, 0.0], 'gone.png does not exist: was it moved or deleted?')
    """
    if batch_size < 1 or num_workers < 1:
        raise InputError(
            f"batch_size and num_workers must be at least 1, not {batch_size} and {num_workers}."
        )
    started = time.perf_counter()
    run = _Run(encoder, sink, batch_size)
    decoding = decode_ahead(
        [path for _, path in items],
        lambda path: encoder.prepare(open_rgb(path)),
        ahead=lambda: max(BATCHES_AHEAD * run.batch_size, num_workers),
        workers=num_workers,
    )
    handled = 0
    with closing(decoding):
        while handled < len(items):
            batch = items[handled : handled + run.batch_size]
            waited = time.perf_counter()
            prepared = list(islice(decoding, len(batch)))
            run.waiting += time.perf_counter() - waited
            run.embed_and_write(batch, prepared)
            del prepared  # before others are decoded in its place
            handled += len(batch)
            progress(handled, len(items))
    return Extraction(
        done=run.done,
        skipped=tuple(run.skipped),
        seconds=time.perf_counter() - started,
        waiting=run.waiting,
        embedding=run.embedding,
        writing=run.writing,
        batch_size=run.batch_size,
    )


@dataclass
class _Run:
    """The moving parts of one extraction: its batch size, its counts and its clocks."""

    encoder: BatchEncoder
    sink: Sink
    batch_size: int
    shape: tuple[int, ...] | None = None
    done: int = 0
    waiting: float = 0.0
    embedding: float = 0.0
    writing: float = 0.0
    skipped: list[Skipped] = field(default_factory=list)

    def embed_and_write(
        self, batch: Sequence[tuple[str, str]], prepared: list[NDArray[Any] | str]
    ) -> None:
        usable = self._usable(batch, prepared)
        while usable:
            chunk = usable[: self.batch_size]
            started = time.perf_counter()
            vectors = self._embed(np.stack([pixels for _, pixels in chunk]))
            self.embedding += time.perf_counter() - started
            if vectors is not None:
                self._write([item for item, _ in chunk], vectors)
            elif len(chunk) > 1:
                self._halve(len(chunk))
                continue
            else:
                (sample_id, path), _ = chunk[0]
                self._skip(
                    sample_id,
                    path,
                    f"{path}: memory ran out in {self.encoder.name} even for this "
                    "image alone: free memory, or use a smaller encoder or lower precision.",
                )
            del usable[: len(chunk)]

    def _usable(
        self, batch: Sequence[tuple[str, str]], prepared: list[NDArray[Any] | str]
    ) -> list[tuple[tuple[str, str], NDArray[Any]]]:
        usable = []
        for (sample_id, path), result in zip(batch, prepared, strict=True):
            if isinstance(result, str):
                self._skip(sample_id, path, result)
                continue
            self.shape = result.shape if self.shape is None else self.shape
            if result.shape != self.shape:
                self._skip(
                    sample_id,
                    path,
                    f"{path}: {self.encoder.name} prepared it as {result.shape}, "
                    f"but the images before it as {self.shape}.",
                )
            else:
                usable.append(((sample_id, path), result))
        return usable

    def _embed(self, stack: NDArray[Any]) -> NDArray[np.float32] | None:
        """Vectors (n, dimension), or None when memory ran out."""
        try:
            vectors = self.encoder.embed(stack)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            vectors = None
        if vectors is None:
            # Only here, outside the except block, has the traceback let go of the model's tensors.
            free_device_memory()
            return None
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.shape != (len(stack), self.encoder.dimension):
            raise DimensionError(
                f"{self.encoder.name} returned an array of shape {vectors.shape} for {len(stack)} "
                f"images where {(len(stack), self.encoder.dimension)} was expected; the batch is "
                "not written."
            )
        return vectors

    def _write(self, items: list[tuple[str, str]], vectors: NDArray[np.float32]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            length = np.linalg.norm(vectors, axis=1)
            good = np.abs(length - 1.0) <= UNIT_TOLERANCE  # False for NaN and Inf
        for (sample_id, path), row_is_good, row_length in zip(items, good, length, strict=True):
            if not row_is_good:
                what = (
                    f"a vector of length {row_length:.3g} in place of 1"
                    if np.isfinite(row_length)
                    else "a vector with NaN or Inf"
                )
                self._skip(sample_id, path, f"{path}: {self.encoder.name} returned {what}.")
        if good.any():
            ids = [sample_id for (sample_id, _), keep in zip(items, good, strict=True) if keep]
            started = time.perf_counter()
            self.sink(ids, np.ascontiguousarray(vectors[good]))
            self.writing += time.perf_counter() - started
            self.done += len(ids)

    def _halve(self, tried: int) -> None:
        self.batch_size = tried // 2
        _log.warning(
            "Memory ran out with %d images at a time; going on with %d.", tried, self.batch_size
        )

    def _skip(self, sample_id: str, path: str, reason: str) -> None:
        _log.warning("Skipped: %s", reason)
        self.skipped.append(Skipped(sample_id, path, reason))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out, on whatever device."""
    # torch.OutOfMemoryError is a RuntimeError; on a CPU and from cuBLAS it is a plain one.
    message = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in message for words in _OUT_OF_MEMORY)
    )


def free_device_memory() -> None:
    """Hand back what a failed batch left behind, so that a smaller one may fit."""
    gc.collect()
    torch = sys.modules.get("torch")  # not imported here: whoever ran out of memory has it loaded
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
