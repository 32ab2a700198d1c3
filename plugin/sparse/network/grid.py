"""The queries of a frame: one for each cell of a few pixels, and the way back to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..frames.coords import Resolution


@dataclass(frozen=True)
class Grid:
    """Cells of ``stride`` x ``stride`` pixels over a frame; the last ones may stick out."""

    resolution: Resolution
    stride: int

    @property
    def shape(self) -> tuple[int, int]:
        return -(-self.resolution[0] // self.stride), -(-self.resolution[1] // self.stride)

    @property
    def cells(self) -> int:
        return self.shape[0] * self.shape[1]

    def centres(self, first: int, last: int, device: torch.device) -> Tensor:
        """Places (x, y) of some cells' centres, in pixels."""
        number = torch.arange(first, last, device=device)
        columns = self.shape[1]
        corner = torch.stack([number % columns, number // columns], -1) * self.stride
        return corner + (self.stride - 1) / 2

    def inside(self, device: torch.device) -> Tensor:
        """Offsets (x, y) of a cell's pixels from its centre, ``(stride², 2)``, row-major."""
        side = torch.arange(self.stride, device=device) - (self.stride - 1) / 2
        y, x = torch.meshgrid(side, side, indexing="ij")
        return torch.stack([x.flatten(), y.flatten()], -1)

    def map(self, rows: Tensor) -> Tensor:
        """``(cells, F)`` to ``(F, h, w)``."""
        return rows.T.reshape(-1, *self.shape)

    def pixels(self, rows: Tensor) -> Tensor:
        """``(cells, F stride²)`` to ``(F, H, W)``."""
        height, width = self.resolution
        return nn.functional.pixel_shuffle(self.map(rows), self.stride)[:, :height, :width]

    def every_pixel(self, row: Tensor) -> Tensor:
        """``(cells,)`` to ``(H, W)``: each pixel has its cell's value."""
        height, width = self.resolution
        side = row.view(self.shape).repeat_interleave(self.stride, 0)
        return side.repeat_interleave(self.stride, 1)[:height, :width]

    def fold(self, maps: Tensor) -> Tensor:
        """``(F, H, W)`` to ``(F stride², h, w)``."""
        below, right = (-side % self.stride for side in self.resolution)
        if right or below:
            maps = nn.functional.pad(maps[None], (0, right, 0, below), mode="replicate")[0]
        return nn.functional.pixel_unshuffle(maps, self.stride)
