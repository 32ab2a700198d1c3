"""The nearest of all that were looked at so far, kept a product at a time.

Nearly every distance is farther than the farthest one kept, and costs one comparison.  faiss, asked
for the nearest of each product alone, keeps so many of each, and they are merged afterwards.
"""

from __future__ import annotations

from typing import Any

from ...compiled import compiled


@compiled(
    "void(float32[:, ::1], int64[::1], int64[::1], float32[::1], float32[:, ::1], int64[:, ::1])",
    nogil=True,
)
def keep_nearest(
    product: Any, asking: Any, among: Any, squares: Any, distance: Any, row: Any
) -> None:
    """Put into ``distance`` and ``row`` (q, k), closest first, what is nearer than what they hold.

    ``product`` (a, m) has the inner products of the queries ``asking`` (a,) and the references
    ``among`` (m,), whose squared norms are ``squares`` (m,).  A distance is squared and lacks the
    query's own squared norm.  Of equals the one that came first stays.
    """
    last = distance.shape[1] - 1
    for i in range(len(asking)):
        near, names = distance[asking[i]], row[asking[i]]
        for j in range(len(among)):
            apart = squares[j] - (product[i, j] + product[i, j])
            if apart < near[last]:
                at = last
                while at > 0 and near[at - 1] > apart:
                    near[at], names[at] = near[at - 1], names[at - 1]
                    at -= 1
                near[at], names[at] = apart, among[j]
