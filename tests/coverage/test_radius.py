"""δ, quantiles, percentiles and coverage.json."""

import json

import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import COVERED, GAP, Threshold
from gapsphere.plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from gapsphere.plugin.coverage.radius import coverage_json, coverage_report, threshold_from_json
from gapsphere.plugin.coverage.verdict import frame_threshold
from gapsphere.plugin.errors import ArtifactError, EmptySetError, NotFiniteError


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
    assert Threshold(0.5, "given").verdicts([0.4, 0.5, 0.6]).tolist() == [COVERED, COVERED, GAP]


def test_with_delta_at_the_radius_nothing_is_a_gap(drive):
    S, U = drive
    distance = nearest_distance(U, S).distance
    assert coverage_report(distance, Threshold(float(distance.max()), "given")).gaps == 0


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
    own = leave_one_out(S)
    assert with_s.delta == frame_threshold(own, [None] * len(S), 0.1)
    assert with_s.basis == "level"
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
