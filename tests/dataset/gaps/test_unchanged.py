"""What proves that nothing has changed, and that whoever changes anything is noticed."""

import bson
import fiftyone as fo
import gapsphere
import gapsphere.plugin.dataset.gaps.find_gaps as steps
import numpy as np
import pytest
from fiftyone.core.utils import serialize_numpy_array
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.gaps.unchanged import Look
from gapsphere.plugin.dataset.store.fiftyone_internals import collection
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.steps.inputs import read_inputs
from gapsphere.plugin.dataset.store.vectors import marks, stored, vectors
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.steps import CoverageParams, GapParams

PARAMS = GapParams(encoder="field", model_path="theirs", attributes=False)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def four(dataset):
    """Two images of S and two of U with vectors of the user's: too few for UMAP to be fitted."""
    dataset.add_samples(
        [fo.Sample(f"/made/{at}.png", tags=["S" if at < 2 else "U"], said=at) for at in range(4)],
        progress=False,
    )
    dataset.add_sample_field("theirs", fo.VectorField)
    dataset.set_values("theirs", list(unit(np.random.default_rng(3).normal(size=(4, 8)))))
    return dataset


@pytest.fixture
def reads(monkeypatch):
    """Counts the vectors that are read."""
    counted = []
    real = stored.stored_values

    def counting(dataset, field, ids):
        counted.extend(ids)
        return real(dataset, field, ids)

    monkeypatch.setattr(stored, "stored_values", counting)
    return counted


def past_fiftyone(dataset, change):
    """Write straight in the database."""
    collection(dataset).update_one({"_id": bson.ObjectId(dataset.first().id)}, change)


def saved(dataset, number):
    if dataset.has_saved_view("one"):
        dataset.delete_saved_view("one")
    dataset.save_view("one", dataset.limit(number))


CHANGES = {
    "a vector": lambda d: d.set_values("theirs", {d.last().id: np.ones(8)}, key_field="id"),
    "a vector, past FiftyOne": lambda d: past_fiftyone(d, {"$set": {"theirs": b"other"}}),
    "a number, past FiftyOne": lambda d: past_fiftyone(d, {"$set": {"said": 0.5}}),
    "a tag": lambda d: d.limit(1).tag_samples("new"),
    "a tag that moves to another": lambda d: (
        d.limit(1).untag_samples("S"),
        d.skip(3).tag_samples("S"),
    ),
    "a sample gone": lambda d: d.delete_samples(d.last().id),
    "a sample come": lambda d: d.add_sample(fo.Sample("/made/9.png", tags=["U"])),
    "a copy in place of one gone": lambda d: (
        d.add_samples([sample.copy() for sample in d.limit(1)], progress=False),
        d.delete_samples(d.first().id),
    ),
    "a result": lambda d: d.set_values("dist_to_S", [0.5] * 4),
    "a field": lambda d: d.clear_sample_field("said"),
    "a field with another's name": lambda d: (
        d.delete_sample_field("said"),
        d.rename_sample_field("dist_to_S", "said"),
    ),
    "a saved view": lambda d: saved(d, 1),
    "a run": lambda d: compute_coverage(d, CoverageParams(delta=0.4)),
    "a run that is gone": lambda d: d.delete_run("gapsphere_kcenter"),
    "a brain run that is gone": lambda d: d.delete_brain_run("gapsphere"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whoever_changes_anything_is_noticed(four, change, reads):
    saved(four, 2)
    first = find_gaps(four, PARAMS)
    settings = {"some": 1}
    Look.at(four, Names(), settings).keep({"found": 1})
    reads.clear()
    assert Look.at(four, Names(), settings).known() == {"found": 1}
    assert Look.at(four, Names(), {"some": 2}).known() is None
    assert Look.at(four.limit(4), Names(), settings).known() is None
    assert not reads
    assert first.embedded.done == 4
    change(four)
    assert Look.at(four, Names(), settings).known() is None


def test_a_second_run_tells_what_the_first_found_and_reads_no_vector(four, reads):
    first = find_gaps(four, PARAMS)
    assert reads
    reads.clear()
    again = find_gaps(four, PARAMS)
    assert not reads
    assert list(again.seconds) == ["looking for changes"]
    assert again.covered.reused
    assert (again.owned, again.pool, again.embedded.known) == (2, 2, 4)
    assert (again.picked.ids, again.picked.radii) == (first.picked.ids, first.picked.radii)
    assert (again.covered.delta, again.covered.quantiles) == (
        first.covered.delta,
        first.covered.quantiles,
    )
    assert again.laid.count == first.laid.count
    assert str(again.carded) == str(first.carded)
    four.name = f"{four.name}-renamed"
    assert find_gaps(four, PARAMS).seconds.keys() == again.seconds.keys()


def test_a_tag_of_the_users_costs_a_look_at_each_step_and_no_vector(four, reads):
    find_gaps(four, PARAMS)
    reads.clear()
    four.limit(1).tag_samples("seen")
    again = find_gaps(four, PARAMS)
    assert "coverage" in again.seconds
    assert again.covered.reused
    assert again.picked.reused
    assert not again.embedded.done
    assert not reads
    assert list(find_gaps(four, PARAMS).seconds) == ["looking for changes"]


def test_neither_another_analysis_nor_a_view_that_was_passed_hides_that_nothing_changed(four):
    view = four.match_tags("U")
    for _ in range(3):  # each writes once, and each looks once at what the others wrote
        other = find_gaps(four, PARAMS.model_copy(update={"suffix": "b"}))
        passed = gapsphere.find_gaps(
            four, **PARAMS.model_dump(exclude_unset=True), pool=view, suffix="c"
        )
        found = find_gaps(four, PARAMS)
    for each in (other, passed, found):
        assert list(each.seconds) == ["looking for changes"]


def test_a_run_of_the_users_under_the_key_of_the_note_is_left_alone(four):
    four.register_run("gapsphere_find_gaps", four.init_run(mine=True))
    with pytest.raises(InputError, match="gapsphere_find_gaps"):
        find_gaps(four, PARAMS)
    assert four.get_run_info("gapsphere_find_gaps").config.mine


def test_what_is_changed_while_the_steps_run_is_found_by_the_next(four, monkeypatch):
    real = vectors.write

    def changing(dataset, field, ids, matrix):
        real(dataset, field, ids, matrix)
        monkeypatch.setattr(vectors, "write", real)
        four.set_values("theirs", {four.last().id: np.eye(8)[0]}, key_field="id")

    monkeypatch.setattr(vectors, "write", changing)
    find_gaps(four, PARAMS)
    find_gaps(four, PARAMS)
    np.testing.assert_array_equal(four.last()["embedding"], np.eye(8, dtype=np.float32)[0])
    inputs = read_inputs(four, CoverageParams())
    assert four.last()["dist_to_S"] == pytest.approx(
        1 - (inputs.owned.matrix @ inputs.pool.matrix[1]).max(), abs=1e-6
    )


def test_a_tag_taken_off_while_the_steps_run_counts_in_the_end(four, monkeypatch):
    real, left = vectors.write, four.last().id

    def untagging(dataset, field, ids, matrix):
        monkeypatch.setattr(vectors, "write", real)
        collection(four).update_one({"_id": bson.ObjectId(left)}, {"$set": {"tags": []}})
        return real(dataset, field, ids, matrix)

    monkeypatch.setattr(vectors, "write", untagging)
    assert find_gaps(four, PARAMS).pool == 1
    four.reload()
    assert four[left]["dist_to_S"] is None
    assert list(find_gaps(four, PARAMS).seconds) == ["looking for changes"]


def test_a_clone_is_told_from_what_it_was_cloned_from_and_agrees_with_it(four, reads):
    find_gaps(four, PARAMS)
    reads.clear()
    clone = four.clone()
    try:
        again = find_gaps(clone, PARAMS)
        assert again.covered.reused
        assert again.dataset == clone.name
        clone.set_values("theirs", {clone.last().id: np.eye(8)[1]}, key_field="id")
        assert not find_gaps(clone, PARAMS).covered.reused
        assert list(find_gaps(four, PARAMS).seconds) == ["looking for changes"]
    finally:
        clone.delete()


def test_only_new_vectors_are_copied_and_changed_ones_again(four, reads):
    find_gaps(four, PARAMS)
    reads.clear()
    four.add_sample(fo.Sample("/made/5.png", tags=["U"], theirs=np.eye(8)[2]))
    grown = find_gaps(four, PARAMS).embedded
    assert (grown.done, grown.known) == (1, 4)
    four.set_values("embedding", {four.last().id: np.eye(8)[3]}, key_field="id")
    mended = find_gaps(four, PARAMS).embedded
    assert mended.done
    np.testing.assert_array_equal(four.last()["embedding"], np.eye(8, dtype=np.float32)[2])


def test_lists_of_numbers_are_told_apart_though_the_servers_hash_does_not(four):
    four.add_sample_field("listed", fo.ListField, subfield=fo.FloatField)
    four.set_values("listed", [[0.25, 0.5], [0.75, 0.1], [0.25, 0.5], None])
    found = marks.marks_of(four, "listed", "theirs")
    assert found.there.tolist() == [[True, True]] * 3 + [[False, True]]
    assert found.marks[0, 0] == found.marks[2, 0] != found.marks[1, 0]
    assert len(set(found.marks[:, 1].tolist())) == 4


def test_a_server_that_cannot_hash_sends_the_values(four, monkeypatch):
    before = marks.marks_of(four, "theirs")
    monkeypatch.setattr(marks, "_mark", lambda name: {"$noSuchHash": f"${name}"})
    sent = marks.marks_of(four, "theirs")
    assert sent.there.all()
    assert sent.ids.tolist() == before.ids.tolist()
    assert len(set(sent.marks[:, 0].tolist())) == 4
    digest = marks.look_at(four)[0]
    past_fiftyone(four, {"$set": {"said": 0.5}})
    assert marks.look_at(four)[0] != digest


def test_a_look_sees_the_marks_that_are_asked_for_and_follows_what_is_written(four):
    four.add_sample_field("ours", fo.VectorField)
    four.set_values("ours", {four.first().id: np.eye(8)[0]}, key_field="id")
    _, seen = marks.look_at(four)
    for view in (four, four.match_tags("U"), four.match_tags("U").concat(four.match_tags("S"))):
        asked = marks.marks_of(view, "ours", "theirs")
        known = marks.marks_of(view, "ours", "theirs", seen=seen)
        for column in ("ids", "marks", "there"):
            np.testing.assert_array_equal(getattr(known, column), getattr(asked, column))
    rows, ids = unit(np.random.default_rng(4).normal(size=(2, 8))), four.values("id")[1:3]
    seen.wrote("ours", ids, vectors.write(four, "ours", ids, rows))
    asked = marks.marks_of(four, "ours")
    np.testing.assert_array_equal(marks.marks_of(four, "ours", seen=seen).marks, asked.marks)
    assert asked.there[:, 0].tolist() == [True, True, True, False]


def test_what_a_look_did_not_see_is_asked_for(four):
    _, seen = marks.look_at(four)
    new = four.add_sample(fo.Sample("/made/9.png", tags=["U"], theirs=np.eye(8)[3]))
    assert new in {row.tobytes().hex() for row in marks.marks_of(four, "theirs", seen=seen).ids}
    four.add_sample_field("later", fo.VectorField)
    assert not marks.marks_of(four, "later", seen=seen).there.any()
    four.delete_samples(four.last())
    seen.wrote("theirs", [], None)
    four.set_values("theirs", {four.first().id: np.eye(8)[2]}, key_field="id")
    asked, known = marks.marks_of(four, "theirs"), marks.marks_of(four, "theirs", seen=seen)
    np.testing.assert_array_equal(known.marks, asked.marks)


def test_a_look_that_knows_the_marks_gives_the_digest_of_one_that_asks(four, monkeypatch):
    four.add_sample_field("ours", fo.VectorField)
    digest, seen = marks.look_at(four)
    with monkeypatch.context() as patch:
        patch.setattr(marks, "_mark", None)
        assert marks.look_at(four, seen)[0] == digest
        rows, ids = unit(np.random.default_rng(4).normal(size=(2, 8))), four.values("id")[1:3]
        seen.wrote("ours", ids, vectors.write(four, "ours", ids, rows))
        past_fiftyone(four, {"$set": {"said": 0.5}})
        known = marks.look_at(four, seen)
    asked = marks.look_at(four)
    assert asked[0] == known[0] != digest
    np.testing.assert_array_equal(asked[1].ids, known[1].ids)
    for name in ("ours", "theirs"):
        np.testing.assert_array_equal(asked[1].columns[name], known[1].columns[name])
    past_fiftyone(four, {"$set": {"theirs": serialize_numpy_array(np.eye(8)[3])}})
    assert marks.look_at(four, seen)[0] == known[0] != marks.look_at(four)[0]
    four.add_sample(fo.Sample("/made/9.png"))
    assert marks.look_at(four, seen)[0] == marks.look_at(four)[0]


def test_a_vector_changed_after_it_was_read_is_found_by_the_next_run(four, monkeypatch):
    find_gaps(four, PARAMS)
    four.add_sample(fo.Sample("/made/5.png", tags=["U"], theirs=np.eye(8)[2]))
    changed, real = four.first().id, steps.summarize_gaps

    def changing(*args, **more):
        monkeypatch.setattr(steps, "summarize_gaps", real)
        past_fiftyone(four, {"$set": {"theirs": serialize_numpy_array(np.eye(8)[3])}})
        return real(*args, **more)

    monkeypatch.setattr(steps, "summarize_gaps", changing)
    find_gaps(four, PARAMS)
    assert find_gaps(four, PARAMS).embedded.done
    np.testing.assert_array_equal(four[changed]["embedding"], np.eye(8, dtype=np.float32)[3])
    assert list(find_gaps(four, PARAMS).seconds) == ["looking for changes"]


def test_a_vector_that_was_another_while_it_was_read_is_none_that_was_seen(four, monkeypatch):
    find_gaps(four, PARAMS)
    four.add_sample(fo.Sample("/made/5.png", tags=["U"], theirs=np.eye(8)[2]))
    new, real = four.last().id, vectors.of

    def put(number):
        vector = {"theirs": serialize_numpy_array(np.eye(8)[number])}
        collection(four).update_one({"_id": bson.ObjectId(new)}, {"$set": vector})

    def changing(*args, **more):
        monkeypatch.setattr(vectors, "of", real)
        put(3)
        return real(*args, **more)

    monkeypatch.setattr(vectors, "of", changing)
    find_gaps(four, PARAMS)
    np.testing.assert_array_equal(four[new]["embedding"], np.eye(8, dtype=np.float32)[3])
    put(2)
    find_gaps(four, PARAMS)
    np.testing.assert_array_equal(four[new]["embedding"], np.eye(8, dtype=np.float32)[2])


def test_lists_among_vectors_leave_nothing_seen(four):
    past_fiftyone(four, {"$set": {"theirs": [0.25, 0.5]}})
    digest, seen = marks.look_at(four)
    assert not seen.columns
    past_fiftyone(four, {"$set": {"theirs": [0.25, 0.75]}})
    assert marks.look_at(four)[0] != digest


def test_a_second_run_hashes_each_vector_once(four, monkeypatch):
    """At its start; the look that proves what it found takes these marks and those of its own."""
    find_gaps(four, PARAMS)
    asked = []
    real = marks._batches
    monkeypatch.setattr(
        marks, "_batches", lambda d, *stages: (asked.append(stages), real(d, *stages))[1]
    )
    find_gaps(four, PARAMS)
    assert len(asked) == 1
    asked.clear()
    four.add_sample(fo.Sample("/made/5.png", tags=["U"], theirs=np.eye(8)[2]))
    find_gaps(four, PARAMS)
    few = [stages for stages in asked if "$match" in str(stages[0])]
    assert len(asked) - len(few) == 1
