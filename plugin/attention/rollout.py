"""Attention rollout: how much of each patch reaches what the encoder gives out.

A layer mixes tokens by its attention and keeps each token by its residual path; the product of
these mixtures over all layers says how much of every input token is in every output token (Abnar
& Zuidema 2020, "Quantifying attention flow in transformers").  Only some rows of that product
are ever read, so it is never formed: one row vector sweeps from the last layer to the first, a
vector-matrix product a layer in place of a matrix-matrix product.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

if TYPE_CHECKING:
    import torch

HeadFusion = Literal["mean", "max", "min"]


def sweep(start: Any, layers: Iterable[Any], residual: float) -> Any:
    """Push row vectors through fused maps, given from the last layer to the first.

    With s the row sums of (1 - residual) A + residual I, vᵀ Â is
    (1 - residual) (v / s)ᵀ A + residual (v / s)ᵀ: no normalised copy of A is made.

    ``start`` (..., N) and ``layers`` (..., N, N) are float64, of numpy or torch; so is the result
    (..., N), NaN or infinite where a row of Â was empty.
    """
    kept = 1 - residual
    row = start
    with np.errstate(divide="ignore", invalid="ignore"):
        for attention in layers:
            share = row / (kept * attention.sum(-1) + residual)
            row = kept * (share[..., None, :] @ attention)[..., 0, :] + residual * share
    return row


def discard(fused: NDArray[Any], ratio: float, *, protected: int) -> NDArray[Any]:
    """Set the ``int(N * N * ratio)`` smallest entries to zero, save in the first columns.

    ``fused`` (N, N) is left as it is, and returned itself where nothing is discarded.  The first
    ``protected`` columns (CLS and registers) stay, and still count among the smallest.
    """
    count = int(fused.size * ratio)
    if not count:
        return fused
    flat = fused.ravel()
    threshold = np.partition(flat, count - 1)[count - 1]
    candidates = flat < threshold  # ties with it can be most of a saturated map: the first go
    ties = np.flatnonzero(flat == threshold)
    candidates[ties[: count - np.count_nonzero(candidates)]] = True
    mask = candidates.reshape(fused.shape)
    mask[:, :protected] = False
    return np.where(mask, fused.dtype.type(0), fused)


class FusedAttention:
    """The maps of all layers, fed one layer's scores at a time, and what reaches the patches.

    For each layer the heads are fused to A (``head_fusion``), the share ``discard_ratio`` of all
    entries, the smallest, is set to zero, and Â = (1 - residual) A + residual I with every row
    divided by its sum; a rollout is startᵀ Â_L … Â_1.  ``patches`` is their number in one image;
    ``maps`` are the fused float32 (n, N, N) of the layers so far, on the scores' device.
    """

    def __init__(
        self,
        patches: int,
        head_fusion: HeadFusion = "mean",
        discard_ratio: float = 0.0,
        residual: float = 0.5,
    ) -> None:
        check_options(head_fusion, discard_ratio, residual)
        self.patches = patches
        self.head_fusion = head_fusion
        self.discard_ratio = discard_ratio
        self.residual = residual
        self.maps: list[torch.Tensor] = []

    def add(self, scores: torch.Tensor) -> None:
        """Fuse the next layer's scores (n, heads, N, N); they are not kept."""
        import torch

        if self.head_fusion == "mean":
            fused = scores.detach().mean(1, dtype=torch.float32)
        else:
            extreme = torch.amax if self.head_fusion == "max" else torch.amin
            fused = extreme(scores.detach(), 1).float()
        if self.discard_ratio:
            front = fused.shape[-1] - self.patches
            thinned = [
                discard(image, self.discard_ratio, protected=front) for image in fused.cpu().numpy()
            ]
            fused = torch.from_numpy(np.stack(thinned)).to(fused.device)
        self.maps.append(fused)

    def rollout(self, start: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sweep ``start`` (n, N) to the patches: (n, patches).  The maps are used up.

        An image whose attention is not finite, or in which discarding left a row empty, gets NaN;
        its batch mates do not feel it.
        """
        import torch

        # Apple's GPUs have no float64.
        place = self.maps[0].device if self.maps[0].device.type != "mps" else "cpu"
        weights = torch.from_numpy(start).to(place)
        maps = (self.maps.pop().to(place).double() for _ in range(len(self.maps)))
        swept: NDArray[np.float64] = sweep(weights, maps, self.residual).cpu().numpy()
        return swept[:, -self.patches :]


def check_options(head_fusion: str, discard_ratio: float, residual: float) -> None:
    """Raise :class:`~..errors.InputError` for an option outside its range."""
    if head_fusion not in get_args(HeadFusion):
        raise InputError(f"head_fusion is {head_fusion!r}; use mean, max or min")
    for name, value in (("discard_ratio", discard_ratio), ("residual", residual)):
        if not 0 <= value <= 1:
            raise InputError(f"{name} is {value!r}; it is a share from 0 to 1")
