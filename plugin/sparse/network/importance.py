"""Where the next samples are worth most: maps that a reconstruction gives away about itself.

Four signals: the entropy of attention (the seed's), the dispersion of the values that attention
reads (the default), the error the model expects, the gradient of what it rebuilt.  All are
absolute, so frames can be compared; stretching to 0..1 is for pictures only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...errors import InputError, NotFiniteError
from ...settings.sparse import Signal

if TYPE_CHECKING:
    from .model import Reconstruction

Map = NDArray[np.float32]
SIGNALS: tuple[Signal, ...] = get_args(Signal)
LARGEST_SQUARE = 4096
"""The largest working size: a wider square is the mean of the whole map."""


@dataclass(frozen=True)
class ImportanceStats:
    """Mean, max and standard deviation of a map, and how evenly it is spread.

    ``entropy`` is that of the map as a distribution over pixels, as a share of the even one: 1 is
    even, 0 is a single pixel.
    """

    mean: float
    max: float
    std: float
    entropy: float


def signal_of(made: Reconstruction, frame: NDArray[np.uint8], signal: Signal) -> Map:
    """A signal of the first reconstruction of a batch, whose ``frame`` (H, W, C) is given."""
    if signal == "gradient":
        return np.asarray(gradient_of(frame) / 255, np.float32)
    found = made.log_scale.float().exp() if signal == "error" else getattr(made, signal)
    return np.asarray(found[0].float().cpu().numpy())


def gradient_of(frame: NDArray[np.generic]) -> Map:
    """Size of the brightness gradient of (H, W) or (H, W, C), in the frame's unit a pixel."""
    grey = np.asarray(frame, np.float32)
    grey = grey.mean(-1) if grey.ndim == 3 else grey
    if min(grey.shape) < 2:
        return np.zeros_like(grey)
    return np.asarray(np.hypot(*np.gradient(grey)), np.float32)


def multi_scale(importance: Map, scales: Sequence[int]) -> Map:
    """Mean of the map smoothed over squares of each side; ``(1,)`` changes nothing."""
    if not scales or min(scales) < 1 or max(scales) > LARGEST_SQUARE:
        raise InputError(
            f"Scales are sides of squares in pixels, from 1 to {LARGEST_SQUARE}, not "
            f"{', '.join(map(str, scales)) or 'none'}."
        )
    maps = [ndimage.uniform_filter(importance, side, mode="nearest") for side in scales]
    return np.asarray(np.mean(maps, axis=0), np.float32)


def smooth_in_time(importance: Map, before: Map | None, keep: float) -> Map:
    """``keep`` of the earlier map and the rest of the new one; with no earlier map, the new one."""
    if before is None or keep <= 0 or before.shape != importance.shape:
        return importance
    return np.asarray(keep * before + (1 - keep) * importance, np.float32)


def checked_importance(importance: NDArray[np.generic]) -> Map:
    """Raise :class:`~...errors.NotFiniteError` for NaN and infinity; negatives become 0."""
    found = np.asarray(importance, np.float32)
    if not np.isfinite(found).all():
        raise NotFiniteError("The importance map holds NaN or infinity; this frame's is left out.")
    return np.maximum(found, 0)


def stretched(importance: Map) -> NDArray[np.uint8]:
    """0..255 by the map's own minimum and maximum, for pictures; a constant map becomes 128."""
    low, high = float(importance.min()), float(importance.max())
    if high - low <= 1e-9 * max(abs(high), 1e-12):
        return np.full(importance.shape, 128, np.uint8)
    return np.rint(255 * ((importance - low) / (high - low))).astype(np.uint8)


def scaled(importance: Map) -> NDArray[np.uint8]:
    """0..255 with the map's maximum at 255, for pictures that keep zero at zero."""
    top = max(float(importance.max()), 1e-12)
    return np.clip(np.rint(importance / top * 255), 0, 255).astype(np.uint8)


def stats_of(importance: Map) -> ImportanceStats:
    """Figures to log."""
    flat = np.maximum(np.asarray(importance, np.float64).ravel(), 0)
    total = flat.sum()
    share = flat / total if total > 0 else np.full(len(flat), 1 / len(flat))
    spread = -(share * np.log(share, where=share > 0, out=np.zeros_like(share))).sum()
    even = np.log(len(flat)) if len(flat) > 1 else 1.0
    return ImportanceStats(
        float(flat.mean()), float(flat.max()), float(flat.std()), float(spread / even)
    )
