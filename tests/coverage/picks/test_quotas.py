"""Quotas against all selections that there are."""

import time

import numpy as np
import pytest
from coverage_oracles import distances64, unit
from gapsphere.plugin.coverage.picks import quotas as module
from gapsphere.plugin.coverage.picks.company import Support
from gapsphere.plugin.coverage.picks.constraints import Constraints
from gapsphere.plugin.coverage.picks.quotas import Quota
from gapsphere.plugin.coverage.picks.select import select
from gapsphere.plugin.errors import DimensionError, InputError
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pick_oracles import POLICIES, expected, greedy, in_such_a_pool, small


def allowed_by(quotas, drives, cap, n, k):
    """Asked of picks and a row: whether a best selection holds them all.

    The best of all selections meet the first quota as far as can be, then the next, and so on, and
    have as many picks as can be.
    """
    held = (np.arange(2**n)[:, None] >> np.arange(n)) & 1  # a selection a row
    held = held[held.sum(axis=1) <= k]
    for name in set(drives) - {None} if cap is not None else ():
        held = held[held @ [drive == name for drive in drives] <= cap]
    for quota in quotas:
        if quota.most is not None:
            held = held[held @ quota.members <= quota.most]
    for quota in quotas:
        met = np.minimum(held @ quota.members, quota.least)
        held = held[met == met.max()]
    count = held.sum(axis=1)
    held = held[count == count.max()]
    return lambda picks, row: held[:, [*picks, row]].all(axis=1).any()


@settings(max_examples=150)
@given(
    st.integers(0, 10**6), st.sampled_from(POLICIES), st.integers(1, 9), st.integers(1, 4),
    st.booleans(),
)  # fmt: skip
@example(431, "kcenter", 3, 4, False)  # two quotas are best met where a third has more than least
def test_each_pick_is_the_best_with_which_all_can_still_be_met(seed, policy, k, count, capped):
    random, U, d0 = small(seed)
    quotas = []
    for number in range(count):
        least = int(random.integers(0, 5))
        most = None if random.random() < 0.4 else least + int(random.integers(0, 3))
        quotas.append(Quota(str(number), random.random(len(U)) < 0.5, least, most))
    drives = random.choice(["a", "b", "c", None], len(U)).tolist()
    cap = int(random.integers(1, 4)) if capped else None
    rules = Constraints(drives=drives, max_per_group=cap, quotas=quotas)
    found = select(None, U, k, d0, policy=policy, constraints=rules).indices.tolist()
    allowed = allowed_by(quotas, drives, cap, len(U), k)
    assert found == greedy(U, d0, k, policy, allowed)


def test_two_fields_that_a_greedy_alone_would_get_stuck_in_are_both_met():
    U = unit(np.random.default_rng(0).standard_normal((4, 3)))
    night, rain = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    rules = Constraints(quotas=[Quota("night", night, 1, 1), Quota("rain", rain, 1, 1)])
    for first in range(4):
        d0 = np.full(4, 0.1)
        d0[first] = 1.5
        picks = select(None, U, 2, d0, constraints=rules).indices
        assert len(picks) == 2
        assert night[picks].sum() == rain[picks].sum() == 1


def test_what_another_constraint_closes_leaves_a_quota_short_and_the_rest_is_picked():
    U = unit(np.random.default_rng(1).standard_normal((40, 6)))
    U[:5] = U[0]
    d0 = np.full(40, 1.0)
    night = np.arange(40) < 5
    rules = Constraints(quotas=[Quota("night", night, 4)], forbidden=0.01)
    found = select(None, U, 10, d0, constraints=rules)
    assert night[found.indices].sum() == 1
    assert len(found.indices) == 10


def test_many_fields_and_drives_take_seconds_and_a_search_that_fails_stops(monkeypatch):
    random = np.random.default_rng(2)
    n, k = 3000, 100
    U = unit(random.standard_normal((n, 16)))
    quotas = [
        Quota(f"{field}={value}", kinds == value, 5, 40)
        for field, kinds in enumerate(random.integers(0, 5, (6, n)))
        for value in range(5)
    ]
    rules = Constraints(drives=(np.arange(n) // 30).tolist(), max_per_group=3, quotas=quotas)
    started = time.process_time()
    picks = select(None, U, k, np.full(n, 1.0), constraints=rules).indices
    assert time.process_time() - started < 20
    assert len(picks) == k
    assert all(5 <= quota.members[picks].sum() <= 40 for quota in quotas)
    monkeypatch.setattr(module, "BUDGET", -1)  # no search at all
    picks = select(None, U, k, np.full(n, 1.0), constraints=rules).indices
    assert len(picks) == k
    assert all(quota.members[picks].sum() <= 40 for quota in quotas)


def test_quotas_that_cannot_be_meant_are_refused():
    U = unit(np.eye(3))
    for error, quota in [
        (DimensionError, Quota("a", np.ones(2, bool))),
        (InputError, Quota("a", np.ones(3, bool), 3, 2)),
        (InputError, Quota("a", np.ones(3, bool), -1)),
    ]:
        with pytest.raises(error, match="Quota 'a'"):
            select(None, U, 2, constraints=Constraints(quotas=[quota]))


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(POLICIES), st.integers(1, 12), st.booleans())
def test_all_constraints_hold_together(seed, policy, k, with_quotas):
    """Without quotas each pick is the greedy's by the book; with them no further one may be."""
    random, U, d0 = small(seed, n=12)
    U[random.integers(12)] = U[random.integers(12)]
    drives = np.sort(random.integers(0, 3, 12))
    times, gap = random.permutation(12).astype(float), float(random.integers(1, 4))
    rule = Support(int(random.integers(1, 3)), 0.9, 0.0, 0.1, lasting=bool(random.integers(2)))
    quotas = []
    for number in range(2 * with_quotas):
        least = int(random.integers(0, 4))
        most = least + int(random.integers(0, 4))
        quotas.append(Quota(str(number), random.random(12) < 0.5, least, most))
    between = distances64(U, U)
    holds = in_such_a_pool(between, drives, times, rule)

    def allowed(picks, row):
        mine = [pick for pick in picks if drives[pick] == drives[row]]
        return (
            d0[row] > 0.2
            and all(between[row, pick] > 0.2 for pick in picks)
            and len(mine) < 3
            and all(abs(times[row] - times[pick]) >= gap for pick in mine)
            and all(
                not q.members[row] or sum(q.members[pick] for pick in picks) < q.most
                for q in quotas
            )
            and expected(between, drives, times, holds, row)
        )

    rules = Constraints(
        drives=drives.tolist(), times=times, max_per_group=3, min_apart=gap, quotas=quotas,
        support=rule, forbidden=0.2, metric="euclidean",
    )  # fmt: skip
    found = select(None, U, k, d0, policy=policy, constraints=rules)
    picks = found.indices.tolist()
    if not with_quotas:
        assert picks == greedy(U, d0, k, policy, allowed)
    assert all(allowed(picks[:at], row) for at, row in enumerate(picks))
    assert len(picks) == k or not any(allowed(picks, row) for row in set(range(12)) - set(picks))
    assert not any(expected(between, drives, times, holds, row) for row in found.look_at)
