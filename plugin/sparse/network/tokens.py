"""A scene as tensors: what the model computes with, in the unit of this frame's own samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .scene import Scene


@dataclass(frozen=True)
class Neighbours:
    """Tokens that each query sees, ``index`` (Q, K), None: all; ``dead`` marks missing ones."""

    index: Tensor | None = None
    dead: Tensor | None = None

    def part(self, first: int, last: int) -> tuple[Tensor | None, Tensor | None]:
        rows = slice(first, last)
        index, dead = self.index, self.dead
        return index if index is None else index[rows], dead if dead is None else dead[rows]


@dataclass(frozen=True)
class Tokens:
    """A scene's tokens; see :class:`~.scene.Scene`.

    ``age`` is the logarithm of 1 + frames; ``centre`` and ``scale`` are mean and spread of this
    frame's values, ``spacing`` the mean distance of its samples in pixels.
    """

    position: Tensor
    values: Tensor
    age: Tensor
    surprise: Tensor
    revisit: Tensor
    change: Tensor
    new: int
    near: Neighbours
    index: Neighbours
    centre: Tensor
    scale: Tensor
    spacing: float


def make_tokens(scene: Scene, like: Tensor, *, everything: bool) -> Tokens:
    """Tokens on the device and in the floats of ``like``; ``everything``: queries see them all."""
    height, width = scene.resolution
    y, x = np.divmod(scene.pixels, width)
    values = tensor_like(scene.values, like)
    new = values[: scene.new]
    scale = new.std(correction=0) + 0.02
    return Tokens(
        position=tensor_like(np.stack([x, y], -1).astype(np.float32), like),
        values=values,
        age=tensor_like(np.log1p(scene.age), like),
        surprise=tensor_like(scene.surprise, like),
        revisit=tensor_like(scene.revisit, like),
        change=tensor_like(scene.change, like) / scale,
        new=scene.new,
        near=Neighbours() if everything else _neighbours(tensor_like(scene.near, like)),
        index=Neighbours() if everything else _neighbours(tensor_like(scene.index, like)),
        centre=new.mean(),
        scale=scale,
        spacing=float(np.sqrt(height * width / scene.new)),
    )


def tensor_like(array: NDArray[Any], like: Tensor) -> Tensor:
    """An array on the device of ``like``; floats become its floats."""
    found = torch.from_numpy(np.ascontiguousarray(array))
    return found.to(like.device, like.dtype if found.is_floating_point() else None)


def _neighbours(index: Tensor) -> Neighbours:
    dead = index < 0
    return Neighbours(index.clamp_min(0), dead if bool(dead.any()) else None)
