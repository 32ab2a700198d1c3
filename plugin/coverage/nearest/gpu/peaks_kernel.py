"""A matrix product of which only the largest of each segment of columns leaves the GPU's chip.

Written to memory and read again, a product of unit rows costs more than its arithmetic; here each
tile is reduced where it was computed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor


class Shape(NamedTuple):
    """Rows, columns and depth of a tile, stages of loads ahead, warps, and programs of a core."""

    rows: int = 128
    columns: int = 256
    depth: int = 64
    stages: int = 3
    warps: int = 8
    persistent: bool = True


SHAPE = Shape()


@triton.jit
def _peaks(  # type: ignore[no-untyped-def]  # annotations would be compiled too
    left,
    right,
    asking,
    asked,
    peaks,
    count,
    width,
    high,
    wide,
    dimension: tl.constexpr,
    segment: tl.constexpr,
    rows: tl.constexpr,
    columns: tl.constexpr,
    depth: tl.constexpr,
    grouped: tl.constexpr,
    band: tl.constexpr,
):
    """Each program takes every so-manieth tile; tiles of ``band`` rows of tiles follow one another.

    Its neighbours then read the same rows of both sides, which stay in the cache.
    """
    for tile in range(tl.program_id(0), high * wide, tl.num_programs(0)):
        first = tile // (band * wide) * band
        tall = min(high - first, band)
        place = tile % (band * wide)
        row = (first + place % tall) * rows
        column = (place // tall) * columns
        product = tl.zeros((rows, columns), tl.float32)
        for k in range(0, dimension, depth):
            a = left.load([row, k])
            b = right.load([column, k])
            product = tl.dot(a, b.T, product)
        at = column + tl.arange(0, columns)
        product = tl.where(at[None, :] < count, product, float("-inf"))
        own = row + tl.arange(0, rows)
        if grouped:
            mine = tl.load(asking + own)
            theirs = tl.load(asked + at)
            product = tl.where(mine[:, None] == theirs[None, :], float("-inf"), product)
        parts: tl.constexpr = columns // segment
        largest = tl.max(tl.reshape(product, (rows, parts, segment)), axis=2)
        out = column // segment + tl.arange(0, parts)
        tl.store(peaks + own[:, None].to(tl.int64) * width + out[None, :], largest)


def segment_peaks(
    left: torch.Tensor,
    right: torch.Tensor,
    count: int,
    segment: int,
    asking: torch.Tensor | None = None,
    asked: torch.Tensor | None = None,
    shape: Shape = SHAPE,
) -> torch.Tensor:
    """The largest of each row of ``left @ right.T`` in each segment of columns.

    Parameters
    ----------
    left, right : float16 (n, d), (m, d)
        On one GPU; n, m and d multiples of :data:`.bands.MULTIPLE`.
    count : int
        Columns from there on are padding, which counts as -inf.
    segment : int
        Columns of a segment, a power of two up to 256.
    asking, asked : int32 (n,), (m,), optional
        Pairs of equal numbers count as -inf.

    Returns
    -------
    float32 (n, m // segment)
    """
    n, d = left.shape
    m = len(right)
    high, wide = triton.cdiv(n, shape.rows), triton.cdiv(m, shape.columns)
    peaks = torch.empty((n, m // segment), device=left.device)
    programs = high * wide
    if shape.persistent:
        cores = torch.cuda.get_device_properties(left.device).multi_processor_count
        programs = min(programs, cores * max(8 // shape.warps, 1))
    grouped = asking is not None
    kernel: Any = _peaks
    kernel[(programs,)](
        TensorDescriptor.from_tensor(left, [shape.rows, shape.depth]),
        TensorDescriptor.from_tensor(right, [shape.columns, shape.depth]),
        asking if grouped else left,
        asked if grouped else left,
        peaks,
        count,
        peaks.shape[1],
        high,
        wide,
        d,
        segment,
        shape.rows,
        shape.columns,
        shape.depth,
        grouped,
        8,
        num_warps=shape.warps,
        num_stages=shape.stages,
    )
    return peaks
