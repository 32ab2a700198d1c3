"""One adapter a method: ``prepare(U, d0) -> run(k) -> indices``; only ``run`` is timed.

Turning the rows into what a package wants is not held against it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = Callable[[int], NDArray[np.int64]]


def gapsphere(U: NDArray[np.float32], d0: NDArray | None) -> Run:
    """Ours."""
    from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy

    return lambda k: k_center_greedy(None, U, k, d0)[0]


def plain_numpy(U: NDArray[np.float32], d0: NDArray | None) -> Run:
    """The textbook loop: one matrix-vector product a pick."""

    def run(k: int) -> NDArray[np.int64]:
        picks = np.empty(k, np.int64)
        near = np.full(len(U), -2, np.float32) if d0 is None else (1 - d0**2 / 2).astype(U.dtype)
        for position in range(k):
            picks[position] = near.argmin()
            np.maximum(near, U @ U[picks[position]], out=near)
        return picks

    return run


def lightly_mundig(U: NDArray[np.float32], _: NDArray | None) -> Run:
    """Lightly's Rust greedy."""
    from lightly_mundig import Selection

    selection: Any = Selection()
    selection.add_diversifying_strategy(embeddings=U, strength=1.0)
    return lambda k: np.asarray(selection.run_selection([0], len(U), k), np.int64)


def torch_quickfps(U: NDArray[np.float32], _: NDArray | None) -> Run:
    """Bucketed farthest point sampling in C++."""
    import torch
    from torch_quickfps import sample_idx

    torch.set_num_threads(1)
    rows = torch.from_numpy(U)
    return lambda k: sample_idx(rows, k, start_idx=0).numpy()


def fpsample(U: NDArray[np.float32], _: NDArray | None) -> Run:
    """Vanilla farthest point sampling in Rust."""
    from fpsample import fps_sampling

    return lambda k: fps_sampling(U, k, start_idx=0).astype(np.int64)


def k_center(U: NDArray[np.float32], _: NDArray | None) -> Run:
    """Gonzalez' greedy behind scikit-learn's interface; its first pick is random."""
    from k_center import KCenter

    return lambda k: np.asarray(
        KCenter(n_clusters=k, random_state=0).fit(U).center_indices_, np.int64
    )


METHODS: dict[str, Callable[[NDArray[np.float32], NDArray | None], Run]] = {
    "gapsphere": gapsphere,
    "numpy": plain_numpy,
    "lightly-mundig": lightly_mundig,
    "torch-quickfps": torch_quickfps,
    "fpsample": fpsample,
    "k-center": k_center,
}
EVERY_ROUND = ("gapsphere", "numpy", "lightly-mundig")
"""The others take minutes of CPU at full size: they join the first round only."""
