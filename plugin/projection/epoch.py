"""One epoch of the layout, compiled: importing this module compiles it, or reads what was compiled.

Each vertex moves from where the epoch found all others, and its random vertices follow from the
epoch's seed and its own number.  So vertices may be shared out among any number of threads, and
every share gives the same bits.

What is read at random is what takes time.  So random vertices lie in a row, in a pool that is drawn
for the epoch, and coordinates are three arrays: both loops then run by the processor's vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiled import compiled

NEGATIVES = 5
"""Random vertices that push for each neighbour that pulls (umap's ``negative_sample_rate``)."""
TOGETHER = 16
"""Random vertices of one vertex that follow one another in the pool."""
SHIFT = 15
LOWEST, HIGHEST = -40, 40
"""Forces are read from a table: its rows are the float32 numbers from ``2**LOWEST`` to
``2**HIGHEST`` without the last ``SHIFT`` bits, 256 an octave."""

F, I32, U32, U64 = np.float32, np.int32, np.uint32, np.uint64
FAST: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}


def rows_of_table() -> Any:
    """The number in the middle of each row of a table, float64."""
    ends = np.array([2.0**LOWEST, 2.0**HIGHEST], F).view(I32) >> SHIFT
    middle = (np.arange(*ends, dtype=I32) << SHIFT) + I32(1 << SHIFT - 1)
    return middle.view(F).astype(np.float64)


FIRST = I32(F(2.0**LOWEST).view(I32) >> SHIFT)
LAST = I32(len(rows_of_table()) - 1)


@compiled("int32(float32)", **FAST)
def _row(squared: Any) -> Any:
    return min(max((F(squared).view(I32) >> I32(SHIFT)) - FIRST, I32(0)), LAST)


@compiled("uint32(uint32)", **FAST)
def _mixed(number: Any) -> Any:
    """The finalizer of MurmurHash3 (A. Appleby 2011): every bit depends on every bit."""
    number = U32((number ^ (number >> U32(16))) * U32(0x85EBCA6B))
    number = U32((number ^ (number >> U32(13))) * U32(0xC2B2AE35))
    return U32(number ^ (number >> U32(16)))


@compiled(
    "void(float32[:, ::1], float32[:, ::1], float32[:, ::1], int64[::1], int32[::1], "
    "float32[::1], int64, int64, int64, float32, float32[::1], float32[::1], uint32, boolean)",
    **FAST,
)
def move(
    old: Any,
    new: Any,
    pool: Any,
    first_edge: Any,
    neighbour: Any,
    weight: Any,
    start: Any,
    stop: Any,
    epoch: Any,
    rate: Any,
    pull: Any,
    push: Any,
    seed: Any,
    unit: Any,
) -> None:
    """Write into ``new`` where vertices ``start`` to ``stop`` go from ``old``, both (3, n).

    Neighbours pull in proportion to the weight of their edge, implicitly: a vertex ends between
    where it is and their mean, at any rate.  For a weight of 1, :data:`NEGATIVES` vertices of
    ``pool`` (3, any number above :data:`TOGETHER`) push, each :data:`TOGETHER` of them from a
    random one on.  ``pull`` and ``push`` are tables of force over distance.  With ``unit`` columns
    stay unit.
    """
    count = U64(pool.shape[1] - TOGETHER)
    old_x, old_y, old_z = old[0], old[1], old[2]
    for v in range(start, stop):
        x, y, z = old_x[v], old_y[v], old_z[v]
        degree, stiff, sx, sy, sz = F(0), F(0), F(0), F(0), F(0)
        ends = neighbour[first_edge[v] : first_edge[v + 1]]
        weights = weight[first_edge[v] : first_edge[v + 1]]
        for edge in range(len(ends)):
            other = U32(ends[edge])  # unsigned: no loop is vectorised that asks whether it is < 0
            dx, dy, dz = old_x[other] - x, old_y[other] - y, old_z[other] - z
            force = weights[edge] * pull[U32(_row(dx * dx + dy * dy + dz * dz))]
            degree += weights[edge]
            stiff += force
            sx, sy, sz = sx + force * dx, sy + force * dy, sz + force * dz
        # So many, by and by, that in any number of epochs they are the right share.
        pushes = F(NEGATIVES) * degree
        pushing = int(np.floor(F(epoch + 1) * pushes) - np.floor(F(epoch) * pushes))
        state = U32(v) * U32(0x9E3779B1) + seed
        for turn in range(0, pushing, TOGETHER):
            drawn = U64(_mixed(U32(state + U32(turn) * U32(0x85EBCA77))))
            first = np.int64((drawn * count) >> U64(32))
            last = first + min(pushing - turn, TOGETHER)
            far_x, far_y, far_z = pool[0, first:last], pool[1, first:last], pool[2, first:last]
            for far in range(len(far_x)):
                dx, dy, dz = x - far_x[far], y - far_y[far], z - far_z[far]
                force = push[U32(_row(dx * dx + dy * dy + dz * dz))]
                sx, sy, sz = sx + force * dx, sy + force * dy, sz + force * dz
        step = rate / (F(1) + rate * stiff)
        x, y, z = x + step * sx, y + step * sy, z + step * sz
        if unit:
            norm = F(1) / np.sqrt(x * x + y * y + z * z)
            x, y, z = x * norm, y * norm, z * norm
        new[0, v], new[1, v], new[2, v] = x, y, z
