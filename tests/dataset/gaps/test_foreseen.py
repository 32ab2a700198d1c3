"""What a run will do and how long it takes, read off the records of earlier runs."""

import platform
from dataclasses import replace

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps import foreseen
from gapsphere.plugin.dataset.gaps.foreseen import Counts
from gapsphere.plugin.dataset.gaps.vectors import embed
from gapsphere.plugin.dataset.store import paces, runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import Cancelled
from gapsphere.plugin.estimate import Pace
from gapsphere.plugin.settings.fields import select
from gapsphere.plugin.settings.steps import (
    CandidateParams,
    CardParams,
    CoverageParams,
    EmbeddingParams,
    GapParams,
    HeatmapParams,
)

PACKAGED = embed.made_with(EmbeddingParams())
HERE = "the machine of these tests"


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """No run of another test, in the same database, is a measure here."""
    monkeypatch.setattr(platform, "node", lambda: HERE)


def keep(dataset, step, pace, params=None):
    """A record of a run that had this pace."""
    record = runs.Record(step, params or {}, {}, {"gaps": 0}, pace=vars(pace))
    runs.write(dataset, Names(), record)


def here(count, seconds, **more):
    return Pace(count, seconds, machine=HERE, **more)


@pytest.fixture
def other(dataset):
    """Another dataset of the same database."""
    made = fo.Dataset()
    yield made
    made.delete()


def test_a_run_keeps_its_pace_and_one_that_had_nothing_to_do_leaves_it(loaded, encoder):
    embed.compute_embeddings(loaded, encoder=encoder)
    pace = paces.of_record(runs.read(loaded, Names(), "embeddings"))
    assert (pace.count, pace.of, pace.linear) == (32, encoder.name, True)
    embed.compute_embeddings(loaded, EmbeddingParams(batch_size=5), encoder=encoder)
    assert paces.of_record(runs.read(loaded, Names(), "embeddings")) == pace


def test_a_run_that_was_stopped_tells_the_time_of_what_is_left(loaded, encoder):
    def stop(done, total):
        if done >= 8:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        embed.compute_embeddings(
            loaded, EmbeddingParams(batch_size=4), encoder=encoder, progress=stop
        )
    record = runs.read(loaded, Names(), "embeddings")
    assert record.running
    assert paces.of_record(record).count == 8


def test_the_datasets_own_run_comes_first_then_those_of_others(dataset, other):
    run = foreseen.foreseen, "compute_embeddings", dataset, EmbeddingParams(), Counts(700, 700)
    told = run[0](*run[1:])
    assert told == (
        "700 images to embed. Nothing like it has run here yet: the time is shown once it has "
        "begun."
    )
    keep(other, "embeddings", here(100, 50.0, of=PACKAGED, linear=True))
    assert "at 2.0 a second, as in the last run of another dataset here" in run[0](*run[1:])
    keep(dataset, "embeddings", here(100, 10.0, of=PACKAGED, linear=True))
    assert run[0](*run[1:]).startswith("About 70 s: 700 images to embed (at 10 a second")


@pytest.mark.parametrize(
    "pace",
    [
        here(100, 10.0, of="transformers /made/vit", linear=True),
        Pace(100, 10.0, of=PACKAGED, machine="another machine", linear=True),
        here(0, 0.0, of=PACKAGED, linear=True),
    ],
)
def test_another_encoder_or_machine_or_nothing_done_is_no_measure(dataset, pace):
    keep(dataset, "embeddings", pace)
    said = foreseen.foreseen("compute_embeddings", dataset, EmbeddingParams(), Counts(700, 700))
    assert "Nothing like it has run here yet" in said


def test_a_record_of_another_version_is_no_measure(dataset):
    runs.write(dataset, Names(), runs.Record("sphere", {}, {}, {}, pace={"rate": 3}))
    assert paces.last(dataset, Names(), "sphere", 10) == (None, False)


def test_the_encoder_that_auto_takes_is_the_packaged_one():
    assert embed.made_with(EmbeddingParams(encoder="packaged", image_size=224)) == PACKAGED
    assert embed.made_with(EmbeddingParams(model_path="OpenGVLab/InternVL2-8B")) != PACKAGED


def test_a_heatmap_takes_as_long_as_with_the_encoder_of_the_embeddings(dataset):
    keep(dataset, "embeddings", here(9, 9.0, of=PACKAGED), EmbeddingParams().model_dump())
    keep(dataset, "heatmaps", here(50, 25.0, of=f"attention {PACKAGED}", linear=True))
    said = foreseen.foreseen("compute_heatmaps", dataset, HeatmapParams(), Counts(30, 20))
    assert said == (
        "Heatmaps of 10 of 30 images are there already. About 10 s: 20 heatmaps to make "
        "(at 2.0 a second, as in the last run here)."
    )


def test_what_waits_is_counted_once_until_a_sample_changes(dataset, monkeypatch):
    from gapsphere.plugin.dataset.store.sets import counts

    dataset.add_samples([fo.Sample(f"/made/{n}.png") for n in range(4)], progress=False)
    dataset.add_sample_field("embedding", fo.VectorField)
    asked = []
    monkeypatch.setattr(
        counts, "counted", lambda samples: asked.append(1) or int(samples.aggregate(fo.Count()))
    )
    assert [foreseen.of_images(dataset, "embedding").waiting for _ in range(2)] == [4, 4]
    assert len(asked) == 2
    sample = dataset.first()
    sample["embedding"] = np.ones(3, np.float32)
    sample.save()
    assert foreseen.of_images(dataset, "embedding") == Counts(4, 3)


AGAIN = GapParams(encoder="field", model_path="theirs", k=50)


@pytest.fixture
def ran(dataset):
    """Records of a run on 300 images of S and 700 of U, and of one that did what was new alone."""
    settings = {"coverage": select(CoverageParams, AGAIN).model_dump(mode="json")}
    inputs = {"owned_count": 300, "pool_count": 700}
    work = {"embeddings": 1000, "coverage": 300_000, "kcenter": 35_000, "sphere": 1000}
    for step, count in {**work, "cards": 700}.items():
        record = runs.Record(
            step,
            settings.get(step, {}),
            {"encoder": "field:theirs"} if step == "embeddings" else inputs,
            {"gaps": 0},
            pace=vars(here(count, 100.0)),
            again=vars(here(1000, 5.0)) if step in ("coverage", "sphere") else {},
        )
        runs.write(dataset, Names(), record)
    note = runs.Record("find_gaps", {}, {}, {"owned": 300}, again=vars(here(1000, 2.0)))
    runs.write(dataset, Names(), note)
    return dataset


def test_a_run_again_tells_what_is_new_alone_and_how_long_that_took(ran):
    counts = Counts(1010, 10, 300, 710)
    said = foreseen.foreseen("find_gaps", ran, AGAIN, counts)
    assert "10 owned images and candidates are new since the last run with these settings" in said
    assert "distances of 10 new images" in said
    assert "10 new images to place on the sphere" in said
    assert "About 4 min" in said  # embedding a quarter, twice 5 s, all of picking and of the cards
    first = foreseen.foreseen("find_gaps", ran, AGAIN.model_copy(update={"alpha": 0.2}), counts)
    assert "new" not in first
    assert "About 7 min" in first


def test_as_many_images_as_before_may_take_a_look_alone(ran):
    said = foreseen.foreseen("find_gaps", ran, AGAIN, Counts(1000, 0, 300, 700))
    assert "as many images as in the last run with these settings: about 2 s" in said
    assert "less where an earlier result still holds" in said


@pytest.mark.parametrize(
    "counts",
    [Counts(1010, 20, 300, 710), Counts(990, 0, 290, 700), Counts(990, 0, 300, 690)],
)
def test_where_images_changed_or_left_s_nothing_is_said_to_be_new_alone(ran, counts):
    assert "new image" not in foreseen.foreseen("find_gaps", ran, AGAIN, counts)


def test_what_was_new_alone_has_a_pace_of_its_own(ran):
    pace = paces.of_record(runs.read(ran, Names(), "coverage"))
    assert (pace.count, paces.again(ran, Names(), "coverage", 1010).count) == (300_000, 1000)
    assert paces.again(ran, Names(), "coverage", 5000) is None
    assert paces.again(ran, Names(), "cards", 1000) is None


@pytest.mark.parametrize("step", ["compute_coverage", "select_kcenter", "compute_sphere"])
def test_a_step_on_vectors_says_where_no_image_has_one(dataset, step):
    nothing = foreseen.foreseen(step, dataset, GapParams(suffix="b"), Counts(60, 60, 30, 30))
    assert nothing == (
        "No image has a vector in 'embedding_b' yet: run Find gaps, or Compute embeddings first."
    )
    some = foreseen.foreseen(step, dataset, GapParams(), Counts(60, 59, 30, 30))
    assert "No image has" not in some
    assert "No image has" not in foreseen.foreseen(step, dataset, GapParams(), Counts())
    every = foreseen.foreseen("find_gaps", dataset, GapParams(), Counts(60, 60, 30, 30))
    assert "60 images to embed" in every


@pytest.mark.parametrize(
    ("step", "params", "needs"),
    [
        ("summarize_gaps", CardParams(), "Coverage is not computed yet"),
        ("select_candidates", CandidateParams(support=2), "These picks need δ"),
        ("select_candidates", CandidateParams(target_covered=0.9), "These picks need δ"),
        ("compute_heatmaps", HeatmapParams(about="new"), "No image has a nearest owned one"),
    ],
)
def test_a_step_on_coverage_says_where_there_is_none(dataset, step, params, needs):
    counts = Counts(60, 30, 30, 30)
    said = foreseen.foreseen(step, dataset, params, counts)
    assert said.startswith(needs)
    assert said.endswith(": run Find gaps, or Compute coverage first.")
    covered = runs.Record("coverage", {}, {}, {"delta": 0.3, "metric": "cosine"}, running=True)
    runs.write(dataset, Names(), covered)
    unfinished = foreseen.foreseen(step, dataset, params, counts)
    assert "The last compute_coverage" in unfinished
    assert "did not finish" in unfinished
    runs.write(dataset, Names(), replace(covered, running=False))
    dataset.add_sample_field("nearest_S", fo.StringField)
    assert "has run here yet" in foreseen.foreseen(step, dataset, params, counts)


def test_picks_that_need_no_coverage_ask_for_none(dataset):
    for params in (CandidateParams(), CandidateParams(support=2, support_radius=0.1)):
        said = foreseen.foreseen("select_candidates", dataset, params, Counts(60, 30, 30, 30))
        assert "has run here yet" in said
