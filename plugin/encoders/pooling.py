"""From the patch grid of an image to one vector: the mean of all patches, or the rows kept apart.

In a driving frame the rows mean something: sky, horizon, road.  ``rows`` therefore averages over
the columns alone, gives each row's mean unit length, joins them, and projects the joined vector
back to the encoder's dimension with a Gaussian matrix, which keeps distances up to about
1 / sqrt(dimension) (Johnson & Lindenstrauss 1984).  Storage and comparisons cost what they cost
with ``mean``.

The matrix is a constant: the same on every machine and with every version of numpy.  Its bits are
the raw stream of Philox4x64-10 (Salmon et al. 2011), which numpy guarantees not to change, and a
table of 65,536 normal quantiles, rounded so coarsely that no mathematics library rounds otherwise,
turns each 16 of them into a number.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

if TYPE_CHECKING:
    import torch

Pooling = Literal["mean", "rows"]

SEED = 51
WORDS: dict[Pooling, str] = {"mean": "mean", "rows": f"rows (Gaussian matrix, seed {SEED})"}
"""What a fingerprint is made of."""

LEVELS = 1 << 16
STEP = 1 / 4096
"""Quantiles are multiples of this."""


def choose_pooling(
    wanted: Pooling | None, default: Pooling, *, name: str, include_cls: bool = False
) -> Pooling:
    """Resolve a request: the pooling wanted, else the encoder's default.

    Raises
    ------
    InputError
        ``rows`` together with the CLS token, which lies in no row.
    """
    chosen = wanted or default
    if chosen == "rows" and include_cls:
        raise InputError(
            f"{name} cannot put its CLS token into a row: leave include_cls off, or set pooling "
            "to mean"
        )
    return chosen


def refuse_rows(wanted: Pooling | None, name: str) -> None:
    """Raise :class:`~..errors.InputError` for ``rows`` of an encoder that has no patch grid."""
    if wanted == "rows":
        raise InputError(f"{name} gives vectors without a patch grid: leave pooling empty")


def row_means(patches: torch.Tensor, rows: int) -> torch.Tensor:
    """Mean of each row of patches: (n, rows * columns, d), row by row, to float32 (n, rows, d)."""
    import torch

    return patches.unflatten(1, (rows, -1)).mean(dim=2, dtype=torch.float32)


def join_rows(means: torch.Tensor, rows: int) -> torch.Tensor:
    """Make one vector of an image's row means.

    Parameters
    ----------
    means : (n, r, d)
        The mean of each row of patches, uppermost first.  Where r is not ``rows`` (an image read
        at a smaller size) each of ``rows`` takes the row at its height.
    rows : int
        Rows of the encoder's own patch grid.

    Returns
    -------
    float32 (n, d), of length about sqrt(rows).  A row of zeros adds nothing; one with NaN makes
    its image NaN.

    Notes
    -----
    For gradients the lengths of the row means are constants.  A row's length is divided out, so a
    gradient through it would only set the columns of a row against one another; taken as constant,
    the gradients of a similarity say how much every patch adds to it, over all rows.

    Examples
    --------
    >>> import torch
    >>> means = torch.tensor([[[3.0, 4.0], [0.0, 2.0]]])
    >>> torch.equal(join_rows(means, 2), join_rows(means * torch.tensor([[[9.0], [0.1]]]), 2))
    True
    """
    import torch

    count, dimension = means.shape[1:]
    if count != rows:
        at = (2 * torch.arange(rows, device=means.device) + 1) * count // (2 * rows)
        means = means[:, at]
    means = means.float()
    length = means.detach().norm(dim=2, keepdim=True)
    unit = means * torch.where(length == 0, 0.0, 1 / length)
    return unit.flatten(1) @ _matrix_on(rows, dimension, str(means.device))


def projection(rows: int, dimension: int) -> NDArray[np.float32]:
    """The Gaussian matrix (rows * dimension, dimension), entries of variance 1 / dimension.

    Each row of patches has a block of its own, read in C order from the next
    ``ceil(dimension**2 / 4)`` words of the stream, the lowest 16 bits of a word first.

    Examples
    --------
    >>> (projection(1, 1) * 4096).tolist()
    [[-192.0]]
    """
    table = (quantiles() * STEP / np.sqrt(dimension)).astype(np.float32)
    stream = np.random.Philox(key=SEED)
    matrix = np.empty((rows, dimension * dimension), np.float32)
    for block in matrix:
        words: Any = stream.random_raw(-(-block.size // 4))
        np.take(table, words.astype("<u8", copy=False).view("<u2")[: block.size], out=block)
    return matrix.reshape(rows * dimension, dimension)


@cache
def quantiles() -> NDArray[np.int16]:
    """The normal quantiles of (k + 1/2) / 65536, in units of :data:`STEP`; int16 (65536,)."""
    normal, half = NormalDist(), LEVELS // 2
    upper = [round(normal.inv_cdf((half + k + 0.5) / LEVELS) / STEP) for k in range(half)]
    return np.array([-value for value in reversed(upper)] + upper, np.int16)


@cache
def _matrix_on(rows: int, dimension: int, device: str) -> torch.Tensor:
    """The matrix on a device, made once in a process."""
    import torch

    # Made under inference mode, it could not take part in a gradient later.
    with torch.inference_mode(False):
        return torch.from_numpy(projection(rows, dimension)).to(device)
