import numpy as np
import pytest
from gapsphere.plugin.coverage.failures import PRIOR, failure_rate
from gapsphere.plugin.errors import DimensionError, EmptySetError
from gapsphere.tests.support.made_rows import unit


def brute_force(queries, judged, failed, k, own):
    rates = []
    for query, row in zip(queries.astype(np.float64), own, strict=True):
        away = np.linalg.norm(judged.astype(np.float64) - query, axis=1)
        order = [i for i in np.argsort(away, kind="stable") if i != row][:k]
        wrong = sum(bool(failed[i]) for i in order)
        rates.append((wrong + PRIOR * np.mean(failed)) / (len(order) + PRIOR))
    return rates


@pytest.mark.parametrize("k", [1, 7, 500])
def test_rates_are_those_of_brute_force(k):
    rng = np.random.default_rng(4)
    judged, failed = unit(rng.normal(size=(60, 8))), rng.random(60) < 0.3
    queries = np.concatenate([unit(rng.normal(size=(25, 8))), judged[10:20]])
    own = [*[-1] * 25, *range(10, 20)]
    rates = failure_rate(queries, judged, failed, neighbors=k, own=own)
    np.testing.assert_allclose(rates, brute_force(queries, judged, failed, k, own))
    assert ((rates > 0) & (rates < 1)).all()


def test_nobody_is_their_own_neighbour_even_among_copies():
    judged = np.tile(unit(np.ones((1, 4))), (40, 1))
    failed = np.zeros(40, bool)
    failed[7] = True
    rate = failure_rate(judged[7:8], judged, failed, neighbors=39, own=[7])
    assert rate[0] == pytest.approx((PRIOR / 40) / (39 + PRIOR))


def test_one_failing_neighbour_is_no_certainty_and_many_are_nearly():
    judged = np.concatenate([np.tile([[1.0, 0]], (60, 1)), np.tile([[0, 1.0]], (60, 1))])
    failed = np.repeat([True, False], 60)
    at = np.array([[1.0, 0]])
    one = failure_rate(at, judged, failed, neighbors=1)[0]
    many = failure_rate(at, judged, failed, neighbors=60)[0]
    assert 0.5 < one < 0.7 < 0.95 < many < 1


def test_nothing_judged_and_rows_that_do_not_fit_are_refused():
    with pytest.raises(EmptySetError):
        failure_rate(np.eye(2), np.empty((0, 2)), [], neighbors=3)
    with pytest.raises(DimensionError):
        failure_rate(np.eye(2), np.eye(3), [True] * 3, neighbors=3)
    with pytest.raises(DimensionError):
        failure_rate(np.eye(3), np.eye(3), [True], neighbors=3)
