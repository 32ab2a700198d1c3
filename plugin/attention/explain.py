"""What an encoder looked at in images, asked in one way whatever network it has.

Transformers answer by attention rollout, or by its gradient-weighted form where the question is
about another image; convolutional networks answer both by Grad-CAM.

Gradient-weighted rollout towards the distance looks much like the one towards the cosine, so what
is *new* is the difference of the two (``scripts/bench/heatmaps.py faithfulness --about new``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..encoders.protocol import Encoder
from ..encoders.torch_encoder import TorchEncoder
from ..errors import DimensionError, InputError
from .gradient import feature_layer, grad_cam, gradient_rollout
from .rollout import FusedAttention, HeadFusion, check_options
from .towers import Tower, has_attention, inside

if TYPE_CHECKING:
    import torch

COARSEST = 3
"""Patches along a side below which a map says nothing about places any more."""

About = Literal["attention", "new", "shared"]
Start = Literal["mean", "cls", "point"]


@dataclass(frozen=True)
class Question:
    """What is asked.

    Parameters
    ----------
    about : "attention", "new" or "shared"
        What was read; what sets an image apart from a query embedding; what both share.
    start : "mean", "cls" or "point"
        Read from the tokens that the embedding averages, from CLS, or from one patch.
        Transformers only.
    head_fusion, discard_ratio, residual
        As in :class:`~.rollout.FusedAttention`; for ``about="attention"`` of transformers.
    """

    about: About = "attention"
    start: Start = "mean"
    head_fusion: HeadFusion = "mean"
    discard_ratio: float = 0.0
    residual: float = 0.5

    def __post_init__(self) -> None:
        if self.about not in get_args(About):
            raise InputError(f"about is {self.about!r}; use attention, new or shared")
        if self.start not in get_args(Start):
            raise InputError(f"start is {self.start!r}; use mean, cls or point")
        check_options(self.head_fusion, self.discard_ratio, self.residual)


class Explainer:
    """An encoder made ready for one question.

    Attributes
    ----------
    method : str
        ``attention rollout``, ``gradient-weighted rollout`` or ``Grad-CAM``.
    layers : str
        Which layers are looked at, in words.
    grid : (rows, columns)
        Patches of a map: the encoder's own, unless :meth:`read_smaller` was called.

    Raises
    ------
    InputError
        The encoder cannot answer: no network to look into, windowed attention, no CLS token.

    Examples
    --------
    >>> from gapsphere.plugin.encoders.registry import load_encoder
    >>> explainer = Explainer(load_encoder("packaged", device="cpu"), Question())
    >>> explainer.method
    'Grad-CAM'
    >>> explainer.maps(np.zeros((1, 224, 224, 3), np.uint8)).shape
    (1, 7, 7)
    """

    def __init__(self, encoder: Encoder, question: Question) -> None:
        self.question = question
        self._look_into(inside(encoder))
        self.grid = self.encoder.patch_grid

    def _look_into(self, encoder: TorchEncoder) -> None:
        self.encoder, question = encoder, self.question
        if not has_attention(encoder):
            if question.start != "mean":
                raise InputError(
                    f"{encoder.name} is a convolutional network: it has no tokens to read from, "
                    "so `start` must be mean"
                )
            name, self.target = feature_layer(encoder)
            self.method, self.layers = "Grad-CAM", name
            return
        self.tower = Tower.of(encoder)
        if question.start == "cls" and not self.tower.has_cls:
            raise InputError(f"{encoder.name} has no CLS token to read from; use mean or point")
        rolled = question.about == "attention"
        self.method = "attention rollout" if rolled else "gradient-weighted rollout"
        self.layers = f"all {len(self.tower.layers)}"

    def settings(self) -> dict[str, Any]:
        """What shapes a map beside the encoder itself, as plain values."""
        return asdict(self.question) | {"method": self.method, "layers": self.layers}

    def move_to_cpu(self) -> bool:
        """From now on ask a copy of the network on the CPU; False where it is there already."""
        import torch

        if self.encoder.device.type == "cpu":
            return False
        self._look_into(self.encoder.on(torch.device("cpu")))
        return True

    def read_smaller(self) -> bool:
        """From now on let the network read images of half their sides, a quarter of the patches.

        False, and nothing changed, where the map would get too coarse or the network reads one
        size only.
        """
        import torch

        encoder, before = self.encoder, self.grid
        smaller = (before[0] // 2, before[1] // 2)
        if min(smaller) < COARSEST:
            return False
        self.grid = smaller
        try:
            with torch.no_grad():
                encoder.features(self._fitted(encoder.blank()))
        except (RuntimeError, ValueError):  # how networks of one size say so
            self.grid = before
            return False
        return True

    def maps(
        self,
        batch: NDArray[np.uint8],
        queries: NDArray[np.floating[Any]] | None = None,
        patches: Sequence[int] | None = None,
    ) -> NDArray[np.float64]:
        """Give raw weights of the patches.

        Parameters
        ----------
        batch : uint8 (n, height, width, 3)
            What ``encoder.prepare`` returned, stacked.
        queries : (n, dimension), optional
            Unit rows; needed for ``new`` and ``shared``.
        patches : n numbers, optional
            The patch of the encoder's own grid to read from in each image, for ``start="point"``.

        Returns
        -------
        float64 (n, rows, columns) on :attr:`grid`; 0 or more, but for ``new`` of a transformer,
        where a patch that speaks for likeness is below 0.

        Raises
        ------
        DimensionError
            ``queries`` or ``patches`` are missing or do not fit the batch.
        """
        import torch

        encoder = self.encoder
        if self.question.about != "attention":
            shape = (len(batch), encoder.dimension)
            if queries is None or queries.shape != shape:
                got = None if queries is None else queries.shape
                raise DimensionError(f"the question needs query embeddings {shape}, not {got}")
        images = torch.from_numpy(np.ascontiguousarray(batch)).to(encoder.device)
        images = self._fitted(encoder.pixels.normalise(images, encoder.dtype))
        new = self.question.about == "new"
        if self.method == "Grad-CAM":
            asked = None if self.question.about == "attention" else queries
            return grad_cam(encoder, self.target, images, asked, sign=-1 if new else 1)
        start = self._start(len(batch), patches)
        if queries is not None and self.question.about != "attention":
            flat = gradient_rollout(self.tower, images, queries, start)
            if new:
                apart = gradient_rollout(self.tower, images, queries, start, sign=-1)
                flat = _shares(apart) - _shares(flat)
            return flat.reshape(-1, *self.grid)
        fused = FusedAttention(
            self.grid[0] * self.grid[1],
            self.question.head_fusion,
            self.question.discard_ratio,
            self.question.residual,
        )
        with torch.no_grad(), self.tower.watched(fused.add):
            encoder.features(images)
        return fused.rollout(start).reshape(-1, *self.grid)

    def _fitted(self, images: torch.Tensor) -> torch.Tensor:
        """Images as :attr:`grid` wants them, averaged down where it is smaller."""
        import torch

        own = self.encoder.patch_grid
        if self.grid == own:
            return images
        cells = [side // count for side, count in zip(images.shape[2:], own, strict=True)]
        size = [count * cell for count, cell in zip(self.grid, cells, strict=True)]
        return torch.nn.functional.interpolate(images, size=size, mode="area")

    def _start(self, count: int, patches: Sequence[int] | None) -> NDArray[np.float64]:
        """Weights (n, N) of the tokens that reading starts from."""
        tower, grid, own = self.tower, self.grid, self.encoder.patch_grid
        start = np.zeros((count, tower.front + grid[0] * grid[1]))
        if self.question.start == "cls":
            start[:, 0] = 1
        elif self.question.start == "mean":
            start[:, tower.front :] = 1
            start[:, 0] += self.encoder.include_cls
            start /= start.sum(axis=1, keepdims=True)
        elif patches is None or len(patches) != count:
            raise DimensionError(f"the question needs one patch for each of {count} images")
        else:
            row, column = np.divmod(np.asarray(patches), own[1])
            there = row * grid[0] // own[0] * grid[1] + column * grid[1] // own[1]
            start[np.arange(count), tower.front + there] = 1
        return start


def _shares(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row divided by its sum; a row of zeros stays one."""
    totals = maps.sum(axis=1, keepdims=True)
    return maps / np.where(totals > 0, totals, 1)
