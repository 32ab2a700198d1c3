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

_MAPS = ("importance", "frame", "probes")
_MEMORY = ("memory_value", "memory_age", "memory_last")


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
        for name in _MAPS:
            if (value := getattr(self, name)) is not None:
                arrays[name] = value
        if self.memory is not None:
            values = (self.memory.value, self.memory.age, self.memory.frame)
            arrays |= dict(zip(_MEMORY, values, strict=True))
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> LoopState:
        """The state of :meth:`to_arrays`, from a dict or an opened ``.npz``."""
        seed, count, turn, valid = (int(number) for number in arrays["numbers"])
        usual, error = (float(value) for value in arrays["measures"])
        height, width = (int(side) for side in arrays["resolution"])
        maps = {name: np.asarray(arrays[name]) for name in _MAPS if name in arrays}
        memory = None
        if "memory_age" in arrays:
            memory = Memory(*(np.asarray(arrays[name]) for name in _MEMORY))
        return cls(
            (height, width), seed, count, np.asarray(arrays["pixels"]), turn, valid,
            usual=usual, error=error, memory=memory, **maps,
        )  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What one frame led to.

    ``frame`` uint8 (H, W, C) is the reconstruction, with every sample's own value; ``importance``
    float32 (H, W) the map that the next pixels are drawn by, ``stats`` its figures; ``pixels``
    int64 (n,) what to sample of the next frame, ascending and different, ``shares`` how many of
    them each strategy placed, ``warm`` whether they follow importance.  ``expected_error`` is the
    model's own estimate of the mean absolute error in grey levels, ``held_out_psnr`` (dB) measured
    on held-out samples, NaN without; ``cut`` marks a scene cut; ``problems`` are what was worked
    around, for a person; ``state`` goes in with the next frame's samples.
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
