"""Images to embeddings: decode ahead in threads, embed in batches, hand every batch on at once.

Worker threads decode a bounded number of images ahead of the model, which runs in the calling
thread, and each batch goes to the caller's sink, in that thread too, before the next one starts.
So a kill loses the one batch under way, and memory does not grow with the number of images.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DimensionError, InputError
from ..progress import Progress, silent
from .attributes import image_attributes
from .decode_ahead import decode_ahead
from .halving import Halving, Skipped
from .images import open_rgb

Sink = Callable[[list[str], NDArray[np.float32]], None]
AttributeSink = Callable[[list[str], list[dict[str, float]]], None]

BATCHES_AHEAD = 2
"""Batches that are decoded, or being decoded, while another is at the model."""

UNIT_TOLERANCE = 1e-2
"""How far a row's length may be from 1: half-precision encoders normalise before the cast."""


class BatchEncoder(Protocol):
    """The part of ``encoders.protocol.Encoder`` that extraction needs."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def prepare(self, image: Image.Image, /) -> NDArray[Any]: ...

    def embed(self, batch: NDArray[Any], /) -> NDArray[np.float32]: ...


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
    keep_attributes: AttributeSink | None = None,
    progress: Progress = silent,
) -> Extraction:
    """Embed images and hand each batch to ``sink`` as soon as it is done.

    Parameters
    ----------
    items : sequence of (id, path)
        What to embed, in the order in which the sink will see it.
    encoder : BatchEncoder
        ``prepare`` runs in several threads, ``embed`` in the calling one.
    sink : callable of (ids, vectors)
        Called in the calling thread with n ids and float32 (n, dimension) unit rows.  An error of
        the sink ends the extraction and is raised.
    batch_size : int, at least 1
        Images at the model at a time; halved, and kept so, when memory runs out.
    num_workers : int, at least 1
        Decoding threads.  At most ``BATCHES_AHEAD`` batches wait decoded.
    keep_attributes : callable of (ids, attributes), optional
        Has :func:`~.attributes.image_attributes` measured on each decoded image, before the
        encoder crops or masks it, and gets those of a batch just before ``sink`` gets its vectors:
        an image that has a vector has its attributes.
    progress : callable of (handled, total), optional
        Called after every batch; it may raise to stop.

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
    batches = Halving(batch_size)
    run = _Run(encoder, sink, keep_attributes, batches)
    decoding = decode_ahead(
        [path for _, path in items],
        run.decode,
        ahead=lambda: max(BATCHES_AHEAD * batches.batch_size, num_workers),
        workers=num_workers,
    )
    handled = 0
    with closing(decoding):
        while handled < len(items):
            batch = items[handled : handled + batches.batch_size]
            waited = time.perf_counter()
            prepared = list(islice(decoding, len(batch)))
            run.waiting += time.perf_counter() - waited
            run.embed_and_write(batch, prepared)
            del prepared  # before others are decoded in its place
            handled += len(batch)
            progress(handled, len(items))
    return Extraction(
        done=run.done,
        skipped=tuple(batches.skipped),
        seconds=time.perf_counter() - started,
        waiting=run.waiting,
        embedding=run.embedding,
        writing=run.writing,
        batch_size=batches.batch_size,
    )


@dataclass
class _Prepared:
    """One decoded image: what the network takes, and its attributes; none if not asked for."""

    pixels: NDArray[Any]
    attributes: dict[str, float]


_Item = tuple[str, str, _Prepared]


@dataclass
class _Run:
    """The moving parts of one extraction: its batch size, its counts and its clocks."""

    encoder: BatchEncoder
    sink: Sink
    keep_attributes: AttributeSink | None
    batches: Halving
    shape: tuple[int, ...] | None = None
    done: int = 0
    waiting: float = 0.0
    embedding: float = 0.0
    writing: float = 0.0

    def decode(self, path: str) -> _Prepared:
        image = open_rgb(path)
        measured = image_attributes(image) if self.keep_attributes else {}
        return _Prepared(self.encoder.prepare(image), measured)

    def embed_and_write(
        self, batch: Sequence[tuple[str, str]], prepared: list[_Prepared | str]
    ) -> None:
        for part, vectors in self.batches.parts(self._usable(batch, prepared), self._embed):
            if vectors is not None:
                self._write(part, vectors)
                continue
            item_id, path, _ = part[0]
            self.batches.skip(
                item_id,
                path,
                f"{path}: memory ran out in {self.encoder.name} even for this image alone: free "
                "memory, or use a smaller encoder or lower precision.",
            )

    def _usable(
        self, batch: Sequence[tuple[str, str]], prepared: list[_Prepared | str]
    ) -> list[_Item]:
        usable = []
        for (item_id, path), one in zip(batch, prepared, strict=True):
            if isinstance(one, str):
                self.batches.skip(item_id, path, one)
                continue
            self.shape = self.shape or one.pixels.shape
            if one.pixels.shape == self.shape:
                usable.append((item_id, path, one))
            else:
                self.batches.skip(
                    item_id,
                    path,
                    f"{path}: {self.encoder.name} prepared it as {one.pixels.shape}, "
                    f"but the images before it as {self.shape}.",
                )
        return usable

    def _embed(self, part: list[_Item]) -> NDArray[np.float32]:
        started = time.perf_counter()
        try:
            vectors = self.encoder.embed(np.stack([one.pixels for _, _, one in part]))
        finally:
            self.embedding += time.perf_counter() - started
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.shape != (len(part), self.encoder.dimension):
            raise DimensionError(
                f"{self.encoder.name} returned an array of shape {vectors.shape} for {len(part)} "
                f"images where {(len(part), self.encoder.dimension)} was expected; the batch is "
                "not written."
            )
        return vectors

    def _write(self, items: list[_Item], vectors: NDArray[np.float32]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            length = np.linalg.norm(vectors, axis=1)
            good = np.abs(length - 1.0) <= UNIT_TOLERANCE  # False for NaN and Inf
        for row in np.flatnonzero(~good):
            item_id, path, _ = items[row]
            what = (
                f"a vector of length {length[row]:.3g} in place of 1"
                if np.isfinite(length[row])
                else "a vector with NaN or Inf"
            )
            self.batches.skip(item_id, path, f"{path}: {self.encoder.name} returned {what}.")
        if good.any():
            kept = [item for item, keep in zip(items, good, strict=True) if keep]
            ids = [item_id for item_id, _, _ in kept]
            started = time.perf_counter()
            if self.keep_attributes:
                self.keep_attributes(ids, [one.attributes for _, _, one in kept])
            self.sink(ids, np.ascontiguousarray(vectors[good]))
            self.writing += time.perf_counter() - started
            self.done += len(ids)
