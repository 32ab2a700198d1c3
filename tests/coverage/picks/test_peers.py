"""Picks against those of scikit-activeml, which computes every distance and gain."""

import numpy as np
from coverage_oracles import unit
from gapsphere.plugin.coverage.picks.herding import max_herding
from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy
from skactiveml.pool import CoreSet, MaxHerding


def test_the_picks_are_those_of_scikit_activeml():
    random = np.random.default_rng(0)
    rows = unit(random.standard_normal((400, 16)))
    labels = np.full(400, np.nan)
    labels[:20] = 0  # owned
    S, U, exact = rows[:20], rows[20:], rows.astype(np.float64)
    herding = MaxHerding(metric="rbf", metric_dict={"gamma": 1.0}, random_state=0)
    found = herding.query(exact, labels, batch_size=40)
    assert (max_herding(S, U, 40, gamma=1.0).indices + 20).tolist() == found.tolist()
    found = CoreSet(random_state=0).query(exact, labels, batch_size=40)
    assert (k_center_greedy(S, U, 40)[0] + 20).tolist() == found.tolist()
