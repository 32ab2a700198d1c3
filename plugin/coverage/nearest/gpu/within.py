"""How many references lie within a radius, and from how many drives, by a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....progress import silent
from ..rows import Rows, squared_distance_of_pairs
from ..segments import Index
from .bands import Product, products, squared_of_pairs

if TYPE_CHECKING:
    from torch import Tensor

_MARKS = 1 << 31  # rows x drives that are marked at once: a byte each
_LAST_BITS = 1e-12  # of a squared distance in float64, which depend on the order of the sum


def within_on_gpu(
    queries: Rows,
    references: Rows,
    drives: Index,
    squared: float,
    *,
    device: str = "cuda",
    memory_mb: float | None = None,
) -> tuple[Index, Index]:
    """References within a squared distance of each query, and the drives they come from; exact.

    Parameters
    ----------
    queries, references : float32 (n, d), (m, d)
        Unit rows, checked before.
    drives : int64 (m,)
        Of each reference, counted up from 0.

    Returns
    -------
    counts, drives : int64 (n,), (n,)

    Examples
    --------
    >>> S = np.eye(3, dtype=np.float32)
    >>> counts, drives = within_on_gpu(S[:1], S, np.array([0, 1, 1]), 2.0, device="cpu")
    >>> counts.tolist(), drives.tolist()
    ([3], [2])
    """
    import torch

    counts = torch.zeros(len(queries), dtype=torch.int64, device=device)
    reached = torch.zeros_like(counts)
    labels = torch.from_numpy(np.ascontiguousarray(drives)).to(device)
    known = int(drives.max()) + 1
    alone = known == len(drives)
    step = len(queries) if alone else max(_MARKS // known, 1)
    for first in range(0, len(queries), step):
        part = slice(first, min(first + step, len(queries)))
        marks = (
            None
            if alone
            else torch.zeros((part.stop - first, known), dtype=torch.bool, device=device)
        )
        asking = queries[part]
        for product in products(asking, references, None, device, memory_mb, silent):
            _count(product, asking, references, squared, counts[part], labels, marks)
        if marks is not None:
            reached[part] = marks.sum(dim=1)
    return counts.cpu().numpy(), (counts if alone else reached).cpu().numpy()


def _count(
    product: Product,
    queries: Rows,
    references: Rows,
    squared: float,
    counts: Tensor,
    labels: Tensor,
    marks: Tensor | None,
) -> None:
    """Count what a band has within the radius, and mark the drives."""
    import torch

    band, known = product.band, product.known
    level = 1 - squared / 2
    near = max(level - product.tie, -2)
    sure = level + product.tie if level > -1 else near
    for lot in product.lots(near - product.off()):
        row = band.first + lot.rows.clamp(min=0)
        number = known.first + lot.numbers
        within = lot.similarity >= sure
        at, place, column = ((lot.similarity >= near) & ~within).nonzero(as_tuple=True)
        exact = squared_of_pairs(band, lot.rows[at, place], known, lot.numbers[at, column])
        inside = exact <= squared
        edge = ((exact - squared).abs() <= _LAST_BITS).nonzero()[:, 0]  # as the processor adds
        i, j = (one[edge].cpu().numpy() for one in (row[at, place], number[at, column]))
        settled = squared_distance_of_pairs(queries, i, references, j) <= squared
        inside[edge] = torch.from_numpy(settled).to(inside.device)
        within[at, place, column] = inside
        counts.scatter_add_(0, row.flatten(), within.sum(dim=2).flatten())
        if marks is not None:
            at, place, column = within.nonzero(as_tuple=True)
            marks[row[at, place], labels[number[at, column]]] = True
