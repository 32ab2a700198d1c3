"""Coverage, K-Center and sphere on a dataset, each against plain numpy on the same vectors."""

import json
from dataclasses import replace
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest.distances import leave_one_out
from gapsphere.plugin.coverage.novelty import novelty
from gapsphere.plugin.coverage.radius import coverage_json
from gapsphere.plugin.coverage.verdict import frame_threshold
from gapsphere.plugin.dataset.gaps.ask import ask
from gapsphere.plugin.dataset.gaps.coverage import coverage
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.gaps.picks.picks import select_kcenter
from gapsphere.plugin.dataset.gaps.sphere import compute_sphere, place_on_sphere
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.gaps.vectors.measure import compute_attributes
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.steps import step
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.errors import EmptySetError, GapsphereError, InputError
from gapsphere.plugin.settings.questions import AskParams
from gapsphere.plugin.settings.steps import (
    CoverageParams,
    EmbeddingParams,
    GapParams,
    KCenterParams,
    SphereParams,
)
from gapsphere.tests.support.copies import copied


@pytest.fixture
def embedded(once_embedded):
    yield from copied(once_embedded)


def matrices(dataset):
    owned = vectors.read(dataset.match_tags("S"), "embedding").matrix.astype(np.float64)
    pool = vectors.read(dataset.match_tags("U"), "embedding").matrix.astype(np.float64)
    return owned, pool


def test_coverage_fields_are_what_a_full_matrix_gives(embedded):
    covered = compute_coverage(embedded)
    owned, pool = matrices(embedded)
    distances = 1 - pool @ owned.T
    nearest, inside = distances.min(axis=1), 1 - owned @ owned.T
    np.fill_diagonal(inside, np.inf)
    delta = frame_threshold(inside.min(axis=1), [None] * len(owned), 0.1)
    candidates = embedded.match_tags("U")
    np.testing.assert_allclose(candidates.values("dist_to_S"), nearest, atol=1e-6)
    assert covered.delta == pytest.approx(delta, abs=1e-6)
    assert candidates.values("is_gap") == (nearest > delta).tolist()
    verdicts = ["gap" if far > delta else "covered" for far in nearest]
    assert candidates.values("gap_verdict") == verdicts
    within = (distances <= delta + 1e-7).sum(axis=1).tolist()
    assert candidates.values("support") == candidates.values("support_drives") == within
    residual = novelty(pool.astype(np.float32), owned.astype(np.float32))
    np.testing.assert_allclose(candidates.values("novelty"), residual, atol=1e-5)
    owners = embedded.match_tags("S").values("id")
    assert candidates.values("nearest_S") == [owners[i] for i in distances.argmin(axis=1)]
    assert covered.quantiles["delta_max"] == pytest.approx(nearest.max(), abs=1e-6)
    assert covered.gaps == int((nearest > delta).sum()) == len(embedded.match({"is_gap": True}))
    assert embedded.match_tags("S").exists("dist_to_S").values("id") == []


def test_delta_leaves_out_whole_drives_that_weigh_alike(embedded):
    drives = ["a"] * 11 + list("bcdefghij")
    embedded.match_tags("S").set_values("sequence", drives)
    covered = compute_coverage(embedded, CoverageParams(alpha=0.2))
    owned, _ = matrices(embedded)
    expected = frame_threshold(leave_one_out(owned, sequences=drives), drives, 0.2)
    assert covered.delta == pytest.approx(expected, abs=1e-6)
    assert (covered.basis, covered.drives_owned, covered.level) == ("level", 10, 0.2)


@pytest.mark.parametrize("field", ["ride", "ride_number", "label", "meta.ride"])
def test_another_field_names_the_drives(embedded, field):
    name = [f"ride {i % 10}" for i in range(len(embedded))]
    values = {
        "ride": name,
        "ride_number": [int(each[5:]) for each in name],
        "label": [fo.Classification(label=each) for each in name],
        "meta.ride": name,
    }[field]
    if field == "meta.ride":
        kind = fo.DynamicEmbeddedDocument
        embedded.add_sample_field("meta", fo.EmbeddedDocumentField, embedded_doc_type=kind)
        embedded.add_sample_field("meta.ride", fo.StringField)
    embedded.set_values(field, values)
    covered = compute_coverage(embedded, CoverageParams(sequence_field=field))
    assert (covered.drives_owned, covered.drives_pool) == (10, 10)
    assert all(row["owned"] for row in covered.drives)


@pytest.mark.parametrize(
    ("field", "values", "words"),
    [("speed", [0.5] * 32, "float"), ("cams", [["a"]] * 32, "list"), ("nowhere", None, "no field")],
)
def test_a_field_that_names_no_drive_is_refused_with_the_ones_that_can(
    embedded, field, values, words
):
    if values:
        embedded.set_values(field, values)
    with pytest.raises(InputError, match=words):
        compute_coverage(embedded, CoverageParams(sequence_field=field))


def test_few_drives_give_no_verdict_and_a_user_s_delta_one(embedded):
    embedded.match_tags("S").set_values("sequence", ["a"] * 10 + ["b"] * 10)
    covered = compute_coverage(embedded)
    assert covered.basis == "none"
    assert covered.cannot_say == covered.candidates == 12
    assert "2 owned drives support no verdict below 33 %; level 10 % needs 9" in str(covered)
    assert set(embedded.match_tags("U").values("is_gap")) == {None}
    assert set(embedded.match_tags("U").values("gap_verdict")) == {"cannot say"}
    given = compute_coverage(embedded, CoverageParams(delta=covered.delta))
    assert given.basis == "given"
    assert given.level == pytest.approx(1 / 3)
    assert given.cannot_say == 0
    assert set(embedded.match_tags("U").values("is_gap")) <= {True, False}


def test_the_drives_of_u_are_in_the_result_and_in_coverage_json(embedded):
    embedded.match_tags("U").set_values("sequence", ["x"] * 7 + ["y"] * 5)
    covered = compute_coverage(embedded)
    assert {row["drive"]: row["frames"] for row in covered.drives} == {"x": 7, "y": 5}
    assert [row["p"] for row in covered.drives] == sorted(row["p"] for row in covered.drives)
    assert all(name in str(covered) for name in ("x: 7 frames", "y: 5 frames"))
    doc = coverage_json(covered)
    assert doc["drives"] == covered.drives
    assert json.loads(json.dumps(doc))["basis"] == "level"


def test_attributes_that_come_later_name_the_drives_on_the_next_run(embedded):
    embedded.delete_sample_field("attributes")
    first = compute_coverage(embedded)
    assert first.ranges == []
    compute_attributes(embedded)
    second = compute_coverage(embedded)
    assert not second.reused
    assert {"brightness", "sharpness"} <= set(second.asked)
    assert second.ranges[0]["attribute"] == "brightness"
    assert compute_coverage(embedded).reused


def test_plain_attributes_that_come_later_count_for_an_analysis_with_a_suffix(embedded):
    embedded.delete_sample_field("attributes")
    copy = {"encoder": "field", "model_path": "embedding", "suffix": "x"}
    compute_embeddings(embedded, EmbeddingParams(**copy))
    assert compute_coverage(embedded, CoverageParams(suffix="x")).ranges == []
    compute_attributes(embedded)
    found = compute_coverage(embedded, CoverageParams(suffix="x"))
    assert found.ranges[0]["attribute"] == "brightness"
    assert compute_coverage(embedded, CoverageParams(suffix="x")).reused


def test_fields_that_come_later_or_change_name_the_drives_on_the_next_run(embedded):
    drives = [f"{'s' if at < 20 else 'u'}{at // 2}" for at in range(32)]
    embedded.set_values("sequence", drives)
    assert "light" not in compute_coverage(embedded).asked
    for light in ("dusk", "night"):
        embedded.set_values("light", [light if drive == "u10" else "day" for drive in drives])
        found = compute_coverage(embedded)
        assert (found.reused, "light" in found.asked) == (False, True)
        (drive,) = (row for row in found.drives if row["drive"] == "u10")
        said = [each["sentence"] for each in drive["findings"]]
        assert any(f"`light` = {light}" in sentence for sentence in said)
        assert compute_coverage(embedded).reused


@pytest.mark.parametrize("of_candidates", [False, True], ids=["no field", "only of candidates"])
def test_frames_of_video_without_drives_are_one_drive_in_every_channel(
    dataset, make_images, of_candidates
):
    folder = make_images("S", 40)
    load_images(dataset, sorted(str(p) for p in folder.iterdir()))
    turn = np.linspace(0, 1, 44)
    rows = np.c_[np.cos(turn), np.sin(turn), np.zeros(44)].astype(np.float32)
    pool = make_images("U", 4)
    load_images(dataset, pool=sorted(str(p) for p in pool.iterdir()))
    owned = dataset.match_tags("S").sort_by("filepath").values("id")
    candidates = dataset.match_tags("U").values("id")
    vectors.write(dataset, "embedding", [*owned, *candidates], rows)
    compute_attributes(dataset)
    if of_candidates:
        dataset.match_tags("U").set_values("sequence", ["a drive"] * 4)
    covered = compute_coverage(dataset)
    assert covered.looks_like_video
    assert covered.drives_owned == 1
    assert [row["drive"] for row in covered.drives] == ["a drive"] * of_candidates
    assert {each["level"] for each in covered.ranges} == {None}
    assert "sequence_field" in str(covered)
    assert "all owned images count as one" in str(covered)


@pytest.mark.parametrize("token", [False, True])
@pytest.mark.parametrize("folders", [1, 3])
def test_frame_numbers_that_begin_anew_and_names_of_single_images_hide_no_video(
    dataset, token, folders
):
    random = np.random.default_rng(4)
    steps = 0.05 * random.normal(size=(3, 30, 16)).cumsum(axis=1)
    rows = random.normal(size=(3, 1, 16)) + steps
    rows = (rows / np.linalg.norm(rows, axis=2, keepdims=True)).reshape(-1, 16).astype(np.float32)
    dataset.add_samples(
        fo.Sample(
            filepath=f"/made/{at * folders // 90}/{at:03}.png",
            tags=["S" if at < 88 else "U"],
            frame_number=at % 30,
            sequence=f"{random.integers(10**9)}" if token else None,
        )
        for at in range(90)
    )
    vectors.write(dataset, "embedding", dataset.values("id"), rows)
    covered = compute_coverage(dataset)
    assert covered.looks_like_video
    assert covered.drives_owned == 1


def test_drives_that_are_named_later_read_delta_again(embedded):
    assert compute_coverage(embedded).sequence_field is None
    drives = [f"ride {i // 2}" for i in range(20)]
    embedded.match_tags("S").set_values("sequence", drives)
    named = compute_coverage(embedded)
    owned, _ = matrices(embedded)
    expected = frame_threshold(leave_one_out(owned, sequences=drives), drives, 0.1)
    assert named.basis == "level"
    assert named.delta == pytest.approx(expected, abs=1e-6)


def test_owned_images_without_the_name_of_a_drive_are_told(embedded):
    embedded.match_tags("S").set_values("sequence", [None] * 7 + ["ride"] * 13)
    covered = compute_coverage(embedded)
    assert covered.drives_owned == 8
    assert "7 of 20 owned images name no drive in sequence" in str(covered)
    embedded.match_tags("S").set_values("sequence", ["ride"] * 20)
    assert "name no drive" not in str(compute_coverage(embedded))


def test_an_empty_name_of_a_drive_names_none_where_an_image_is_asked_about(analysed):
    owned = analysed.match_tags("S").values("id")
    verdicts = []
    for name in ("", None):
        analysed.set_values("sequence", {each: name for each in owned}, key_field="id")
        compute_coverage(analysed, CoverageParams(delta=0.08))
        verdicts.append([ask(analysed, AskParams(sample=each)).verdict for each in owned])
    empty, nothing = ([(one.distance, one.status) for one in each] for each in verdicts)
    assert empty == nothing


def test_a_number_that_is_missing_is_nothing_that_owned_images_lack(analysed):
    candidate = analysed.match_tags("U").first().id
    speeds = [5.0 + at % 3 for at in range(32)]
    for missing, said in ((np.nan, False), (90.0, True)):
        analysed.set_values("speed", speeds)
        analysed.set_values("speed", {candidate: missing}, key_field="id")
        compute_coverage(analysed, CoverageParams(delta=0.08))
        words = str(ask(analysed, AskParams(sample=candidate)).words)
        assert ("`speed`" in words) == said, words


def test_questions_are_answered_where_the_field_of_drives_is_gone(analysed):
    owned = analysed.match_tags("S").first().id
    analysed.set_values("sequence", [f"d{at // 2}" for at in range(32)])
    compute_coverage(analysed, CoverageParams(delta=0.08))
    assert ask(analysed, AskParams(drive="d12")).title == "Drive d12: 2 candidates"
    analysed.rename_sample_field("sequence", "recording")
    assert ask(analysed, AskParams(sample=owned)).verdict.status
    with pytest.raises(InputError, match="No candidate is of a drive 'd12'"):
        ask(analysed, AskParams(drive="d12"))


def test_a_level_that_changes_reads_delta_again(embedded):
    first = compute_coverage(embedded)
    other = compute_coverage(embedded, CoverageParams(alpha=0.5))
    assert other.delta < first.delta
    assert other.basis == "level"


def test_a_users_own_field_is_not_overwritten(embedded):
    embedded.set_values("support", ["mine"] * len(embedded))
    with pytest.raises(InputError, match="'support' of its own"):
        compute_coverage(embedded)
    assert set(embedded.values("support")) == {"mine"}
    assert not embedded.has_field("dist_to_S")


def test_delta_stays_as_s_grows_until_asked_otherwise(embedded):
    first = compute_coverage(embedded)
    gap = embedded.match({"is_gap": True}).first()
    load_images(embedded, owned=[gap.filepath])
    grown = compute_coverage(embedded)
    assert grown.delta == first.delta
    assert grown.gaps < first.gaps
    assert embedded[gap.id].dist_to_S is None
    assert embedded[gap.id].is_gap is None
    assert compute_coverage(embedded, CoverageParams(reset_delta=True)).delta != first.delta
    given = compute_coverage(embedded, CoverageParams(delta=0.01))
    assert (given.delta, given.delta_source) == (0.01, "given")
    assert compute_coverage(embedded).delta == 0.01


def test_euclidean_tells_the_same_order_in_another_unit(embedded):
    compute_coverage(embedded)
    cosine = np.array(embedded.match_tags("U").values("dist_to_S"))
    compute_coverage(embedded, CoverageParams(metric="euclidean"))
    euclidean = np.array(embedded.match_tags("U").values("dist_to_S"))
    np.testing.assert_allclose(euclidean, np.sqrt(2 * cosine), atol=1e-6)


def test_one_owned_image_gives_no_verdict(embedded):
    embedded.match_tags("S").limit(19).untag_samples("S")
    covered = compute_coverage(embedded)
    assert "1 owned drive supports no verdict below 50 %" in str(covered)
    assert covered.cannot_say == covered.candidates
    assert set(embedded.match_tags("U").values("dist_percentile")) == {None}


def greedy(owned, pool, k):
    nearest = np.sqrt(np.maximum(2 - 2 * (pool @ owned.T).max(axis=1), 0))
    picks, radii = [], []
    for _ in range(k):
        picks.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(pool - pool[picks[-1]], axis=1))
        radii.append(nearest.max())
    return picks, np.array(radii)


def test_picks_are_greedy_ranked_tagged_and_replace_old_ones(embedded):
    ids = embedded.match_tags("U").values("id")
    picks, radii = greedy(*matrices(embedded), 5)
    select_kcenter(embedded, KCenterParams(k=7))
    picked = select_kcenter(embedded, KCenterParams(k=5))
    assert picked.ids == [ids[i] for i in picks]
    view = embedded.match_tags("kcenter").sort_by("kcenter_rank")
    assert view.values("id") == picked.ids
    assert view.values("kcenter_rank") == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(view.values("kcenter_radius"), radii**2 / 2, atol=1e-6)
    assert len(embedded.exists("kcenter_rank")) == 5


def test_more_picks_than_candidates_ranks_them_all(embedded):
    picked = select_kcenter(embedded, KCenterParams(k=500))
    assert len(picked.ids) == 12
    assert picked.radii[-1] == pytest.approx(0, abs=1e-6)
    assert "there are no more candidates" in str(picked)


def test_the_sphere_is_unit_registered_and_reused(embedded):
    laid = compute_sphere(embedded)
    places = vectors.read(embedded, "sphere").matrix
    assert places.shape == (32, 3)
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1, atol=1e-5)
    run = embedded.load_brain_results("gapsphere")
    assert run.points.shape == (32, 3)
    by_id = dict(zip(run.sample_ids, run.points, strict=True))
    sample = embedded.last()
    np.testing.assert_allclose(by_id[sample.id], sample.sphere, atol=1e-6)
    assert not laid.reused
    assert compute_sphere(embedded).reused
    assert not compute_sphere(embedded, SphereParams(seed=7)).reused


def test_places_of_an_earlier_layout_hold_until_something_changes(embedded):
    assert compute_sphere(embedded).layout == "gapsphere 1"
    record = runs.read(embedded, Names(), "sphere")
    older = {name: value for name, value in record.results.items() if name != "layout"}
    runs.write(embedded, Names(), replace(record, results=older))
    again = compute_sphere(embedded)
    assert (again.reused, again.layout) == (True, "umap-learn")
    assert compute_sphere(embedded, SphereParams(seed=7)).layout == "gapsphere 1"


def test_new_images_are_placed_without_moving_the_others(embedded, encoder, make_images):
    compute_sphere(embedded)
    before = vectors.read(embedded, "sphere")
    load_images(embedded, pool=make_images("late", 3))
    twin = embedded.last()
    twin["embedding"] = embedded.first().embedding
    twin.save()
    compute_embeddings(embedded, encoder=encoder)
    assert place_on_sphere(embedded) == 3
    after = dict(zip(*embedded.values(["id", "sphere"]), strict=True))
    for sample_id, place in zip(before.ids, before.matrix, strict=True):
        np.testing.assert_array_equal(after[sample_id], place)
    twin.reload()
    np.testing.assert_allclose(twin.sphere, embedded.first().sphere, atol=1e-4)
    assert len(embedded.load_brain_results("gapsphere").sample_ids) == 35
    assert place_on_sphere(embedded) == 0


def test_a_sphere_still_holds_after_samples_of_neither_set_were_placed(embedded):
    laid = compute_sphere(embedded)
    embedded.add_sample(fo.Sample("/made/late.png", embedding=embedded.first().embedding))
    assert place_on_sphere(embedded) == 1
    assert runs.read(embedded, Names(), "sphere").results["count"] == laid.count
    assert compute_sphere(embedded).reused
    assert embedded.last().sphere is not None


def test_find_gaps_skips_what_still_holds(loaded, encoder):
    first = find_gaps(loaded, GapParams(k=4), encoder=encoder)
    assert [first.covered.reused, first.picked.reused, first.laid.reused] == [False] * 3
    again = find_gaps(loaded, GapParams(k=4), encoder=encoder)
    assert again.embedded.done == 0
    assert [again.covered.reused, again.picked.reused, again.laid.reused] == [True] * 3
    assert again.covered.delta == first.covered.delta
    assert again.picked.ids == first.picked.ids
    more = find_gaps(loaded, GapParams(k=6), encoder=encoder)
    assert [more.covered.reused, more.picked.reused, more.laid.reused] == [True, False, True]
    assert more.picked.ids[:4] == first.picked.ids
    loaded.clear_sample_field("dist_to_S")
    assert not find_gaps(loaded, GapParams(k=6), encoder=encoder).covered.reused


def test_a_suffix_keeps_a_second_analysis_beside_the_first(loaded, encoder):
    find_gaps(loaded, GapParams(k=4), encoder=encoder)
    find_gaps(loaded, GapParams(k=2, suffix="b"), encoder=encoder)
    assert [len(loaded.match_tags(tag)) for tag in ("kcenter", "kcenter_b")] == [4, 2]
    assert set(loaded.list_brain_runs()) == {"gapsphere", "gapsphere_b"}
    assert runs.read(loaded, Names("b"), "kcenter").params["k"] == 2


def test_the_summary_says_what_was_found(loaded, encoder):
    gaps = find_gaps(loaded, GapParams(k=4), encoder=encoder)
    text = str(gaps)
    for part in ("S 20 images, U 12", "p99", "δ =", "before", "after", "trustworthiness", "time"):
        assert part in text
    noted = str(replace(gaps, covered=replace(gaps.covered, warning="Give delta.")))
    assert "\n            Give delta." in noted  # in the column of what was found


@pytest.mark.parametrize("name", ["sphere", "gap_card", "tags"])
def test_a_read_only_field_stops_a_run_before_images_are_embedded(
    analysed, encoder, make_images, name
):
    field = analysed.get_field(name)
    field.read_only = True
    field.save()
    assert find_gaps(analysed, GapParams(k=4), encoder=encoder).picked.reused, "nothing to write"
    field.read_only = False
    field.save()
    load_images(analysed, pool=make_images("late", 3))
    field.read_only = True
    field.save()
    with pytest.raises(InputError, match=f"The field '{name}' is read-only"):
        find_gaps(analysed, GapParams(k=4), encoder=encoder)
    assert encoder.calls == []


@pytest.mark.parametrize("of", ["images", "a field"])
def test_a_read_only_field_stops_no_run_that_has_only_images_without_a_vector_left(
    analysed, encoder, tmp_path, of
):
    params, how = GapParams(k=4), {"encoder": encoder}
    if of == "a field":
        analysed.set_values("theirs", analysed.values("embedding"))
        params, how = GapParams(k=4, encoder="field", model_path="theirs", overwrite=True), {}
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    load_images(analysed, pool=str(broken))
    find_gaps(analysed, params, **how)
    field = analysed.get_field("sphere")
    field.read_only = True
    field.save()
    again = params.model_copy(update={"overwrite": True})
    params = params.model_copy(update={"overwrite": False})
    with pytest.raises(InputError, match="The field 'sphere' is read-only"):
        find_gaps(analysed, again, **how)
    found = find_gaps(analysed, params, **how)
    assert len(found.embedded.skipped) == 1
    assert found.laid.reused, "nothing to write"
    if of == "a field":
        late = analysed.match_tags("U").last()
        late["theirs"] = analysed.first()["embedding"]
        late.save()
        with pytest.raises(InputError, match="The field 'sphere' is read-only"):
            find_gaps(analysed, params)


def test_steps_without_vectors_or_sets_are_sentences(loaded, dataset):
    with pytest.raises(EmptySetError, match="run compute_embeddings first"):
        compute_coverage(loaded)
    with pytest.raises(EmptySetError, match="S is empty"):
        find_gaps(dataset[:0])
    with pytest.raises(EmptySetError, match="no sphere yet"):
        place_on_sphere(loaded)


UNREADABLE = {
    "gone": (Path.unlink, "does not exist: was it moved or deleted"),
    "empty": (lambda path: path.write_bytes(b""), "empty"),
    "a page": (lambda path: path.write_bytes(b"<html>404</html>"), "is not an image"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:40]), "damaged"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_where_no_image_can_be_read_the_reason_is_said(loaded, encoder, kind):
    spoil, reason = UNREADABLE[kind]
    for path in map(Path, loaded.match_tags("S").values("filepath")):
        spoil(path)
    with pytest.raises(
        EmptySetError, match=r"No sample of S has an 'embedding': .* skipped"
    ) as refused:
        find_gaps(loaded, GapParams(k=2), encoder=encoder)
    assert reason in str(refused.value)


def test_the_same_parameters_load_no_model_again(loaded, monkeypatch):
    params = EmbeddingParams(encoder="packaged")
    compute_embeddings(loaded, params)
    monkeypatch.setattr("gapsphere.plugin.dataset.gaps.vectors.embed.open_encoder", None)
    assert compute_embeddings(loaded, params).known == 32


def test_a_record_of_another_version_is_read(embedded):
    compute_coverage(embedded)
    record = runs.read(embedded, Names(), "coverage")
    newer = {**record.results, "invented_later": 1}
    runs.write(embedded, Names(), replace(record, results=newer))
    assert compute_coverage(embedded).reused
    runs.write(embedded, Names(), runs.Record("coverage", {}, {}, {"delta": 0.2}))
    assert coverage.read(embedded, Names()).basis == "unrated"
    again = compute_coverage(embedded)  # the first run's δ is in a record of its own
    assert (again.basis, again.delta) == ("kept", record.results["delta"])
    runs.write(embedded, Names(), runs.Record("coverage", {}, {}, {"owned": 20}))
    with pytest.raises(EmptySetError, match="not computed yet"):
        coverage.read(embedded, Names())


@pytest.mark.parametrize("tag", ["S", "U"])
@pytest.mark.parametrize("point", ["coverage:begun", "kcenter:completed", "sphere:begun"])
def test_samples_deleted_while_gaps_are_looked_for_are_a_sentence(
    embedded, monkeypatch, point, tag
):
    left = [point]

    def delete(reached):
        if reached in left:
            left.remove(reached)
            embedded.delete_samples(embedded.match_tags(tag).first().id)

    monkeypatch.setattr(step, "reached", delete)
    embedded.rename_sample_field("embedding", "vec")
    with pytest.raises(GapsphereError, match="samples were deleted meanwhile"):
        find_gaps(embedded, GapParams(k=2, encoder="field", model_path="vec", suffix="x"))
    assert not left
