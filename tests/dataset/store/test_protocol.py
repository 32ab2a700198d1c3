"""Steps killed at every point of their protocol, and what the next run makes of it.

Each kill is that of a forked process, which ends at the point without any clean-up.
"""

from dataclasses import replace

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.coverage.coverage import read as read_coverage
from gapsphere.plugin.dataset.gaps.picks.picks import select_kcenter
from gapsphere.plugin.dataset.gaps.results import show_results
from gapsphere.plugin.dataset.gaps.sphere import compute_sphere
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.fields import tags
from gapsphere.plugin.dataset.store.fiftyone_internals import columns_digest, ids_with
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.steps import step
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.errors import (
    DatabaseError,
    InputError,
    MismatchError,
    UnfinishedError,
)
from gapsphere.plugin.projection.place import Reducer
from gapsphere.plugin.projection.sphere import robust_centre, to_unit_sphere
from gapsphere.plugin.projection.umap3d import SphereFit
from gapsphere.plugin.settings.steps import (
    CardParams,
    CoverageParams,
    EmbeddingParams,
    KCenterParams,
    SphereParams,
)
from gapsphere.tests.support.killed import killed_at

COVERAGE = ("begun", "wrote a block", "wrote is_gap", "written", "completed")
PICKS = ("begun", "wrote a block", "wrote kcenter_rank", "tagged", "written", "completed")
CARDS = ("begun", "wrote a block", "wrote gap_card", "tagged", "written", "completed")
SPHERE = ("begun", "wrote a block", "wrote umap3d", "written", "completed")
EMBEDDINGS = ("begun", "cleared", "batch", "written", "completed")
KILLS = [
    *(("coverage", point) for point in COVERAGE),
    *(("kcenter", point) for point in PICKS),
    *(("sphere", point) for point in SPHERE),
    *(("cards", point) for point in CARDS),
]
DONE = {
    "coverage": (compute_coverage, CoverageParams(), CoverageParams(metric="euclidean")),
    "kcenter": (select_kcenter, KCenterParams(k=4), KCenterParams(k=7, metric="euclidean")),
    "sphere": (compute_sphere, SphereParams(), SphereParams(seed=7)),
    "cards": (summarize_gaps, CardParams(), CardParams(card_quantity=9)),
}
SAID = ("seconds", "reused", "delta_source", "basis", "level", "cutoff")
"""Of results: what tells a δ that is reused from one that was just read off S."""


@pytest.fixture(autouse=True)
def flat_layout(monkeypatch):
    """Three numbers of the vectors, turned by the seed: UMAP's threads do not survive a fork."""

    def fit(matrix, *, seed, **_):
        turned = np.roll(matrix, seed, axis=1)[:, :3].astype(np.float32)
        centre = robust_centre(turned)
        rows, reducer = np.arange(len(matrix)), Reducer(matrix, turned, centre)
        return SphereFit(turned, to_unit_sphere(turned, centre), centre, rows, reducer)

    monkeypatch.setattr("gapsphere.plugin.dataset.gaps.sphere.fit_sphere", fit)


@pytest.fixture
def embedded(dataset):
    """Thirty samples with vectors in a few directions; no file is needed."""
    dataset.add_samples(
        [fo.Sample(filepath=f"/made/{i:02}.png", tags=["S" if i < 18 else "U"]) for i in range(30)],
        progress=False,
    )
    rows = np.random.default_rng(7).normal(size=(30, 6)) + 1.0
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    vectors.write(dataset, "embedding", dataset.values("id"), rows)
    return dataset


def ready(dataset, name: str):
    """The dataset with what a step builds on: cards are made of a coverage run that found gaps."""
    if name == "cards":
        assert compute_coverage(dataset, CoverageParams(delta=0.05)).gaps
    return dataset


def state(dataset, name: str) -> dict:
    """What a step left: columns, tags and the record's results."""
    dataset.reload()
    fields = {
        "coverage": ("dist_to_S", "gap_verdict", "is_gap", "nearest_S", "support", "novelty"),
        "kcenter": ("kcenter_rank", "kcenter_radius"),
        "sphere": ("umap3d", "sphere"),
        "cards": ("gap_card",),
    }[name]
    found = {field: np.array(dataset.values(field), object).tolist() for field in fields}
    found["tags"] = [sorted(tags) for tags in dataset.values("tags")]
    results = dict(runs.read(dataset, Names(), name).results)
    found["results"] = {key: value for key, value in results.items() if key not in SAID}
    if name == "sphere":
        brain = dataset.load_brain_results("gapsphere", cache=False)
        found["brain"] = brain.points.tolist()
    return found


def same(one: dict, other: dict) -> None:
    for key, values in one.items():
        if key in ("umap3d", "sphere", "brain"):
            np.testing.assert_allclose(
                np.array([v for v in values if v is not None], float),
                np.array([v for v in other[key] if v is not None], float),
                atol=1e-4,
            )
        else:
            assert values == other[key], key


@pytest.fixture
def small_blocks(monkeypatch):
    """A block is a part of what a step writes."""
    monkeypatch.setattr(step.fields, "WRITE_BLOCK", 3)


@pytest.mark.crash
@pytest.mark.parametrize(("name", "point"), KILLS)
def test_a_run_killed_at_any_point_is_put_right_by_the_next_with_any_settings(
    embedded, small_blocks, name, point
):
    work, first, other = DONE[name]
    work(ready(embedded, name), first)
    one = state(embedded, name)
    work(embedded, other)
    two = state(embedded, name)
    work(embedded, first)

    killed_at(f"{name}:{point}", lambda: work(embedded, other))
    again = work(embedded, first)  # the settings from before the kill
    assert not again.reused
    same(state(embedded, name), one)

    killed_at(f"{name}:{point}", lambda: work(embedded, other))
    again = work(embedded, other)
    assert again.reused == (point == "completed")
    same(state(embedded, name), two)
    assert work(embedded, other).reused


@pytest.mark.crash
@pytest.mark.parametrize(("name", "point"), KILLS)
def test_a_first_run_killed_at_any_point_leaves_nothing_that_is_taken_for_a_result(
    embedded, small_blocks, name, point
):
    work, first, other = DONE[name]
    ready(embedded, name)
    killed_at(f"{name}:{point}", lambda: work(embedded, other))
    embedded.reload()
    if point != "completed":
        with pytest.raises(UnfinishedError, match=f"{runs.VERBS[name]}.* did not finish"):
            show_results(embedded)
    assert not work(embedded, first).reused
    one = state(embedded, name)
    work(embedded, other)
    assert not work(embedded, first).reused
    same(state(embedded, name), one)


@pytest.mark.crash
@pytest.mark.parametrize("point", EMBEDDINGS)
def test_embeddings_killed_at_any_point_are_never_of_two_encoders(loaded, encoder, point):
    other = replace(encoder, name="test:other", fingerprint="colour-2", calls=[])
    other.embed = lambda batch: -type(other).embed(other, batch)
    compute_embeddings(loaded, encoder=encoder)
    before = np.stack(loaded.values("embedding"))
    over = EmbeddingParams(batch_size=4, overwrite=True)
    killed_at(f"embeddings:{point}", lambda: compute_embeddings(loaded, over, encoder=other))
    loaded.reload()
    record = runs.read(loaded, Names(), "embeddings")
    held = [row for row in loaded.values("embedding") if row is not None]
    signs = {bool(row.sum() < 0) for row in held}
    assert len(signs) <= 1
    if signs == {True}:
        assert record.inputs["fingerprint"] == "colour-2"
    if signs == {False}:
        assert record.inputs["fingerprint"] == "colour-1"
        with pytest.raises(MismatchError, match="test:colour"):
            compute_embeddings(loaded, encoder=other)
        assert compute_embeddings(loaded, encoder=encoder).done == 32 - len(held)
        np.testing.assert_array_equal(np.stack(loaded.values("embedding")), before)
    compute_embeddings(loaded, over, encoder=other)
    np.testing.assert_array_equal(np.stack(loaded.values("embedding")), -before)


@pytest.mark.crash
def test_vectors_copied_in_part_are_no_input(embedded):
    embedded.set_values("theirs", list(np.eye(30, 6, dtype=np.float32) + 0.1))
    params = EmbeddingParams(encoder="field", model_path="theirs", overwrite=True)
    killed_at("embeddings:copied", lambda: compute_embeddings(embedded, params))
    with pytest.raises(UnfinishedError, match="compute_embeddings"):
        compute_coverage(embedded)
    compute_embeddings(embedded, params)
    assert not compute_coverage(embedded).reused


@pytest.mark.crash
def test_a_killed_run_with_other_settings_does_not_move_delta(embedded):
    first = compute_coverage(embedded)
    embedded.match_tags("U").limit(2).tag_samples("S")
    embedded.match_tags("S").untag_samples("U")
    given = CoverageParams(delta=0.01)
    killed_at("coverage:wrote is_gap", lambda: compute_coverage(embedded, given))
    again = compute_coverage(embedded)
    assert again.delta == first.delta
    assert again.delta_source.startswith("the run of 20")


@pytest.mark.parametrize("lost", ["coverage", "delta"])
def test_a_lost_record_does_not_move_delta(embedded, lost):
    first = compute_coverage(embedded)
    embedded.match_tags("S").limit(6).untag_samples("S")
    embedded.delete_run(f"gapsphere_{lost}")
    assert compute_coverage(embedded).delta == first.delta


def test_each_metric_and_level_has_a_first_delta_of_its_own(embedded):
    first = compute_coverage(embedded)
    other = compute_coverage(embedded, CoverageParams(metric="euclidean"))
    embedded.match_tags("S").limit(4).untag_samples("S")
    assert compute_coverage(embedded).delta == first.delta
    assert compute_coverage(embedded, CoverageParams(metric="euclidean")).delta == other.delta
    assert compute_coverage(embedded, CoverageParams(reset_delta=True)).delta != first.delta


@pytest.mark.crash
def test_an_unfinished_step_is_said_wherever_its_result_is_asked_for(embedded):
    compute_sphere(embedded, SphereParams())
    compute_coverage(embedded)
    other = CoverageParams(metric="euclidean")
    killed_at("coverage:wrote is_gap", lambda: compute_coverage(embedded, other))
    sentence = "compute_coverage .* did not finish.*run compute_coverage again"
    with pytest.raises(UnfinishedError, match=sentence):
        read_coverage(embedded, Names())
    with pytest.raises(analysis.NoAnalysisError, match=sentence):
        analysis.load(embedded)
    compute_coverage(embedded)
    assert analysis.load(embedded).covered is not None


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("coverage", lambda d: d.match_tags("U").limit(1).set_field("is_gap", None).save()),
        ("coverage", lambda d: d.match_tags("U").limit(1).set_values("dist_to_S", [0.5])),
        ("coverage", lambda d: d.match_tags("S").limit(1).set_values("support", [3])),
        ("kcenter", lambda d: d.match_tags("kcenter").limit(1).untag_samples("kcenter")),
        ("kcenter", lambda d: d.match_tags("S").limit(1).tag_samples("kcenter")),
        ("kcenter", lambda d: d.exists("kcenter_rank").limit(1).set_values("kcenter_rank", [9])),
        ("sphere", lambda d: d.limit(1).set_values("sphere", [np.array([1, 0, 0], np.float32)])),
        ("sphere", lambda d: d.delete_brain_run("gapsphere")),
    ],
)
def test_values_that_somebody_changed_since_are_computed_again(embedded, name, change):
    work, first, _ = DONE[name]
    work(embedded, first)
    one = state(embedded, name)
    assert work(embedded, first).reused
    change(embedded)
    assert not work(embedded, first).reused
    now = state(embedded, name)
    if name == "kcenter":  # a tag that the user set stays
        one.pop("tags"), now.pop("tags")
    same(now, one)


def test_picks_get_their_tag_back_that_somebody_took_off(embedded):
    picked = select_kcenter(embedded, KCenterParams(k=4))
    embedded.match_tags("kcenter").limit(2).untag_samples("kcenter")
    select_kcenter(embedded, KCenterParams(k=4))
    assert set(embedded.match_tags("kcenter").values("id")) == set(picked.ids)


def test_a_tag_that_was_claimed_and_never_set_is_set_by_the_next_run(embedded, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    ids = embedded.limit(3).values("id")
    with monkeypatch.context() as patch:
        patch.setattr(fo.DatasetView, "tag_samples", killed)
        with pytest.raises(KeyboardInterrupt):
            tags.change(embedded, Names(), "kcenter", add=ids, remove=())
    tags.change(embedded, Names(), "kcenter", add=ids, remove=())
    assert embedded.match_tags("kcenter").values("id") == ids
    assert tags.ours(embedded, Names(), "kcenter") == set(ids)


def test_a_run_that_was_overtaken_says_so_and_changes_no_record(embedded):
    compute_coverage(embedded)
    late = step.Step.of("coverage", embedded, CoverageParams())
    late.begin()
    compute_coverage(embedded, CoverageParams(alpha=0.3))
    with pytest.raises(MismatchError, match="has taken over"):
        late.complete({"delta": 1.0})
    assert runs.read(embedded, Names(), "coverage").params["alpha"] == 0.3


def test_values_that_the_database_lost_are_counted(embedded, monkeypatch):
    def lose(dataset, values):
        put(dataset, dict(list(values.items())[:-1]))

    put = step.fields.set_fields
    monkeypatch.setattr(step.fields, "set_fields", lose)
    with pytest.raises(DatabaseError, match="11 of the 12 values"):
        compute_coverage(embedded)
    monkeypatch.undo()
    with pytest.raises(UnfinishedError):
        read_coverage(embedded, Names())
    assert not compute_coverage(embedded).reused


def test_vectors_that_the_database_lost_are_not_counted_as_embedded(loaded, encoder, monkeypatch):
    write = vectors.write

    def lose(dataset, field, ids, matrix):
        write(dataset, field, list(ids)[1:], matrix[1:])

    monkeypatch.setattr(vectors, "write", lose)
    with pytest.raises(DatabaseError, match=r"lost 4 of the 32 vectors"):
        compute_embeddings(loaded, EmbeddingParams(batch_size=8), encoder=encoder)
    monkeypatch.undo()
    assert compute_embeddings(loaded, encoder=encoder).done == 4


def test_a_sample_that_left_u_keeps_no_value_not_even_an_id(embedded):
    compute_coverage(embedded)
    left = embedded.match_tags("U").first()
    left.tags = []
    left.save()
    compute_coverage(embedded)
    assert left.id not in ids_with(embedded, "nearest_S")
    assert left.id not in ids_with(embedded, "dist_to_S")


@pytest.mark.parametrize("suffix", ["", "b"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_gap", [True] * 30),  # the very type that we would write
        ("dist_to_S", [0.5] * 30),
        ("support", ["mine"] * 30),
        ("novelty", [[0.1]] * 30),
        ("nearest_S", [fo.Classification(label="mine")] * 30),
    ],
)
def test_a_field_of_the_users_stops_the_step_before_anything_is_written(
    embedded, name, value, suffix
):
    name = f"{name}_{suffix}" if suffix else name
    vectors.write(
        embedded,
        f"embedding_{suffix}" if suffix else "embedding",
        embedded.values("id"),
        np.stack(embedded.values("embedding")),
    )
    embedded.set_values(name, value)
    before = columns_digest(embedded, [name])
    with pytest.raises(InputError, match=f"{name!r} of its own.*suffix"):
        compute_coverage(embedded, CoverageParams(suffix=suffix))
    assert columns_digest(embedded, [name]) == before
    assert embedded.list_runs() == []


def test_a_field_of_the_users_that_replaced_ours_is_theirs(embedded):
    compute_coverage(embedded)
    embedded.delete_sample_field("is_gap")
    embedded.set_values("is_gap", ["mine"] * 30)
    with pytest.raises(InputError, match="'is_gap' of its own"):
        compute_coverage(embedded)
    assert set(embedded.values("is_gap")) == {"mine"}


def test_tags_and_runs_of_the_users_stop_the_step(embedded):
    embedded.limit(3).tag_samples("kcenter")
    with pytest.raises(InputError, match="a tag 'kcenter' of its own"):
        select_kcenter(embedded, KCenterParams(k=2))
    assert embedded.match_tags("kcenter").count() == 3
    embedded.register_run("gapsphere_coverage", embedded.init_run(method="mine", note="keep"))
    with pytest.raises(InputError, match="a run 'gapsphere_coverage' of its own"):
        compute_coverage(embedded)
    assert embedded.get_run_info("gapsphere_coverage").config.note == "keep"
    compute_sphere(embedded, SphereParams())
    embedded.delete_run("gapsphere_sphere")
    with pytest.raises(InputError, match="a brain run 'gapsphere' of its own"):
        compute_sphere(embedded, SphereParams())
    assert embedded.has_brain_run("gapsphere")


@pytest.mark.parametrize("key", ["gapsphere_delta", "gapsphere_rounds"])
def test_a_run_of_the_users_under_the_key_of_a_note_stops_the_step(embedded, key):
    embedded.register_run(key, embedded.init_run(method="mine", note="keep"))
    with pytest.raises(InputError, match=f"a run '{key}' of its own"):
        compute_coverage(embedded, CoverageParams(delta=0.08))
    embedded.reload()
    assert embedded.get_run_info(key).config.note == "keep"
    assert not embedded.has_field("dist_to_S")


def test_a_run_of_the_users_under_the_key_of_tags_stops_the_picks(embedded):
    embedded.register_run("gapsphere_tags", embedded.init_run(method="mine", note="keep"))
    with pytest.raises(InputError, match="a run 'gapsphere_tags' of its own"):
        select_kcenter(embedded, KCenterParams(k=2))
    with pytest.raises(InputError, match="rename_run"):
        tags.change(embedded, Names(), "skipped", add=embedded.limit(1).values("id"), remove=[])
    embedded.reload()
    assert embedded.get_run_info("gapsphere_tags").config.note == "keep"
    assert not {"kcenter", "skipped"} & set(embedded.distinct("tags"))


def test_a_suffix_that_gives_the_fields_of_another_analysis_is_refused(embedded):
    compute_coverage(embedded, CoverageParams(delta=0.08))
    before = columns_digest(embedded, ["support_drives"])
    params = EmbeddingParams(encoder="field", model_path="embedding", suffix="drives")
    with pytest.raises(InputError, match="'support_drives' of another analysis"):
        compute_embeddings(embedded, params)
    assert columns_digest(embedded, ["support_drives"]) == before


def test_a_tag_that_the_user_added_to_ours_is_never_taken_off(embedded):
    select_kcenter(embedded, KCenterParams(k=6))
    mine = embedded.match_tags("S").first().id
    embedded.select(mine).tag_samples("kcenter")
    select_kcenter(embedded, KCenterParams(k=2))
    tagged = embedded.match_tags("kcenter").values("id")
    assert set(tagged) == {mine, *embedded.exists("kcenter_rank").values("id")}
    assert len(tagged) == 3
