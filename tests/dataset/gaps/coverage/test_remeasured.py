"""Coverage after a change is what coverage of a fresh dataset gives, and measures what is new."""

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.coverage import update
from gapsphere.plugin.dataset.gaps.coverage import compared, remeasured
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.picks.picks import select_kcenter
from gapsphere.plugin.dataset.store.fiftyone_internals import answers, value_of
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.settings.steps import CoverageParams, KCenterParams

FIELDS = ("dist_to_S", "dist_percentile", "support", "support_drives", "gap_verdict", "is_gap")


def images(random, tag, drives, each, start=0):
    """Samples of some drives, each around a place of its own."""
    made = []
    for drive in drives:
        place = random.normal(size=8)
        for frame in range(each):
            row = place + 0.2 * random.normal(size=8)
            made.append(
                fo.Sample(
                    f"/{tag}/{drive}/{start + frame:03}.png",
                    tags=[tag],
                    sequence=f"d{drive}",
                    frame_number=start + frame,
                    embedding=(row / np.linalg.norm(row)).astype(np.float32),
                )
            )
    return made


@pytest.fixture
def measured(dataset):
    """S: 12 drives of 5 images; U: 4 of 5; coverage is computed."""
    vectors.declare(dataset, "embedding")
    random = np.random.default_rng(7)
    dataset.add_samples(
        [*images(random, "S", range(12), 5), *images(random, "U", range(20, 24), 5)], progress=False
    )
    compute_coverage(dataset)
    return dataset


@pytest.fixture
def asked(monkeypatch):
    """How many rows were compared with how many."""
    pairs = []

    def counted(module, name, note):
        real = getattr(module, name)

        def counting(queries, references, *args, **more):
            pairs.append(note(queries, references))
            return real(queries, references, *args, **more)

        monkeypatch.setattr(module, name, counting)

    for name in ("closest", "supported"):
        counted(update, name, lambda *both: tuple(map(len, both)))
    counted(compared, "nearest_and_support", lambda *_: "all")
    return pairs


def more(dataset, tag, *args, **kwargs):
    samples = images(np.random.default_rng(11), tag, *args, **kwargs)
    dataset.add_samples(samples, progress=False)


def gone(dataset, tag, number):
    view = dataset.match_tags(tag)
    dataset.delete_samples(view[number : number + 2].values("id"))


def new_vector(dataset, tag):
    row = np.eye(8, dtype=np.float32)[0]
    sample = dataset.match_tags(tag).first()
    dataset.set_values("embedding", {sample.id: row}, key_field="id")


CHANGES = {
    "candidates of a new drive": (lambda d: more(d, "U", [30], 3), [(3, 60)]),
    "candidates of a drive that is there": (lambda d: more(d, "U", [21], 2, 50), [(2, 60)]),
    "candidates gone": (lambda d: gone(d, "U", 3), []),
    "a candidate with another vector": (lambda d: new_vector(d, "U"), [(1, 60)]),
    "images of S of a new drive": (lambda d: more(d, "S", [40], 4), None),
    "images of S of a drive that is there": (lambda d: more(d, "S", [3], 2, 50), None),
    "images of S gone": (lambda d: gone(d, "S", 8), None),
    "an image of S with another vector": (lambda d: new_vector(d, "S"), None),
    "a drive with another name": (
        lambda d: d.set_values("sequence", {d.first().id: "d7"}, key_field="id"),
        None,
    ),
    "both": (lambda d: (more(d, "S", [50], 4), more(d, "U", [51], 2), gone(d, "U", 0)), None),
    "candidates that become owned": (
        lambda d: [
            (sample.tags.remove("U"), sample.tags.append("S"), sample.save())
            for sample in d.match_tags("U")[:5]
        ],
        None,
    ),
}


@pytest.mark.parametrize(("change", "wanted"), CHANGES.values(), ids=CHANGES)
def test_coverage_after_a_change_is_that_of_a_fresh_dataset(measured, asked, change, wanted):
    change(measured)
    measured.reload()
    again = compute_coverage(measured)
    if wanted is not None:
        assert asked == wanted
    fresh = fo.Dataset()
    try:
        for sample in measured:
            fresh.add_sample(
                fo.Sample(
                    sample.filepath,
                    tags=sample.tags,
                    sequence=sample.sequence,
                    frame_number=sample.frame_number,
                    embedding=sample.embedding,
                )
            )
        whole = compute_coverage(fresh, CoverageParams(delta=again.delta))
        for field in FIELDS:
            assert measured.values(field) == fresh.values(field), field
        # Of float64 sums of other rows, in other blocks.
        both = measured.match_tags("U").values("novelty"), fresh.match_tags("U").values("novelty")
        np.testing.assert_allclose(*both, atol=1e-6)
        paths = [
            dict(zip(d.values("id"), d.values("filepath"), strict=True)) for d in (measured, fresh)
        ]
        asked = [value_of(measured, "nearest_S")]
        nearest = [
            {names[i]: names[near] for i, near in zip(*answers(d, asked), strict=True) if near}
            for d, names in zip((measured, fresh), paths, strict=True)
        ]
        assert nearest[0] == nearest[1]
        figures = ("delta_max", "quantiles", "inside", "covered", "gaps", "drives")
        for figure in figures:
            if hasattr(again, figure):
                assert getattr(again, figure) == getattr(whole, figure), figure
        picks = [select_kcenter(d, KCenterParams(k=6)) for d in (measured, fresh)]
        assert [paths[0][i] for i in picks[0].ids] == [paths[1][i] for i in picks[1].ids]
        assert picks[0].radii == picks[1].radii
    finally:
        fresh.delete()


def test_images_without_drives_that_stop_to_look_like_a_video_are_counted_anew(dataset):
    vectors.declare(dataset, "embedding")
    turn = np.linspace(0, 1, 12)
    rows = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1).astype(np.float32)
    apart = np.random.default_rng(0).normal(size=(40, 3))
    apart = (apart / np.linalg.norm(apart, axis=1, keepdims=True)).astype(np.float32)
    dataset.add_samples(
        [fo.Sample(f"/S/{at:03}.png", tags=["S"], embedding=row) for at, row in enumerate(rows)]
        + [fo.Sample(f"/U/{at}.png", tags=["U"], embedding=row) for at, row in enumerate(rows[:3])],
        progress=False,
    )
    assert compute_coverage(dataset, CoverageParams(delta=0.1)).looks_like_video
    assert set(dataset.match_tags("U").values("support_drives")) == {1}
    dataset.add_samples(
        [fo.Sample(f"/T/{at:03}.png", tags=["S"], embedding=row) for at, row in enumerate(apart)],
        progress=False,
    )
    assert not compute_coverage(dataset, CoverageParams(delta=0.1)).looks_like_video
    pool = dataset.match_tags("U")
    assert pool.values("support_drives") == pool.values("support")


def test_changes_one_after_another_go_on_from_what_was_kept(measured, asked):
    for step_number in range(3):
        more(measured, "U", [60 + step_number], 2)
        more(measured, "S", [70 + step_number], 2)
        compute_coverage(measured)
    assert "all" not in asked
    assert max(pair[0] * pair[1] for pair in asked) < 60 * 20


@pytest.mark.parametrize(
    "params",
    [CoverageParams(metric="euclidean"), CoverageParams(delta=0.05)],
    ids=["another metric", "another δ"],
)
def test_other_settings_measure_all_anew(measured, asked, params):
    compute_coverage(measured, params)
    assert "all" in asked


def test_without_what_was_kept_all_is_measured_anew(measured, asked, monkeypatch):
    monkeypatch.setattr(remeasured.ledger, "find", lambda *_: None)
    more(measured, "U", [30], 3)
    compute_coverage(measured)
    assert "all" in asked


def test_values_that_stand_are_not_written_again(measured):
    before = measured.max("last_modified_at")
    more(measured, "U", [30], 3)
    compute_coverage(measured)
    changed = measured.match(fo.ViewField("last_modified_at") > before)
    assert len(changed) == 3
