"""Images to embeddings: batches are made (:mod:`.batches`), and handed on at once.

Each batch goes to the caller's sink, in the calling thread, before the next one starts.  So a kill
loses the one batch under way, on a cluster the few shards of batches, and memory does not grow with
the number of images.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.engine import Kept, LocalKept, shards
from ..errors import InputError, MismatchError
from ..progress import Progress, silent
from .batches import Batch, BatchEncoder, Items, batches
from .halving import Skipped

Sink = Callable[[list[str], NDArray[np.float32]], None]
AttributeSink = Callable[[list[str], list[dict[str, float]]], None]

BATCHES_A_SHARD = 32
"""Batches that an encoder on a cluster gets at once: seconds of work, and little to lose."""
_log = logging.getLogger(__name__)


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
        largest is what to make faster.  The first two of all encoders together.
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
    items: Items,
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
    return extract_with(
        LocalKept(encoder),
        items,
        sink,
        batch_size=batch_size,
        num_workers=num_workers,
        keep_attributes=keep_attributes,
        progress=progress,
    )


def extract_with(
    kept: Kept,
    items: Items,
    sink: Sink,
    *,
    batch_size: int = 8,
    num_workers: int = 4,
    keep_attributes: AttributeSink | None = None,
    fingerprint: str | None = None,
    progress: Progress = silent,
) -> Extraction:
    """As :func:`extract`, by the encoders that an engine keeps: the same batches, in order.

    Images are read where the encoder is.  A cluster gets :data:`BATCHES_A_SHARD` batches at once.

    Raises
    ------
    MismatchError
        An encoder has another ``fingerprint`` than this; the batches before are written.
    """
    if batch_size < 1 or num_workers < 1:
        raise InputError(
            f"batch_size and num_workers must be at least 1, not {batch_size} and {num_workers}."
        )
    started, done, writing = time.perf_counter(), 0, 0.0
    handled, waiting, embedding, least = 0, 0.0, 0.0, batch_size
    skipped: list[Skipped] = []
    with closing(_batches(kept, items, batch_size, num_workers, keep_attributes)) as made:
        for batch in made:
            if fingerprint is not None and batch.fingerprint != fingerprint:
                raise MismatchError(
                    "The encoder of one node is not that of the others: it has other weights, or "
                    "its device chooses another precision. Set precision, and see that the "
                    "checkpoint is the same everywhere; what was written stays."
                )
            skipped += batch.skipped
            if batch.ids:
                clock = time.perf_counter()
                if keep_attributes:
                    keep_attributes(batch.ids, batch.attributes)
                sink(batch.ids, batch.vectors)
                writing += time.perf_counter() - clock
                done += len(batch.ids)
            handled += batch.images
            waiting, embedding = waiting + batch.waiting, embedding + batch.embedding
            least = min(least, batch.batch_size)
            progress(handled, len(items))
    seconds = time.perf_counter() - started
    return Extraction(done, tuple(skipped), seconds, waiting, embedding, writing, least)


def _batches(
    kept: Kept, items: Items, batch_size: int, num_workers: int, keep: AttributeSink | None
) -> Generator[Batch, None, None]:
    rows = batch_size * (BATCHES_A_SHARD if kept.cuts else max(len(items), 1))
    cut = shards([items], 1, of=batch_size, at_most=rows)
    with closing(kept.map(batches, cut, [batch_size, num_workers, keep is not None])) as found:
        for _, made in found:
            if not kept.cuts:
                yield from made
                continue
            for batch in made:
                for each in batch.skipped:  # who skipped it has a log of its own
                    _log.warning("Skipped: %s", each.reason)
                yield batch
