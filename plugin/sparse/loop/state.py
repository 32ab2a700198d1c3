"""The state that a sampling loop carries from frame to frame, and a frame's result.

Plain data, so that a session can be stored between two frames and goes on bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..frames.coords import Pixels, Resolution
from ..frames.samples import Memory
from ..network.importance import ImportanceStats, Map


@dataclass(frozen=True)
class LoopState:
    """All that a session carries from frame to frame.

    ``turn`` frames were seen, ``valid`` of them with a usable map since the start or the last cut.
    ``pixels`` are the ones asked for next.  ``usual`` is the running mean of how far samples are
    from the frame before, in grey levels, NaN at first; ``error`` that of the squared error at the
    ``probes``, the pixels among ``pixels`` that a quality target holds out.
    """

    resolution: Resolution
    seed: int
    count: int
    pixels: Pixels
    turn: int = 0
    valid: int = 0
    importance: Map | None = None
    memory: Memory | None = None
    frame: NDArray[np.uint8] | None = None
    usual: float = float("nan")
    error: float = float("nan")
    probes: Pixels | None = None

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for ``np.savez``; :meth:`from_arrays` gives the same state back."""
        numbers = [self.seed, self.count, self.turn, self.valid]
        arrays: dict[str, NDArray[Any]] = {
            "resolution": np.array(self.resolution),
            "numbers": np.array(numbers, np.int64),
            "measures": np.array([self.usual, self.error]),
            "pixels": self.pixels,
        }
        if self.importance is not None:
            arrays["importance"] = self.importance
        if self.frame is not None:
            arrays["frame"] = self.frame
        if self.probes is not None:
            arrays["probes"] = self.probes
        if self.memory is not None:
            arrays["memory_value"] = self.memory.value
            arrays["memory_age"] = self.memory.age
            arrays["memory_last"] = self.memory.frame
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> LoopState:
        """The state of :meth:`to_arrays`, from a dict or an opened ``.npz``."""
        seed, count, turn, valid = (int(number) for number in arrays["numbers"])
        usual, error = (float(value) for value in arrays["measures"])
        height, width = (int(side) for side in arrays["resolution"])
        memory = None
        if "memory_age" in arrays:
            names = ("memory_value", "memory_age", "memory_last")
            memory = Memory(*(np.asarray(arrays[name]) for name in names))
        return cls(
            (height, width), seed, count, np.asarray(arrays["pixels"]), turn, valid,
            np.asarray(arrays["importance"]) if "importance" in arrays else None, memory,
            np.asarray(arrays["frame"]) if "frame" in arrays else None, usual, error,
            np.asarray(arrays["probes"]) if "probes" in arrays else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What one frame led to.

    Attributes
    ----------
    frame : uint8 (H, W, C)
        The reconstruction; it has every sample's own value.
    importance : float32 (H, W) or None
        The map that the next pixels are drawn by; None where there is none.
    pixels : int64 (n,)
        What to sample of the next frame, ascending and different.
    shares : dict
        How many of them each strategy placed.
    warm : bool
        Whether the next pixels follow importance.
    stats : ImportanceStats or None
        Of the map.
    expected_error : float
        The model's own estimate of the mean absolute error, in grey levels; NaN without a model.
    held_out_psnr : float
        Measured on held-out samples (dB); NaN without a quality target.
    cut : bool
        Whether this frame was taken for a scene cut.
    problems : tuple of str
        What went wrong and was worked around, for a person; empty as a rule.
    state : LoopState
        Hand it in with the next frame's samples.
    """

    frame: NDArray[np.uint8]
    importance: Map | None
    pixels: Pixels
    shares: dict[str, int]
    warm: bool
    stats: ImportanceStats | None
    expected_error: float
    held_out_psnr: float
    cut: bool
    problems: tuple[str, ...]
    state: LoopState
