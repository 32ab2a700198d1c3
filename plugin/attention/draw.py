"""Images to heatmaps: decode ahead in threads, ask in batches, hand every batch on at once.

Asking for scores or gradients takes far more memory than embedding does, and how much depends on
the network.  So the work adapts: the batch is halved when memory runs out, a device that does not
hold even one image is left for the CPU, and where that has no room either the network reads smaller
images.  All of it is said aloud.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..embeddings.decode_ahead import decode_ahead
from ..embeddings.extract import Skipped, free_device_memory, is_out_of_memory
from ..embeddings.images import open_rgb
from ..errors import InputError
from ..progress import Progress, silent
from .explain import Explainer
from .placement import patch_at, placed

__all__ = ["DrawnHeatmap", "HeatmapRequest", "draw"]

_log = logging.getLogger(__name__)

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
    Drawn
        An image that cannot be decoded, shows nothing at ``point``, does not fit into memory even
        alone, small and on the CPU, or gets NaN is skipped with its reason.
    """
    if batch_size < 1 or num_workers < 1:
        raise InputError(
            f"batch_size and num_workers must be at least 1, not {batch_size} and {num_workers}"
        )
    work = _Work(explainer, sink, point, batch_size)
    work.run(items, num_workers, progress)
    return DrawnHeatmap(work.done, tuple(work.skipped), tuple(work.notes), work.batch_size)


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
    batch_size: int
    done: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def run(self, items: Sequence[HeatmapRequest], num_workers: int, progress: Progress) -> None:
        batch: list[tuple[HeatmapRequest, _Ready]] = []
        decoding = decode_ahead(
            [item.path for item in items],
            self._prepare,
            ahead=lambda: 2 * self.batch_size + num_workers,
            workers=num_workers,
        )
        with closing(decoding):
            for handled, (item, ready) in enumerate(zip(items, decoding, strict=True), start=1):
                if isinstance(ready, str):
                    self._skip(item, ready)
                else:
                    batch.append((item, ready))
                if len(batch) >= self.batch_size or handled == len(items):
                    self._finish(batch)
                    progress(handled, len(items))

    def _prepare(self, path: str) -> _Ready:
        encoder = self.explainer.encoder
        image = open_rgb(path)
        patch = 0
        if self.point is not None:
            patch = patch_at(self.point, encoder.pixels, encoder.patch_grid, *image.size)
        return _Ready(encoder.prepare(image), image.size, patch)

    def _finish(self, batch: list[tuple[HeatmapRequest, _Ready]]) -> None:
        """Make and hand on the maps of ``batch``, in parts that fit into memory; empties it."""
        while batch:
            part = batch[: self.batch_size]
            maps = self._maps(part)
            if maps is not None:
                self._hand_on(part, maps)
            elif len(part) > 1:
                self.batch_size = len(part) // 2
                self._say(f"memory ran out with {len(part)} at once; went on with fewer")
                continue
            elif self._moved_to_cpu() or self._reads_smaller():
                continue
            else:
                item = part[0][0]
                self._skip(item, f"{item.path}: memory ran out even for it alone: free memory.")
            del batch[: len(part)]

    def _maps(self, part: list[tuple[HeatmapRequest, _Ready]]) -> NDArray[np.float64] | None:
        """Raw maps, or None when memory ran out."""
        queries = [item.query for item, _ in part if item.query is not None]
        try:
            return self.explainer.maps(
                np.stack([ready.pixels for _, ready in part]),
                np.stack(queries) if queries else None,
                [ready.patch for _, ready in part],
            )
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        # Only here, outside the except block, has the traceback let go of the network's tensors.
        free_device_memory()
        return None

    def _moved_to_cpu(self) -> bool:
        """Leave a device whose memory does not hold even one image; False on the CPU itself."""
        import torch

        encoder = self.explainer.encoder
        if encoder.device.type == "cpu":
            return False
        self._say(f"memory of {encoder.device} does not hold one image; went on on the CPU")
        encoder.module.to("cpu")
        encoder.device = torch.device("cpu")  # whoever else holds it goes on there too
        free_device_memory()
        return True

    def _reads_smaller(self) -> bool:
        """Go on with smaller images and so with coarser maps; False where that cannot be."""
        if not self.explainer.read_smaller():
            return False
        rows, columns = self.explainer.grid
        self._say(
            f"memory does not hold one image; went on with smaller ones, maps of {rows} x {columns}"
        )
        return True

    def _hand_on(
        self, part: list[tuple[HeatmapRequest, _Ready]], maps: NDArray[np.float64]
    ) -> None:
        ids, heats = [], []
        for (item, ready), weights in zip(part, maps, strict=True):
            if np.isfinite(weights).all():
                ids.append(item.id)
                heats.append(placed(weights, self.explainer.encoder.pixels, *ready.size))
            else:
                self._skip(item, f"{item.path}: {self._why_not_finite()}")
        if ids:
            self.sink(ids, heats)
            self.done += len(ids)

    def _why_not_finite(self) -> str:
        if self.explainer.question.discard_ratio and not self.explainer.question.residual:
            return "discarding left a token nothing to read: give residual a weight above 0."
        return "the network gave NaN or infinity for it."

    def _skip(self, item: HeatmapRequest, reason: str) -> None:
        _log.warning("Skipped: %s", reason)
        self.skipped.append(Skipped(item.id, item.path, reason))

    def _say(self, note: str) -> None:
        _log.warning("%s", note)
        self.notes.append(note)
