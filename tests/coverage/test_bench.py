"""The benchmark runs, and its judge can tell an exact selection from one that is not."""

import subprocess
import sys

import numpy as np
import pytest
from coverage_oracles import clustered
from gapsphere.plugin.coverage.kcenter import k_center_greedy
from gapsphere.scripts.bench.coverage_data import regret, unit_rows


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
