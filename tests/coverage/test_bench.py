"""The benchmark runs, and its judge can tell an exact selection from one that is not."""

import subprocess
import sys

import numpy as np
import pytest
from coverage_oracles import clustered
from gapsphere.plugin.coverage.nearest import blocks
from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy
from gapsphere.scripts.bench.blocks import measured
from gapsphere.scripts.bench.coverage_data import regret, unit_rows, video


@pytest.mark.slow  # the whole benchmark in a process of its own, on small data
def test_quick_benchmark_prints_ratios_and_regrets():
    ran = subprocess.run(
        [sys.executable, "-m", "gapsphere.scripts.bench.coverage", "--quick", "--rounds", "1"],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "no S, mixture: U=2000 k=100" in ran.stdout
    assert "of the bound" in ran.stdout
    lines = [line.split() for line in ran.stdout.splitlines() if line.startswith("gapsphere")]
    assert len(lines) == 3
    assert all(float(line[-2]) <= 2e-6 for line in lines)


def test_regret_finds_a_pick_that_was_not_the_farthest():
    U = clustered(200, 24)
    picks, _ = k_center_greedy(None, U, 20)
    assert regret(U, picks) <= 1e-12
    picks[7] = (set(range(200)) - set(picks)).pop()
    assert regret(U, picks) > 1e-3
    d0 = np.linspace(0.1, 1, 200)
    assert regret(U, np.array([199]), d0) == 0
    assert regret(U, np.array([0]), d0) > 0.8


def test_generated_rows_are_unit_and_reproducible():
    for kind in ("mixture", "mixture + 1 % outliers", "isotropic"):
        rows = unit_rows(500, 32, kind)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
        np.testing.assert_array_equal(rows, unit_rows(500, 32, kind))
        assert rows.dtype == np.float32


@pytest.mark.parametrize(
    ("kind", "step", "second"), [("highway", 0.014, 0.062), ("town", 0.04, 0.175)]
)
def test_frames_of_generated_drives_come_apart_as_those_they_were_fitted_to(kind, step, second):
    rows = video(780, 768, kind, 25.0)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    for frames, expected in ((1, step), (25, second)):
        apart = 1 - np.einsum("ij,ij->i", rows[frames:], rows[:-frames])
        assert np.median(apart) == pytest.approx(expected, rel=0.25)


def test_blocks_are_measured_beside_the_product(monkeypatch):
    monkeypatch.setattr(blocks, "LEAST_WORK", 0)
    monkeypatch.setattr(blocks, "_WORTH", np.inf)
    found = measured("highway, 25 Hz", 1560, 780, 96)
    assert found["same"]
    assert 0 < found["pairs"] <= found["survive"] < 0.7
    assert found["one"] <= found["rows"] < 0.1
