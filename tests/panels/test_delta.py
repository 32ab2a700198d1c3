"""The δ bar's events: gaps at a δ and what they are of, the grid of them, and taking a δ."""

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps import analysis, deltas
from gapsphere.plugin.dataset.gaps.coverage import coverage, kept_delta
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.work import told
from gapsphere.plugin.settings.steps import CoverageParams
from gapsphere.tests.support.as_loaded import loaded
from gapsphere.tests.support.open_panel import OpenPanel
from gapsphere.tests.support.waiting import wait_for


@pytest.fixture
def bar(fresh, monkeypatch):
    """It waits for what it writes, on the slowest machine too."""
    monkeypatch.setattr(loaded("panels.work"), "PATIENCE", 60)
    return OpenPanel.loaded(fresh)


@pytest.fixture
def distances(fresh):
    return np.array(fresh.exists("dist_to_S").values("dist_to_S"))


def test_each_tick_says_how_many_gaps_there_would_be(bar, distances):
    assert {tick["name"] for tick in bar.run["ticks"]} == {"level", "p90", "knee"}
    for tick in bar.run["ticks"]:
        assert tick["gaps"] == (distances > tick["delta"]).sum()
    assert not bar.run["delta_given"]


def test_gaps_at_a_delta_are_counted_by_the_field_asked_for(bar, fresh, distances):
    delta = float(np.quantile(distances, 0.7))
    reply = bar.call("delta", delta=delta, field="weather")
    beyond = fresh.match(fo.ViewField("dist_to_S") > delta)
    assert reply["gaps"] == len(beyond)
    assert {one["value"]: one["gaps"] for one in reply["classes"]} == beyond.count_values("weather")
    assert reply["others"] == 0
    tags = bar.call("delta", delta=delta, field="tags")
    assert tags["classes"][0] == {"value": "U", "gaps": len(beyond)}


def test_without_one_they_are_counted_by_what_tells_most(bar, fresh, distances):
    far = distances > np.quantile(distances, 0.6)
    ids = fresh.exists("dist_to_S").values("id")
    light = ["dusk" if yes else "day" for yes in far]
    fresh.set_values("light", dict(zip(ids, light, strict=True)), key_field="id")
    reply = bar.call("delta", delta=float(distances.max()))
    assert (reply["field"], reply["gaps"], reply["classes"]) == ("light", 0, [])
    reply = bar.call("delta", delta=0.0)
    assert sum(one["gaps"] for one in reply["classes"]) + reply["others"] == reply["gaps"]


def test_a_classification_counts_by_its_label(bar, fresh, distances):
    far = np.quantile(distances, 0.6)
    at = dict(zip(*fresh.values(["id", "dist_to_S"]), strict=True))
    light = {
        one: fo.Classification(label="dusk" if dist > far else "day")
        for one, dist in at.items()
        if dist is not None
    }
    fresh.set_values("light", light, key_field="id")
    reply = bar.call("delta", delta=float(far))
    assert reply["field"] == "light.label"
    assert reply["classes"] == [{"value": "dusk", "gaps": int((distances > far).sum())}]


def test_the_grid_shows_the_gaps_of_a_delta_farthest_first(bar, fresh, distances):
    delta = float(np.quantile(distances, 0.8))
    gaps = (distances > delta).sum()
    assert bar.call("show_gaps", delta=delta)["message"] == f"The grid shows {gaps} gaps."
    shown = fo.DatasetView._build(fresh, bar.triggered("set_view")[0]["view"])
    assert shown.values("dist_to_S") == sorted(distances[distances > delta], reverse=True)
    own = deltas.gap_view(analysis.load(fresh), bar.run["delta"])
    assert set(own.values("id")) == set(fresh.match({"is_gap": True}).values("id"))
    assert "beyond this δ" in bar.call("show_gaps", delta=2.0)["error"]


def test_a_delta_is_written_through_and_taken_back(bar, fresh, distances):
    measured, before = bar.run["delta"], fresh.values("dist_to_S")
    delta = float(np.quantile(distances, 0.5))
    gaps = int((distances > delta).sum())
    reply = bar.call("use_delta", delta=delta)
    assert reply["message"] == f"δ is now {delta:.3f}: {gaps} gaps."
    assert (bar.run["delta"], bar.run["gaps"], bar.run["delta_given"]) == (
        delta,
        gaps,
        True,
    )
    assert fresh.count_values("is_gap")[True] == gaps
    assert fresh.count_values("gap_verdict")["gap"] == gaps
    assert fresh.values("dist_to_S") == before
    found = coverage.read(fresh, Names())
    assert (found.delta, found.delta_source, found.gaps) == (delta, "given", gaps)
    # A run that says nothing goes on with it, and the panel still knows whose it is.
    compute_coverage(fresh, CoverageParams(alpha=0.1))
    bar.call("reload", limit=50_000, suffix=None)
    assert (bar.run["delta"], bar.run["basis"], bar.run["delta_given"]) == (
        delta,
        "kept",
        True,
    )

    assert "error" not in bar.call("use_delta", delta=None)
    assert (bar.run["delta"], bar.run["delta_given"]) == (measured, False)
    assert fresh.count_values("is_gap")[True] == (distances > measured).sum()


def test_writing_a_delta_that_takes_long_goes_on_in_the_background(bar, fresh, monkeypatch):
    monkeypatch.setattr(loaded("panels.work"), "PATIENCE", 0)
    assert "in the background" in bar.call("use_delta", delta=0.01)["message"]

    def ended():
        (one,) = told.listed(fresh)
        return one.state != "running" and one

    one = wait_for(ended)
    assert (one.state, one.label, one.by.step) == ("done", "Use δ", "compute_coverage")
    assert coverage.read(fresh, Names()).delta == 0.01
    assert bar.call("pulse")["state"] != bar.data["state"]  # the panel then asks for it
    bar.call("reload", limit=50_000, suffix=None)
    assert bar.run["delta"] == 0.01


def test_a_delta_is_taken_for_the_images_that_were_measured(bar, fresh):
    """Images came into U since: they are not measured by a change of δ."""
    outside = fresh.match_tags("U").take(5, seed=51).values("id")
    inside = fresh.exclude(outside)
    compute_coverage(inside, CoverageParams())
    bar.call("reload", limit=50_000, suffix=None)
    # The picks were made from more candidates: where they bend says nothing of these.
    assert {tick["name"] for tick in bar.run["ticks"]} == {"level", "p90"}
    assert "error" not in bar.call("use_delta", delta=0.01)
    assert fresh.select(outside).values("is_gap") == [None] * 5
    assert coverage.read(fresh, Names()).candidates == len(inside.match_tags("U"))


def test_a_provisional_delta_comes_back_and_stays(fresh):
    """It is none that runs go on with, nor is the one given before."""
    fresh.set_values("part", ["a" if i % 2 else "b" for i in range(len(fresh))])
    how = {"sequence_field": "part"}
    first = compute_coverage(fresh, CoverageParams(**how))
    assert first.basis == "provisional"
    compute_coverage(fresh, CoverageParams(delta=0.01, **how))
    assert compute_coverage(fresh, CoverageParams(reset_delta=True, **how)).basis == "provisional"
    assert compute_coverage(fresh, CoverageParams(**how)).delta == first.delta
    assert not kept_delta.is_given(fresh, Names(), 0.01)


def test_without_embeddings_a_delta_is_only_looked_at(fresh):
    fresh.delete_sample_field("embedding")
    bar = OpenPanel.loaded(fresh)
    assert "needs embeddings" in bar.call("use_delta", delta=0.01)["error"]
    assert bar.call("delta", delta=0.01)["gaps"] > 0
