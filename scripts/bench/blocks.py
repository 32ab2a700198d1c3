"""How much of the product S x U exact nearest distances cost where rows are frames of drives.

    python -m gapsphere.scripts.bench.blocks            # minutes; S = 50,000, U = 100,000, d = 768
    python -m gapsphere.scripts.bench.blocks --owned 20000 --pool 20000 --kinds town  # one kind

CPU seconds of one thread; the bare product (numpy's sgemm into one buffer, nothing read) and
`nearest_distance` with and without blocks take turns on stretches of U, and each is summed up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

from ...plugin.coverage.nearest import blocks, distances
from ...plugin.coverage.nearest.block_bounds import Band, References, cut
from .coverage_data import unit_rows, video
from .timing import Clock, in_child, turned

KINDS: dict[str, tuple[str, float]] = {
    "highway, 25 Hz": ("highway", 25.0),
    "highway, 10 Hz": ("highway", 10.0),
    "town, 25 Hz": ("town", 25.0),
    "town, 10 Hz": ("town", 10.0),
    "isotropic": ("isotropic", 0.0),
}
STRETCH = 10_000
COUNTED = 4_800


def main() -> None:
    """Print the table, or measure one kind where the parent asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--owned", type=int, default=50_000)
    parser.add_argument("--pool", type=int, default=100_000, help="of the first kind")
    parser.add_argument("--others", type=int, default=30_000, help="U of the other kinds")
    parser.add_argument("--dimension", type=int, default=768)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--child", nargs=4, metavar=("KIND", "S", "U", "D"))
    options = parser.parse_args()
    if options.child:
        kind, *sizes = options.child
        print(json.dumps(measured(kind, *map(int, sizes))))
        return
    print(f"CPU seconds on one thread, S={options.owned}, d={options.dimension}")
    print(
        f"{'data':16}{'U':>8}{'product':>9}{'whole':>8}{'blocks':>8}{'plan':>6}"
        f"{'product/blocks':>16}{'same':>6}{'survive':>9}{'needed':>8}{'rows':>8}{'needed':>9}"
    )
    for turn, kind in enumerate(options.kinds):
        pool = options.others if turn else options.pool
        sizes = [str(number) for number in (options.owned, pool, options.dimension)]
        print_row(kind, pool, in_child(__spec__.name, "--child", kind, *sizes))
    print(
        "whole: nearest_distance by the whole product.  plan: its seconds are within those of "
        "blocks.\nsurvive: pairs of blocks that the first bound leaves, of the first 4,800 of U; "
        "needed: those that hold\nthe answer.  rows: similarities computed in full; needed: one "
        "for each of U."
    )


def print_row(kind: str, pool: int, found: dict[str, Any]) -> None:
    """One line of the table."""
    line = f"{kind:16}{pool:>8}{found['product']:>9.2f}{found['whole']:>8.2f}"
    line += f"{found['blocks']:>8.2f}{found['plan']:>6.2f}"
    line += f"{found['product'] / found['blocks']:>16.2f}{'yes' if found['same'] else 'NO':>6}"
    if "survive" in found:
        line += f"{found['survive']:>9.2%}{found['pairs']:>8.2%}"
        line += f"{found['rows']:>8.3%}{found['one']:>9.4%}"
    print(line, flush=True)


def measured(kind: str, owned: int, pool: int, dimension: int) -> dict[str, Any]:
    """Seconds of product, whole and blocks, whether all agree, and what the bounds leave."""
    path, hertz = KINDS[kind]
    if path == "isotropic":
        rows = unit_rows(owned + pool, dimension, path)
        S, U = rows[:owned], rows[owned:]
    else:
        S, U = (video(n, dimension, path, hertz, seed) for seed, n in enumerate((owned, pool)))
    clock = Clock()
    found: dict[str, list[Any]] = {"whole": [], "blocks": []}
    seconds = dict.fromkeys(("product", "whole", "blocks"), 0.0)
    start = clock.now()
    plan = blocks.plan(U, S)
    planned = clock.now() - start
    work: dict[str, Callable[[np.ndarray], object]] = {
        "product": lambda part: product(part, S),
        "whole": lambda part: found["whole"].append(whole(part, S)),
    }
    product(U[:512], S)
    for turn, first in enumerate(range(0, pool, STRETCH)):
        part = U[first : first + STRETCH]
        for name in turned(list(work), turn):
            start = clock.now()
            work[name](part)
            seconds[name] += clock.now() - start
    start = clock.now()
    nearest = distances.closest(U, S)
    seconds["blocks"] = clock.now() - start
    truth = [np.concatenate(parts) for parts in zip(*found["whole"], strict=True)]
    same = all(np.array_equal(a, b) for a, b in zip(nearest, truth, strict=True))
    answer = {**seconds, "plan": planned, "same": same}
    return answer if plan is None else answer | left(U[:COUNTED], S, plan)


def product(part: np.ndarray, S: np.ndarray) -> None:
    """The matrix product alone, by numpy's BLAS into one buffer."""
    out = np.empty((512, len(S)), np.float32)
    for first in range(0, len(part), 512):
        rows = part[first : first + 512]
        np.matmul(rows, S.T, out=out[: len(rows)])


def whole(part: np.ndarray, S: np.ndarray) -> Any:
    """What `closest` gives without blocks."""
    with patch.object(distances, "plan", lambda *_, **__: None):
        return distances.closest(part, S)


def left(U: np.ndarray, S: np.ndarray, plan: blocks.Plan) -> dict[str, float]:
    """Shares of pairs of blocks and of rows that the bounds leave, and that had to be left."""
    pairs, rows = 0, 0
    row_bounds, similarity = Band.row_bounds, References.similarity

    def counted_bounds(band: Any, number: int, some: Any) -> Any:
        nonlocal pairs
        pairs += len(some)
        return row_bounds(band, number, some)

    def counted_rows(known: Any, queries: Any, which: Any, group: Any) -> Any:
        nonlocal rows
        found = similarity(known, queries, which, group)
        rows += found[1].size
        return found

    with (
        patch.object(Band, "row_bounds", counted_bounds),
        patch.object(References, "similarity", counted_rows),
    ):
        _, index = blocks.closest_by_blocks(U, S, plan)
    asked, known = cut(U, plan.queries, None), cut(S, plan.references, None)
    mine = np.searchsorted(asked, np.arange(len(U)), side="right")
    its = np.searchsorted(known, index, side="right")
    every = len(asked) * len(known)
    return {
        "survive": pairs / every,
        "pairs": len(set(zip(mine.tolist(), its.tolist(), strict=True))) / every,
        "rows": rows / (len(U) * len(S)),
        "one": 1 / len(S),
    }


if __name__ == "__main__":
    main()
