"""δ, quantiles, percentiles and coverage.json."""

import json

import numpy as np
import pytest
from coverage_oracles import clustered, unit
from gapsphere.plugin.coverage.distances import leave_one_out, nearest_distance
from gapsphere.plugin.coverage.radius import (
    Threshold,
    choose_threshold,
    coverage_json,
    coverage_report,
    default_delta,
    is_gap,
    threshold_from_json,
)
from gapsphere.plugin.errors import ArtifactError, EmptySetError, InputError, NotFiniteError


def test_report_holds_the_quantiles_the_radius_and_the_gaps(drive):
    S, U = drive
    distance = nearest_distance(U, S).distance
    report = coverage_report(distance, Threshold(0.2, "given"))
    quantiles = report.quantiles
    assert quantiles["p50"] == pytest.approx(np.median(distance))
    assert quantiles["p90"] < quantiles["p95"] < quantiles["p99"] < quantiles["delta_max"]
    assert quantiles["delta_max"] == distance.max()
    assert report.candidates == 900
    assert report.gaps == (distance.astype(float) > 0.2).sum()


def test_a_distance_equal_to_delta_is_covered():
    assert is_gap([0.4, 0.5, 0.6], 0.5).tolist() == [False, False, True]


def test_with_delta_at_the_radius_nothing_is_a_gap(drive):
    S, U = drive
    distance = nearest_distance(U, S).distance
    assert coverage_report(distance, Threshold(float(distance.max()), "given")).gaps == 0


def test_default_delta_covers_99_percent_of_s(drive):
    S, _ = drive
    loo = leave_one_out(S)
    assert (loo <= default_delta(loo)).mean() == pytest.approx(0.99, abs=1 / len(S))


def test_leaving_out_sequences_raises_delta_where_frames_are_near_copies():
    random = np.random.default_rng(0)
    places = clustered(40, 32)
    S = unit(np.repeat(places, 10, axis=0) + 0.01 * random.standard_normal((400, 32)))
    sequences = np.repeat(np.arange(40), 10)
    frame = choose_threshold(leave_one_out(S), [0.1])
    drives = choose_threshold(leave_one_out(S, sequences=sequences), [0.1], by_sequence=True)
    assert frame.source == "leave-one-out"
    assert drives.source == "leave-one-sequence-out"
    assert drives.delta > 5 * frame.delta


def test_a_given_delta_wins():
    threshold = choose_threshold([0.1, 0.2], [0.5], given=0.3, metric="euclidean")
    assert threshold == Threshold(0.3, "given", "euclidean")


def test_one_sample_in_s_takes_delta_from_u_and_says_so():
    threshold = choose_threshold(None, np.linspace(0, 1, 101))
    assert threshold.delta == pytest.approx(0.95)
    assert "one sample" in threshold.warning
    assert coverage_report(np.linspace(0, 1, 101), threshold).gaps == 5


def test_an_s_of_copies_has_delta_0_and_says_so():
    S = np.repeat(clustered(1, 16), 5, axis=0)
    threshold = choose_threshold(leave_one_out(S), [0.0, 0.1])
    assert threshold.delta == 0
    assert "copies" in threshold.warning
    assert is_gap([0.0, 0.1], threshold.delta).tolist() == [False, True]


@pytest.mark.parametrize("delta", [-0.1, 2.5, float("nan"), True])
def test_a_delta_that_is_no_distance_is_refused(delta):
    with pytest.raises(InputError, match=r"0\.\.2"):
        choose_threshold([0.1], [0.1], given=delta)


def test_coverage_json_round_trips_through_text():
    report = coverage_report([0.1, 0.2, 0.9], Threshold(0.5, "given", "euclidean"))
    doc = json.loads(json.dumps(coverage_json(report)))
    assert doc["delta"] == 0.5
    assert doc["delta_max"] == 0.9
    assert threshold_from_json(doc, [0.1, 0.2, 0.9]) == report.threshold


def test_a_threshold_above_every_distance_survives_the_round_trip():
    # delta_max says which of the two delta is; alone it would be taken for the radius.
    doc = coverage_json(coverage_report([0.1, 0.2], Threshold(0.5, "given")))
    assert threshold_from_json(doc, [0.1, 0.2]).delta == 0.5


def test_a_lone_delta_below_the_largest_distance_is_a_threshold():
    threshold = threshold_from_json({"delta": 0.3}, [0.1, 0.6])
    assert threshold.delta == 0.3
    assert "cosine" in threshold.warning  # no metric in the file: said aloud


@pytest.mark.parametrize("delta", [0.6, 0.78])
def test_a_lone_delta_not_below_the_largest_distance_is_a_radius(drive, delta):
    S, _ = drive
    distance = [0.1, 0.6]
    without = threshold_from_json({"delta": delta, "metric": "cosine"}, distance)
    assert without.delta == pytest.approx(np.quantile(distance, 0.95))
    assert "covering radius" in without.warning
    with_s = threshold_from_json({"delta": delta, "metric": "cosine"}, distance, S)
    assert with_s.delta == default_delta(leave_one_out(S))
    assert with_s.source == "leave-one-out"
    assert "covering radius" in with_s.warning


def test_a_document_may_say_that_every_distance_is_a_gap():
    assert threshold_from_json({"delta": 0}, [0.1, 0.6]).delta == 0


@pytest.mark.parametrize(
    "doc",
    [
        {},
        {"delta": "0.3"},
        {"delta": None},
        {"delta": -1},
        {"delta": float("nan")},
        {"delta": True},
        {"delta": 0.3, "metric": "l2"},
    ],
)
def test_a_document_that_is_none_is_refused(doc):
    with pytest.raises(ArtifactError, match=r"coverage\.json"):
        threshold_from_json(doc, [0.1, 0.6])


def test_distances_that_are_none_are_refused():
    with pytest.raises(EmptySetError):
        coverage_report([], Threshold(0.1, "given"))
    with pytest.raises(NotFiniteError):
        coverage_report([0.1, np.nan], Threshold(0.1, "given"))
