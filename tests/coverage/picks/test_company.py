"""Company against a count of all pairs in float64."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
from coverage_oracles import distances64, unit
from gapsphere.plugin.coverage.picks import company
from gapsphere.plugin.coverage.picks.company import Company, Support
from hypothesis import given, settings
from hypothesis import strategies as st
from pick_oracles import expected, in_such_a_pool


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 200), st.floats(0, 0.6), st.booleans())
def test_each_row_is_answered_as_by_a_count_of_all_pairs_in_any_order(seed, n, radius, copies):
    random = np.random.default_rng(seed)
    U = unit(random.standard_normal((n, 4)))
    if copies:
        U = U[random.integers(0, n, n)]
    drive = np.sort(random.integers(0, max(n // 30, 1), n))
    times = np.where(random.random(n) < 0.1, np.nan, random.integers(0, 9, n))
    scale = [None, 0.0, float(random.uniform(0, radius))][random.integers(3)]
    apart, lasting = float(random.integers(0, 9)), bool(random.integers(2))
    rule = Support(int(random.integers(1, 4)), radius, apart, scale, lasting)
    between, least = distances64(U, U), random.choice([0.0, company.LASTING_POOL])
    with patch.object(company, "LASTING_POOL", least):
        asked = Company(U, drive, times, rule, "euclidean")
    rule = in_such_a_pool(between, drive, times, rule, least)
    for row in random.permutation(n):
        assert asked.has(int(row)) == expected(between, drive, times, rule, row)


def test_faults_of_one_kind_in_several_drives_keep_no_company_and_a_scene_that_lasts_does():
    random = np.random.default_rng(2)
    frames = np.repeat(np.eye(12)[:4], 10, axis=0) + 0.02 * random.normal(size=(40, 12))
    frames[[3, 17, 25]] = np.eye(12)[5] + 0.1 * random.normal(size=(3, 12))  # one fault a drive
    U, drive = unit(frames), np.repeat(np.arange(4), 10)
    for lasting, found in ((False, True), (True, False)):
        rule = Support(2, 0.9, apart=0, scale=0.01, lasting=lasting)
        asked = Company(U, drive, np.tile(np.arange(10.0), 4), rule, "euclidean")
        assert asked.has(3) is found
        assert asked.has(4)


def test_scenes_need_not_last_in_a_u_that_is_too_sparse_in_time_whatever_s_is():
    video = np.repeat(np.eye(12, dtype=np.float32)[:3], 10, axis=0)
    rule = Support.as_owned(2, 0.9, video, np.repeat(["a", "b", "c"], 10), metric="euclidean")
    assert rule.lasting
    U = np.tile(np.eye(12, dtype=np.float32), (4, 1)) + np.linspace(0, 0.05, 48)[:, None]
    drive, times = np.repeat(np.arange(4), 12), np.tile(np.arange(12.0), 4)
    asked = Company(unit(U), drive, times, replace(rule, scale=0.001), "euclidean")
    assert all(asked.has(row) for row in range(48))
