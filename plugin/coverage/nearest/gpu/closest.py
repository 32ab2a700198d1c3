"""Nearest references by a GPU: contenders in float32, the winner in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ....progress import Progress, silent
from ..rows import Rows
from ..segments import Index
from .bands import Lot, Product, Side, products, squared_of_pairs

if TYPE_CHECKING:
    from torch import Tensor


def closest_on_gpu(
    queries: Rows,
    references: Rows,
    *,
    group: Index | tuple[Index, Index] | None = None,
    device: str = "cuda",
    memory_mb: float | None = None,
    progress: Progress = silent,
) -> tuple[NDArray[np.float64], Index]:
    """What :func:`..distances.closest` gives, by a torch device.

    Parameters
    ----------
    queries, references : float32 (n, d), (m, d)
        Unit rows, checked before.
    group : int64 (m,), or of both, optional
        As :func:`..distances.closest` has it.
    memory_mb : float, optional
        Of the device; by default most of what is free.

    Returns
    -------
    squared, index : float64 (n,), int64 (n,)
        Distances may differ from the processor's in the last bits of float64.

    Examples
    --------
    >>> S = np.eye(3, dtype=np.float32)
    >>> closest_on_gpu(S[[2, 0]], S, device="cpu")[1].tolist()
    [2, 0]
    """
    found = _Found.nothing(len(queries), device)
    for product in products(queries, references, group, device, memory_mb, progress):
        _look_again(product, found.of(product.band))
    return found.squared.cpu().numpy(), found.index.cpu().numpy()


def _look_again(product: Product, nearest: _Found) -> None:
    """Settle the nearest of a band among the segments that can hold it."""
    reached = (1 - nearest.squared / 2).float().clamp_(min=-2)
    off = product.off()
    bar = (product.peaks[: len(off)].amax(dim=1) - 2 * off).maximum(reached - off)
    at_zero = nearest.squared == 0  # nothing is nearer, and of those at 0 the first wins
    for lot in product.lots(bar, at_zero):
        reached = _settle(product, lot, nearest, reached)
        at_zero.copy_(nearest.squared == 0)


def _settle(product: Product, lot: Lot, nearest: _Found, reached: Tensor) -> Tensor:
    """Let the contenders of a lot try; ``reached``, each row's similarity so far, is raised."""
    import torch

    band, known = product.band, product.known
    asking = lot.rows.clamp(min=0)
    largest = lot.similarity.amax(dim=2).flatten()
    reached = reached.scatter_reduce(0, asking.flatten(), largest, "amax")
    bar = (reached[asking] - product.tie)[..., None]
    at, place, column = (lot.similarity >= bar).nonzero(as_tuple=True)
    query, number = lot.rows[at, place], lot.numbers[at, column]
    first = torch.ones_like(query, dtype=torch.bool)
    first[1:] = (at[1:] != at[:-1]) | (place[1:] != place[:-1])
    for pairs in (first, ~first):
        left = pairs & (nearest.squared[query] > 0)
        one, other = query[left], number[left]
        nearest.offer(one, squared_of_pairs(band, one, known, other), known.first + other)
    return reached


@dataclass(frozen=True)
class _Found:
    """Squared distances float64 (n,) and indices int64 (n,) of the nearest so far."""

    squared: Tensor
    index: Tensor

    @classmethod
    def nothing(cls, count: int, device: str) -> _Found:
        """Nothing is found yet."""
        import torch

        return cls(
            torch.full((count,), torch.inf, dtype=torch.float64, device=device),
            torch.zeros(count, dtype=torch.int64, device=device),
        )

    def of(self, band: Side) -> _Found:
        """Views of some queries: what is written there is kept."""
        mine = slice(band.first, band.first + band.count)
        return _Found(self.squared[mine], self.index[mine])

    def offer(self, row: Tensor, squared: Tensor, index: Tensor) -> None:
        """Let pairs try; of those as near, the lowest index wins."""
        import torch

        best = torch.full_like(self.squared, torch.inf).scatter_reduce_(0, row, squared, "amin")
        none = torch.iinfo(torch.int64).max
        level = torch.where(squared == best[row], index, none)
        lowest = torch.full_like(self.index, none).scatter_reduce_(0, row, level, "amin")
        wins = (best < self.squared) | ((best == self.squared) & (lowest < self.index))
        self.squared.copy_(torch.where(wins, best, self.squared))
        self.index.copy_(torch.where(wins, lowest, self.index))
