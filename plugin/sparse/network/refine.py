"""The convolutional head: a small U-Net that corrects what attention interpolated.

It runs on the cells of the queries (2 x 2 pixels in the default), with full-resolution maps folded
into channels; what it gives is unfolded into pixels.  Its last layer starts at zero: before
training the model is the interpolation that attention makes.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad, pixel_shuffle, relu_


class Block(nn.Module):
    """Two 3 x 3 convolutions around a residual path."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        _silence(self.second)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(relu_(self.first(x)))


class Refinement(nn.Module):
    """U-Net from feature maps at a cell each to ``outputs`` maps at a pixel each."""

    def __init__(
        self, inputs: int, outputs: int, widths: tuple[int, ...], blocks: int, stride: int
    ) -> None:
        super().__init__()
        self.levels, self.stride = len(widths), stride
        self.enter = nn.Conv2d(inputs, widths[0], 1)
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.going_down = nn.ModuleList(_blocks(width, blocks) for width in widths)
        self.going_up = nn.ModuleList(_blocks(width, blocks) for width in widths[:-1])
        self.leave = nn.Conv2d(widths[0], outputs * stride**2, 3, padding=1)
        _silence(self.leave)

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` in cells to ``(B, outputs, stride h, stride w)`` in pixels."""
        height, width = maps.shape[-2:]
        unit = 2 ** (self.levels - 1)
        right, below = -width % unit, -height % unit
        if right or below:
            maps = pad(maps, (0, right, 0, below), mode="replicate")
        x = self.enter(maps.contiguous(memory_format=torch.channels_last))
        kept = []
        for level in range(self.levels):
            x = self.going_down[level](x)
            if level < self.levels - 1:
                kept.append(x)
                x = self.down[level](x)
        for level in reversed(range(self.levels - 1)):
            x = kept[level] + interpolate(self.up[level](x), scale_factor=2.0, mode="nearest")
            x = self.going_up[level](x)
        out = pixel_shuffle(self.leave(x), self.stride)
        return out[..., : height * self.stride, : width * self.stride]


def _silence(layer: nn.Conv2d) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width) for _ in range(count)))
