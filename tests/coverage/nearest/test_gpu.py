"""What a GPU is asked, against numpy: on torch's CPU, and on a GPU where there is one."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from gapsphere.plugin.coverage import support as support_of
from gapsphere.plugin.coverage.nearest import distances
from gapsphere.plugin.coverage.nearest.distances import closest
from gapsphere.plugin.coverage.nearest.gpu import bands, within
from gapsphere.plugin.coverage.nearest.gpu.closest import closest_on_gpu
from gapsphere.plugin.coverage.nearest.gpu.within import within_on_gpu
from gapsphere.plugin.coverage.support import nearest_and_support, support
from gapsphere.tests.support.made_rows import unit
from numpy.typing import NDArray

GPU = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
)
DEVICES = ["cpu", GPU]


def clustered(seed: int, owned: int, pool: int, dimension: int) -> tuple[NDArray, NDArray]:
    """Rows with copies, near copies beyond float16's digits, and rows like no other."""
    random = np.random.default_rng(seed)
    S = unit(random.normal(size=(owned, dimension)))
    U = unit(random.normal(size=(pool, dimension)))
    S[10:40] = S[5]  # all at distance 0 of one another: the first wins
    S[60:90] = unit(S[50] + 1e-5 * random.normal(size=(30, dimension)))
    U[:8], U[8:20] = S[5], unit(S[50] + 1e-5 * random.normal(size=(12, dimension)))
    return S, U


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("small", [False, True], ids=["at once", "in parts, bands and lots"])
@pytest.mark.parametrize("shape", [(700, 300, 40), (300, 700, 33), (100, 21, 768)])
def test_the_nearest_are_those_of_the_processor(
    shape: tuple[int, int, int], small: bool, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    S, U = clustered(1, *shape)
    memory = None
    if small:
        memory = 0.5
        monkeypatch.setattr(bands, "_CELLS", 2 * shape[2] * 96)
    group = np.random.default_rng(2).integers(0, 6, len(S))
    for queries, groups in ((U, None), (S, group), (S, np.zeros_like(group))):
        squared, index = closest_on_gpu(queries, S, group=groups, device=device, memory_mb=memory)
        expected, nearest = closest(queries, S, group=groups)
        np.testing.assert_array_equal(index, nearest)
        np.testing.assert_allclose(squared, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("device", DEVICES)
def test_groups_of_queries_and_references(device: str) -> None:
    S, U = clustered(3, 200, 100, 16)
    group = np.arange(100) % 4, np.arange(200) % 4
    _, index = closest_on_gpu(U, S, group=group, device=device)
    assert (group[0] != group[1][index]).all()
    np.testing.assert_array_equal(index, closest(U, S, group=group)[1])


def test_progress_ends_at_the_end() -> None:
    S, U = clustered(4, 600, 900, 16)
    told: list[tuple[int, int]] = []
    closest_on_gpu(U, S, device="cpu", memory_mb=0.3, progress=lambda *at: told.append(at))
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1] == (900, 900)


def test_a_run_is_stopped_by_its_progress() -> None:
    S, U = clustered(5, 600, 900, 16)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        closest_on_gpu(U, S, device="cpu", memory_mb=0.3, progress=stop)
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("radius", [0.0, 0.2, 0.7, 1.0, 2.0, np.inf])
@pytest.mark.parametrize("drives", [1, 30, 500])
def test_support_is_that_of_the_processor(
    drives: int, radius: float, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    S, U = clustered(6, 500, 200, 12)
    labels = np.arange(500) * drives // 500
    expected = support(U, S, labels.tolist(), radius)
    for cells, marks, memory in ((1 << 27, 1 << 31, None), (20 * 96 * 3, 7 * drives, 0.05)):
        monkeypatch.setattr(bands, "_CELLS", cells)
        monkeypatch.setattr(within, "_MARKS", marks)
        found = within_on_gpu(U, S, labels, 2 * radius, device=device, memory_mb=memory)
        np.testing.assert_array_equal(found, expected)


def test_a_pair_exactly_at_the_radius_counts() -> None:
    S, U = clustered(7, 300, 50, 24)
    squared, index = closest(U, S)
    for row in range(20, 50):
        counts, _ = within_on_gpu(
            U[row : row + 1], S[index[row]][None], np.zeros(1, int), squared[row], device="cpu"
        )
        assert counts[0] == 1


def test_steps_ask_a_gpu_where_there_is_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    S, U = clustered(8, 100, 60, 8)
    expected = distances.nearest_distance(U, S)
    assert not bands.worth_a_gpu(U, S)  # too little
    asked = []

    def on_gpu(queries: NDArray, references: NDArray, **_: object) -> tuple[NDArray, NDArray]:
        asked.append(len(queries))
        return closest_on_gpu(queries, references, device="cpu")

    monkeypatch.setattr(distances, "closest_on_gpu", on_gpu)
    monkeypatch.setattr(distances, "worth_a_gpu", lambda *_: True)
    found = distances.nearest_distance(U, S)
    assert asked == [60]
    np.testing.assert_array_equal(found.index, expected.index)
    np.testing.assert_array_equal(found.distance, expected.distance)


def test_a_gpu_counts_support_beside_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    S, U = clustered(9, 120, 60, 8)
    drives = np.arange(120) // 10
    expected = nearest_and_support(U, S, drives, 0.4)
    monkeypatch.setattr(distances, "worth_a_gpu", lambda *_: True)
    monkeypatch.setattr(distances, "closest_on_gpu", partial(closest_on_gpu, device="cpu"))
    monkeypatch.setattr(support_of, "within_on_gpu", partial(within_on_gpu, device="cpu"))
    monkeypatch.setattr(support_of, "products", None)  # nothing is left for the processor
    nearest, counts, reached = nearest_and_support(U, S, drives, 0.4)
    np.testing.assert_array_equal(nearest.index, expected[0].index)
    np.testing.assert_array_equal(counts, expected[1])
    np.testing.assert_array_equal(reached, expected[2])
