"""Attention rollout: how much of each patch reaches what the encoder gives out.

A layer mixes tokens by its attention and keeps each token by its residual path; the product of
these mixtures over all layers says how much of every input token is in every output token (Abnar
& Zuidema 2020, "Quantifying attention flow in transformers").  Only some rows of that product
are ever read, so it is never formed: one row vector sweeps from the last layer to the first, a
vector-matrix product a layer in place of a matrix-matrix product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import DimensionError, InputError, NotFiniteError

if TYPE_CHECKING:
    import torch

HeadFusion = Literal["mean", "max", "min"]


def attention_rollout(
    attentions: Sequence[NDArray[Any]],
    start: Literal["mean", "cls"] | NDArray[Any] = "mean",
    head_fusion: HeadFusion = "mean",
    discard_ratio: float = 0.0,
    residual: float = 0.5,
) -> NDArray[np.float64]:
    """Roll attention out from the rows that ``start`` weighs to the patches of the image.

    For each layer the heads are fused to A, small entries are set to zero, and
    Â = (1 - residual) A + residual I with every row divided by its sum; the result is
    startᵀ Â_L … Â_1 without its first entry.

    Parameters
    ----------
    attentions : sequence of (heads, N, N)
        One array a layer, the first layer first; token 0 is CLS, row i says what token i reads.
        Left as they are; fused in float64.
    start : "mean", "cls" or (N,)
        Where reading starts: the mean over all patches (what a mean-pooled embedding is made of),
        the CLS token, or weights of one's own, taken as they are.
    head_fusion : "mean", "max" or "min"
    discard_ratio : float
        Share of all N·N entries of A, the smallest, that are set to zero, 0 to 1; those in column
        0 stay.  Among equal entries the first in row order go.
    residual : float
        Weight of the residual path, 0 to 1.

    Returns
    -------
    float64 (N - 1,)
        Share of each patch, raw.

    Raises
    ------
    DimensionError
        No layer, or layers that are not all (heads, N, N) with one N of at least 2.
    InputError
        An option outside its range, or a row that discarding left empty (``residual`` 0).
    NotFiniteError
        An attention or a start weight is NaN or infinite.

    Examples
    --------
    >>> reads_token_2 = np.zeros((1, 3, 3)); reads_token_2[..., 2] = 1
    >>> attention_rollout([reads_token_2], start="cls").tolist()
    [0.0, 0.5]
    """
    tokens = _tokens(attentions)
    check_options(head_fusion, discard_ratio, residual)
    weights = _start(start, tokens)

    def layers() -> Iterable[NDArray[np.float64]]:
        for index, attention in reversed(list(enumerate(attentions))):
            # NaN and infinity survive the sum, so one pass checks the fused map alone.
            fused = getattr(np.asarray(attention, dtype=np.float64), head_fusion)(axis=0)
            if not np.isfinite(fused).all():
                raise NotFiniteError(f"the attention of layer {index} holds NaN or infinity")
            yield discard(fused, discard_ratio, protected=1)

    swept: NDArray[np.float64] = sweep(weights, layers(), residual)
    if not np.isfinite(swept).all():
        raise InputError(
            "a token reads nothing any more: lower discard_ratio, or give residual a weight above 0"
        )
    return swept[1:]


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
    """The streaming form of :func:`attention_rollout`, fed one layer's scores at a time.

    ``patches`` is their number in one image; ``maps`` are the fused float32 (n, N, N) of the layers
    so far, on the scores' device.
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


def _tokens(attentions: Sequence[NDArray[Any]]) -> int:
    shapes = [np.shape(attention) for attention in attentions]
    if not shapes:
        raise DimensionError("there is no layer to roll attention out over")
    tokens = shapes[0][-1] if shapes[0] else 0
    for index, shape in enumerate(shapes):
        if len(shape) != 3 or shape[0] < 1 or shape[1:] != (tokens, tokens) or tokens < 2:
            raise DimensionError(
                f"layer {index} has attention of shape {shape}; every layer needs "
                f"(heads, N, N) with one N, CLS and at least one patch"
            )
    return int(tokens)


def _start(start: str | NDArray[Any], tokens: int) -> NDArray[np.float64]:
    weights = np.zeros(tokens)
    if isinstance(start, str):
        if start not in ("mean", "cls"):
            raise InputError(f"start is {start!r}; use mean, cls or one weight a token")
        if start == "mean":
            weights[1:] = 1 / (tokens - 1)
        else:
            weights[0] = 1
        return weights
    weights = np.array(start, dtype=np.float64)
    if weights.shape != (tokens,):
        raise DimensionError(f"start has shape {weights.shape}; it needs one weight for {tokens}")
    if not np.isfinite(weights).all():
        raise NotFiniteError("start holds NaN or infinity")
    return weights
