"""Similarities on a GPU, band by band: half precision says where to look again, float32 looks.

The one idea: a product in float16 runs at the GPU's full rate, and how far its inner products can
be off is known, since what rounding took from each row has a length (Cauchy-Schwarz).  Segments of
columns whose largest similarity lies below the level asked for by more than that are left out; the
others are multiplied again.  How tensor cores add: Fasi, Higham, Mikaitis & Pranesh 2021, doi
10.7717/peerj-cs.330.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....progress import Progress
from ..rows import TIE, Rows
from ..segments import Index

if TYPE_CHECKING:
    import torch
    from torch import Tensor

SEGMENT = 64
"""Columns that are looked at again together."""
MULTIPLE = 256
"""Rows and dimensions are padded to multiples of that: whole tiles of the product."""
_TOGETHER = 32  # rows that look at one segment again together
_CELLS = 1 << 27  # float32 numbers gathered for that at once: half a GB
_BAND = 1 << 16  # queries at once, at most: enough that rows share the segments they look at again
_SHARE = 0.3  # of the device's free memory: for references, and again for bands of queries
_BANDS = 3  # on the device at once: on its way, multiplied, looked at again
_WORTH = 1e11  # multiply-adds from which a GPU is worth its start
_OLDEST = (9, 0)  # compute capability: Hopper, with its tensor memory accelerator


def worth_a_gpu(queries: Rows, references: Rows) -> bool:
    """Whether a GPU that the kernel was measured on is at hand, and there is enough for it to do.

    Only where the program has loaded torch already: importing it for this costs more than it saves.
    """
    torch = sys.modules.get("torch")
    if float(len(queries)) * references.size < _WORTH or torch is None:
        return False
    if not torch.cuda.is_available() or importlib.util.find_spec("triton") is None:
        return False
    return bool(torch.cuda.get_device_capability() >= _OLDEST)


@dataclass(frozen=True)
class Side:
    """Some queries or references on the device, padded.

    ``rows`` float32 (p, d), ``half`` float16 (p, e) with zeros behind the dimensions, ``group``
    int32 (p,); ``lost`` float32 (p,) is the length of what rounding took from each row.
    """

    first: int
    count: int
    rows: Tensor
    half: Tensor
    lost: Tensor
    group: Tensor | None


@dataclass(frozen=True)
class Lot:
    """Rows that look at a segment each again.

    ``rows`` int64 (b, r) of the band, -1 for none; ``numbers`` int64 (b, c) of the references;
    ``similarity`` float32 (b, r, c), -inf for pairs that do not count.
    """

    rows: Tensor
    numbers: Tensor
    similarity: Tensor


@dataclass(frozen=True)
class Product:
    """A band of queries and a part of the references.

    ``peaks`` float32 (rows, segments) are the largest similarities in half precision, on their way
    until ``done``.
    """

    band: Side
    known: Side
    peaks: Tensor
    done: torch.cuda.Event | None

    @classmethod
    def of(cls, band: Side, known: Side) -> Product:
        """Set the device to work, and do not wait for it."""
        import torch

        peaks, done = _peaks(band, known), None
        if peaks.device.type == "cuda":
            done = torch.cuda.Event()
            done.record()
        return cls(band, known, peaks, done)

    @property
    def tie(self) -> float:
        """Similarities in float32 closer than that are compared in float64.

        A sum of d products of unit rows, one after the other, is off by at most d 2^-24 (Higham
        2002, "Accuracy and stability of numerical algorithms", section 3.1), and so is its rival.
        """
        return TIE + self.band.rows.shape[1] * 2.0**-23

    def off(self) -> Tensor:
        """How far half precision and float32 can be apart in each row, (count,)."""
        rounded: Tensor = self.band.lost[: self.band.count] + self.known.lost.max()
        return 1.001 * rounded + self.tie

    def lots(self, bar: Tensor, skip: Tensor | None = None) -> Iterator[Lot]:
        """What may reach ``bar`` (count,), by segments that ascend.

        Rows whose ``skip`` (count,) has come true by then are left out.
        """
        import torch

        band, known = self.band, self.known
        # -inf, of padding and of the row's own group, never asks.
        bar = bar.clamp(min=-2)
        segment, row = (bar <= self.peaks[: band.count].T).nonzero(as_tuple=True)
        dimension = band.rows.shape[1]
        for rows, which in _together(row, segment, known):
            asking = rows.clamp(min=0)
            references = known.rows.view(-1, SEGMENT, dimension)[which]
            similarity = torch.bmm(band.rows[asking], references.transpose(1, 2))
            numbers = which[:, None] * SEGMENT + torch.arange(SEGMENT, device=which.device)
            out = (numbers >= known.count)[:, None] | (rows < 0)[..., None]
            if skip is not None:
                out |= skip[asking][..., None]
            if band.group is not None and known.group is not None:
                out |= band.group[asking][..., None] == known.group[numbers][:, None]
            yield Lot(rows, numbers, similarity.masked_fill_(out, -torch.inf))


def products(
    queries: Rows,
    references: Rows,
    group: Index | tuple[Index, Index] | None,
    device: str,
    memory_mb: float | None,
    progress: Progress,
) -> Iterator[Product]:
    """Bands of queries against parts of the references, given as :func:`.closest.closest_on_gpu`'s.

    What the caller does with one runs beside the next one's product, on a lane of its own.
    """
    import torch

    asking, asked = group if isinstance(group, tuple) else (group, group)
    memory = _SHARE * (1e6 * memory_mb if memory_mb else _free(device))
    row = 8 * references.shape[1]  # bytes, of float32, float16 and what is in between
    wide = min(_multiple(memory / row), _padded(len(references)))
    high = min(
        _multiple(memory / _BANDS / (row + 4 * wide / SEGMENT)), _padded(len(queries)), _BAND
    )
    lane = None if device == "cpu" else torch.cuda.Stream(device)
    parts = -(-len(references) // wide)
    done, late = 0, None
    bands = _ahead(_sides(queries, asking, high, device))
    with _full_precision():
        for part, known in enumerate(_sides(references, asked, wide, device), 1):
            for band in bands:
                product = Product.of(band, known)
                if late is not None:
                    with _after(late, lane):
                        yield late
                    done += late.band.count
                    progress(done // parts, len(queries))
                late = product
            if part < parts:
                bands = _ahead(_sides(queries, asking, high, device))
        if late is not None:
            with _after(late, lane):
                yield late
    progress(len(queries), len(queries))


def squared_of_pairs(left: Side, i: Tensor, right: Side, j: Tensor) -> Tensor:
    """``|left[i] - right[j]|^2`` in float64, by the difference: equal rows give exactly 0."""
    import torch

    step = max(_CELLS // (4 * left.rows.shape[1]), 1)
    parts = [
        (left.rows[one].double() - right.rows[other]).square_().sum(dim=1)
        for one, other in zip(i.split(step), j.split(step), strict=True)
    ]
    return torch.cat(parts)


def _sides(rows: Rows, group: Index | None, size: int, device: str) -> Iterator[Side]:
    """Stretches of rows on the device, each padded to whole tiles."""
    import torch

    dimension = rows.shape[1]
    lane = None if device == "cpu" else torch.cuda.Stream(device)
    staging = torch.empty((size, dimension), pin_memory=lane is not None)
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        count, tall = len(part), _padded(len(part))
        # A map of a file is read-only; torch only reads it.
        staging[:count] = torch.from_numpy(np.ascontiguousarray(part))
        staging[count:tall] = 0
        with _on(lane):
            there = torch.empty((tall, dimension), device=device)
            there.copy_(staging[:tall], non_blocking=True)
            half = there.new_zeros((tall, _padded(dimension)), dtype=torch.float16)
            half[:, :dimension] = there
            lost = torch.linalg.vector_norm(there - half[:, :dimension], dim=1)
            own = None
            if group is not None:
                numbers = np.full(tall, np.iinfo(np.int32).min, np.int32)
                numbers[:count] = group[first : first + count]
                own = torch.from_numpy(numbers).to(device)
        yield Side(first, count, there, half, lost, own)


def _ahead(sides: Iterator[Side]) -> Iterator[Side]:
    """The same, the next one on its way in a thread of its own, the first from now on."""
    pool = ThreadPoolExecutor(1)
    first = pool.submit(next, sides, None)

    def one_by_one() -> Iterator[Side]:
        following = first
        with pool:
            while (side := following.result()) is not None:
                following = pool.submit(next, sides, None)
                yield side

    return one_by_one()


def _peaks(band: Side, known: Side) -> Tensor:
    """By one kernel on a GPU; written out on torch's CPU, where tests ask."""
    import torch

    if band.half.device.type == "cuda":
        from .peaks_kernel import segment_peaks

        return segment_peaks(band.half, known.half, known.count, SEGMENT, band.group, known.group)
    similarity = band.half.float() @ known.half.float().T
    similarity[:, known.count :] = -torch.inf
    if band.group is not None and known.group is not None:
        similarity[band.group[:, None] == known.group] = -torch.inf
    return similarity.view(len(similarity), -1, SEGMENT).amax(dim=2)


def _together(row: Tensor, segment: Tensor, known: Side) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows that ask the same segment, (b, _TOGETHER) with -1 for none, and the segments (b,).

    ``segment`` ascends, and so do those given back: lower indices come first.
    """
    import torch

    counts = torch.bincount(segment, minlength=len(known.rows) // SEGMENT)
    lots = -(-counts // _TOGETHER)
    ends = lots.cumsum(0)
    place = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[segment]
    table = torch.full((int(ends[-1]), _TOGETHER), -1, device=row.device)
    table[(ends - lots)[segment] + place // _TOGETHER, place % _TOGETHER] = row
    which = torch.repeat_interleave(torch.arange(len(counts), device=row.device), lots)
    step = max(_CELLS // (known.rows.shape[1] * (_TOGETHER + SEGMENT)), 1)
    for start in range(0, len(table), step):
        yield table[start : start + step], which[start : start + step]


@contextmanager
def _after(product: Product, lane: torch.cuda.Stream | None) -> Iterator[None]:
    """Queue work on that lane behind a product, and wait for its end."""
    if lane is not None and product.done is not None:
        lane.wait_event(product.done)
    with _on(lane):
        yield


@contextmanager
def _on(lane: torch.cuda.Stream | None) -> Iterator[None]:
    """Queue work on that lane of the GPU, and wait for its end."""
    import torch

    if lane is None:
        yield
        return
    with torch.cuda.stream(lane):
        yield
    lane.synchronize()


@contextmanager
def _full_precision() -> Iterator[None]:
    """TF32 keeps ten bits of float32; what is looked at again needs 23."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _padded(count: int) -> int:
    """The next multiple of whole tiles."""
    return -(-count // MULTIPLE) * MULTIPLE


def _multiple(count: float) -> int:
    """The multiple of whole tiles below, at least one tile."""
    return max(int(count) // MULTIPLE, 1) * MULTIPLE


def _free(device: str) -> float:
    """Bytes of the device that are free; a GB where it shares the processor's memory."""
    import torch

    return float(torch.cuda.mem_get_info(device)[0]) if device != "cpu" else 1e9
