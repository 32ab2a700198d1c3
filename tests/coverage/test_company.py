"""Company against a count of all pairs in float64."""

import numpy as np
from coverage_oracles import distances64, unit
from gapsphere.plugin.coverage.company import Company, Support
from hypothesis import given, settings
from hypothesis import strategies as st


def expected(between, drive, times, rule, row):
    scale = -1 if rule.scale is None else rule.scale
    reach = between[row]
    near = [at for at in range(len(drive)) if at != row and scale < reach[at] <= rule.radius]
    if len(near) < rule.least:
        return False
    if rule.apart == 0:
        return True
    if any(drive[at] != drive[row] for at in near):
        return True
    known = [times[at] for at in (*near, row) if np.isfinite(times[at])]
    return len(known) > 1 and max(known) - min(known) >= rule.apart


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 400), st.floats(0, 0.6), st.booleans())
def test_each_row_is_answered_as_by_a_count_of_all_pairs_in_any_order(seed, n, radius, copies):
    random = np.random.default_rng(seed)
    U = unit(random.standard_normal((n, 4)))
    if copies:
        U = U[random.integers(0, n, n)]
    drive = np.sort(random.integers(0, max(n // 30, 1), n))
    times = np.where(random.random(n) < 0.1, np.nan, random.integers(0, 9, n))
    scale = [None, 0.0, float(random.uniform(0, radius))][random.integers(3)]
    rule = Support(int(random.integers(1, 4)), radius, float(random.integers(0, 9)), scale)
    company = Company(U, drive, times, rule, "euclidean")
    between = distances64(U, U)
    for row in random.permutation(n):
        assert company.has(int(row)) == expected(between, drive, times, rule, row)
