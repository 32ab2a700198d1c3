"""Images to vectors, a batch at a time: decode ahead in threads, embed in the calling thread.

Worker threads decode a bounded number of images ahead of the model.  What a batch becomes depends
on its images alone: the same function makes it here and on a node of a cluster.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DimensionError
from .attributes import image_attributes
from .decode_ahead import decode_ahead
from .halving import Halving, Skipped
from .images import open_rgb

BATCHES_AHEAD = 2
"""Batches that are decoded, or being decoded, while another is at the model."""

UNIT_TOLERANCE = 1e-2
"""How far a row's length may be from 1: half-precision encoders normalise before the cast."""
Items = Sequence[tuple[str, str]]


class BatchEncoder(Protocol):
    """The part of ``encoders.protocol.Encoder`` that extraction needs."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def prepare(self, image: Image.Image, /) -> NDArray[Any]: ...

    def embed(self, batch: NDArray[Any], /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, eq=False)
class Batch:
    """What became of ``images`` images.

    ``ids`` of those that have a vector, n of them; ``vectors`` float32 (n, dimension), unit rows;
    ``attributes`` of each, empty where they are not measured; ``skipped``, the others; seconds
    spent ``waiting`` for decoded images and ``embedding``; ``batch_size`` from here on;
    ``fingerprint`` of the encoder, "" where it has none.
    """

    images: int
    ids: list[str]
    vectors: NDArray[np.float32]
    attributes: list[dict[str, float]]
    skipped: list[Skipped]
    waiting: float
    embedding: float
    batch_size: int
    fingerprint: str


def batches(
    items: Items, encoder: BatchEncoder, batch_size: int, num_workers: int, measured: bool
) -> Generator[Batch, None, None]:
    """Embed images (id, path), a batch after the other; ``measured``: their attributes as well.

    Closing the generator ends the threads that decode.
    """
    run = _Run(encoder, Halving(batch_size), measured)
    decoding = decode_ahead(
        [path for _, path in items],
        run.decode,
        ahead=lambda: max(BATCHES_AHEAD * run.sizes.batch_size, num_workers),
        workers=num_workers,
    )
    handled = 0
    with closing(decoding):
        while handled < len(items):
            images = items[handled : handled + run.sizes.batch_size]
            started = time.perf_counter()
            prepared = list(islice(decoding, len(images)))
            waiting = time.perf_counter() - started
            made = run.batch(images, prepared, waiting)
            del prepared  # before others are decoded in its place
            handled += len(images)
            yield made


@dataclass
class _Prepared:
    """One decoded image: what the network takes, and its attributes; none if not asked for."""

    pixels: NDArray[Any]
    attributes: dict[str, float]


_Item = tuple[str, str, _Prepared]


@dataclass
class _Run:
    """What batches have in common: their size, and the shape of a prepared image."""

    encoder: BatchEncoder
    sizes: Halving
    measured: bool
    shape: tuple[int, ...] | None = None

    def decode(self, path: str) -> _Prepared:
        image = open_rgb(path)
        measured = image_attributes(image) if self.measured else {}
        return _Prepared(self.encoder.prepare(image), measured)

    def batch(self, images: Items, prepared: list[_Prepared | str], waiting: float) -> Batch:
        known, embedding = len(self.sizes.skipped), 0.0
        kept: list[_Item] = []
        rows = [np.empty((0, self.encoder.dimension), np.float32)]

        def embed(part: list[_Item]) -> NDArray[np.float32]:
            nonlocal embedding
            started = time.perf_counter()
            try:
                return self.encoder.embed(np.stack([one.pixels for _, _, one in part]))
            finally:
                embedding += time.perf_counter() - started

        for part, vectors in self.sizes.parts(self._usable(images, prepared), embed):
            if vectors is not None:
                good = self._good(part, self._checked(part, vectors))
                kept += [item for item, keep in zip(part, good, strict=True) if keep]
                rows.append(np.asarray(vectors, np.float32)[good])
                continue
            item_id, path, _ = part[0]
            self.sizes.skip(
                item_id,
                path,
                f"{path}: memory ran out in {self.encoder.name} even for this image alone: free "
                "memory, or use a smaller encoder or lower precision.",
            )
        return Batch(
            len(images),
            [item_id for item_id, _, _ in kept],
            np.concatenate(rows),
            [one.attributes for _, _, one in kept] if self.measured else [],
            self.sizes.skipped[known:],
            waiting,
            embedding,
            self.sizes.batch_size,
            getattr(self.encoder, "fingerprint", ""),
        )

    def _usable(self, images: Items, prepared: list[_Prepared | str]) -> list[_Item]:
        usable = []
        for (item_id, path), one in zip(images, prepared, strict=True):
            if isinstance(one, str):
                self.sizes.skip(item_id, path, one)
                continue
            self.shape = self.shape or one.pixels.shape
            if one.pixels.shape == self.shape:
                usable.append((item_id, path, one))
            else:
                self.sizes.skip(
                    item_id,
                    path,
                    f"{path}: {self.encoder.name} prepared it as {one.pixels.shape}, "
                    f"but the images before it as {self.shape}.",
                )
        return usable

    def _checked(self, part: list[_Item], vectors: NDArray[Any]) -> NDArray[np.float32]:
        if vectors.shape != (len(part), self.encoder.dimension):
            raise DimensionError(
                f"{self.encoder.name} returned an array of shape {vectors.shape} for {len(part)} "
                f"images where {(len(part), self.encoder.dimension)} was expected; the batch is "
                "not written."
            )
        return np.asarray(vectors, dtype=np.float32)

    def _good(self, part: list[_Item], vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which rows are unit vectors; the other images are skipped."""
        with np.errstate(over="ignore", invalid="ignore"):
            length = np.linalg.norm(vectors, axis=1)
            good = np.abs(length - 1.0) <= UNIT_TOLERANCE  # False for NaN and Inf
        for row in np.flatnonzero(~good):
            item_id, path, _ = part[row]
            what = (
                f"a vector of length {length[row]:.3g} in place of 1"
                if np.isfinite(length[row])
                else "a vector with NaN or Inf"
            )
            self.sizes.skip(item_id, path, f"{path}: {self.encoder.name} returned {what}.")
        return np.asarray(good)
