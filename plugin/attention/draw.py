"""Images to heatmaps: decode ahead in threads, ask in batches, hand every batch on at once.

Scores and gradients take far more memory than embedding.  The batch is halved when memory runs
out, a device that does not hold one image is left for the CPU, and where that has no room either
the network reads smaller images; the notes say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..embeddings.decode_ahead import decode_ahead
from ..embeddings.halving import Halving, Skipped
from ..embeddings.images import open_rgb
from ..errors import InputError
from ..progress import Progress, silent
from .explain import Explainer
from .placement import patch_at, placed

Sink = Callable[[list[str], list[NDArray[np.uint8]]], None]


@dataclass(frozen=True)
class HeatmapRequest:
    """One image whose heatmap is wanted, and the embedding (dimension,) it is compared with."""

    id: str
    path: str
    query: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class DrawnHeatmap:
    """What was done: maps handed on, images without one, and what went otherwise than asked."""

    done: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    batch_size: int


def draw(
    items: Sequence[HeatmapRequest],
    explainer: Explainer,
    sink: Sink,
    *,
    point: tuple[float, float] | None = None,
    batch_size: int = 4,
    num_workers: int = 4,
    progress: Progress = silent,
) -> DrawnHeatmap:
    """Make the heatmap of every image that can be used.

    Parameters
    ----------
    sink : callable of (ids, maps)
        Called in the calling thread with each batch: uint8 maps that cover their whole images.
    point : (x, y), optional
        Shares of width and height: the place to read from, for ``start="point"``.
    batch_size : int
        Images at once; halved, and kept so, when memory runs out.
    progress
        Called with the number of images handled after each batch; it may raise to stop.

    Returns
    -------
    DrawnHeatmap
        An image that cannot be decoded, shows nothing at ``point``, does not fit into memory even
        alone, small and on the CPU, or gets NaN is skipped with its reason.
    """
    if batch_size < 1 or num_workers < 1:
        raise InputError(
            f"batch_size and num_workers must be at least 1, not {batch_size} and {num_workers}"
        )
    batches = Halving(batch_size)
    work = _Work(explainer, sink, point, batches)
    work.run(items, num_workers, progress)
    return DrawnHeatmap(work.done, tuple(batches.skipped), tuple(batches.notes), batches.batch_size)


@dataclass(frozen=True)
class _Ready:
    """A decoded image: its pixels for the network, its size, the patch that is read from."""

    pixels: NDArray[np.uint8]
    size: tuple[int, int]
    patch: int


@dataclass
class _Work:
    """The moving parts of one run."""

    explainer: Explainer
    sink: Sink
    point: tuple[float, float] | None
    batches: Halving
    done: int = 0

    def run(self, items: Sequence[HeatmapRequest], num_workers: int, progress: Progress) -> None:
        batch: list[tuple[HeatmapRequest, _Ready]] = []
        decoding = decode_ahead(
            [item.path for item in items],
            self._prepare,
            ahead=lambda: 2 * self.batches.batch_size + num_workers,
            workers=num_workers,
        )
        with closing(decoding):
            for handled, (item, ready) in enumerate(zip(items, decoding, strict=True), start=1):
                if isinstance(ready, str):
                    self.batches.skip(item.id, item.path, ready)
                else:
                    batch.append((item, ready))
                if len(batch) >= self.batches.batch_size or handled == len(items):
                    for part, maps in self.batches.parts(batch, self._maps, self._make_room):
                        self._hand_on(part, maps)
                    progress(handled, len(items))

    def _prepare(self, path: str) -> _Ready:
        encoder = self.explainer.encoder
        image = open_rgb(path)
        patch = 0
        if self.point is not None:
            patch = patch_at(self.point, encoder.pixels, encoder.patch_grid, *image.size)
        return _Ready(encoder.prepare(image), image.size, patch)

    def _maps(self, part: list[tuple[HeatmapRequest, _Ready]]) -> NDArray[np.float64]:
        queries = [item.query for item, _ in part if item.query is not None]
        return self.explainer.maps(
            np.stack([ready.pixels for _, ready in part]),
            np.stack(queries) if queries else None,
            [ready.patch for _, ready in part],
        )

    def _make_room(self) -> bool:
        """Leave a device that does not hold one image for the CPU; there, read smaller images."""
        device = self.explainer.encoder.device
        if self.explainer.move_to_cpu():
            self.batches.say(f"memory of {device} does not hold one image; going on on the CPU")
            return True
        if self.explainer.read_smaller():
            rows, columns = self.explainer.grid
            self.batches.say(
                "memory does not hold one image; going on with smaller ones, "
                f"maps of {rows} x {columns}"
            )
            return True
        return False

    def _hand_on(
        self, part: list[tuple[HeatmapRequest, _Ready]], maps: NDArray[np.float64] | None
    ) -> None:
        if maps is None:
            item = part[0][0]
            reason = f"{item.path}: memory ran out even for it alone: free memory."
            self.batches.skip(item.id, item.path, reason)
            return
        ids, heats = [], []
        for (item, ready), weights in zip(part, maps, strict=True):
            if np.isfinite(weights).all():
                ids.append(item.id)
                heats.append(placed(weights, self.explainer.encoder.pixels, *ready.size))
            else:
                reason = f"{item.path}: {self._why_not_finite()}"
                self.batches.skip(item.id, item.path, reason)
        if ids:
            self.sink(ids, heats)
            self.done += len(ids)

    def _why_not_finite(self) -> str:
        if self.explainer.question.discard_ratio and not self.explainer.question.residual:
            return "discarding left a token nothing to read: give residual a weight above 0."
        return "the network gave NaN or infinity for it."
