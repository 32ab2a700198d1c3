"""The copy of a field of vectors gives what the field holds now, whoever changed it, and is mapped.

Equal means bit for bit: the field read anew is the oracle throughout.
"""

import os

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store import places
from gapsphere.plugin.dataset.store.fiftyone_internals import collection
from gapsphere.plugin.dataset.store.steps.inputs import read_inputs
from gapsphere.plugin.dataset.store.vectors import mapped, stored, vectors
from gapsphere.plugin.dataset.store.vectors.marks import mark_of, marks_of
from gapsphere.plugin.errors import DimensionError, NotFiniteError
from gapsphere.plugin.settings.steps import EmbeddingParams, SetParams
from gapsphere.plugin.vectors import table as tables
from gapsphere.plugin.vectors.table import Table
from gapsphere.tests.support.killed import killed_at

FIELD, COUNT = "embedding", 40


def unit(count=COUNT, dimension=6, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def everything_is_mapped(tmp_path, monkeypatch):
    """Of any size, in a folder of its own."""
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path / "datasets"))
    monkeypatch.setattr(mapped, "SMALL", 1)
    monkeypatch.setattr(vectors, "FEW", 0)


@pytest.fixture
def filled(dataset):
    """Images of S and U in turns, each with a vector."""
    dataset.add_samples(
        [fo.Sample(f"/made/{n}.png", tags=["SU"[n % 2]]) for n in range(COUNT)], progress=False
    )
    vectors.write(dataset, FIELD, dataset.values("id"), unit())
    return dataset


@pytest.fixture
def asked(monkeypatch):
    """How many vectors were read from the database, a number a reading."""
    counts = []
    real = stored.values

    def counting(dataset, field, ids, *more):
        counts.extend([len(ids)] if ids else [])
        return real(dataset, field, ids, *more)

    monkeypatch.setattr(stored, "values", counting)
    return counts


def by_fiftyone(samples, field=FIELD):
    there = samples.exists(field)
    return np.array([np.asarray(row, np.float32) for row in there.values(field)])


def same(samples, field=FIELD):
    """What is found is what the field holds, in its order, and nobody can write it."""
    found = vectors.find(samples, field, unit=False)
    assert found.ids == samples.exists(field).values("id")
    assert np.array_equal(found.matrix, by_fiftyone(samples, field))
    assert not found.matrix.flags.writeable
    return found.matrix


def copy_of(dataset, field=FIELD):
    return Table(places.vectors(dataset) / field)


def raw(value):
    return fo.core.utils.serialize_numpy_array(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (fo.VectorField, unit(1)[0]),
        (fo.VectorField, unit(1)[0].astype(np.float64)),
        (fo.ArrayField, np.arange(4)),
        (fo.ListField, [0.5, 1.25]),
    ],
)
def test_a_mark_made_here_is_the_one_that_the_server_makes(dataset, kind, value):
    dataset.add_sample_field("made", kind)
    dataset.add_sample(fo.Sample("/made/0.png", made=value))
    (document,) = collection(dataset).find({}, {"made": 1})
    assert mark_of(document["made"]) == marks_of(dataset, "made").marks[0, 0]


def test_the_field_is_read_once_and_mapped_from_then_on(filled, asked):
    first = same(filled)
    assert sum(asked) >= COUNT
    asked.clear()
    again = same(filled)
    assert asked == []
    assert np.array_equal(first, again)
    assert len(copy_of(filled).shards) == 1


def test_s_and_u_are_parts_of_one_matrix(filled, asked):
    read_inputs(filled, SetParams()).owned.matrix.sum()
    asked.clear()
    inputs = read_inputs(filled, SetParams())
    owned, pool = inputs.owned.matrix, inputs.pool.matrix
    assert asked == []
    assert owned.ctypes.data + owned.nbytes == pool.ctypes.data
    for found, tag in ((owned, "S"), (pool, "U")):
        assert np.array_equal(found, by_fiftyone(filled.match_tags(tag)))


CHANGES = {
    "by FiftyOne": lambda d: d.set_values(
        FIELD, {d.first().id: unit(1, seed=9)[0]}, key_field="id"
    ),
    "past FiftyOne": lambda d: collection(d).update_one(
        {"_id": d.last()._id}, {"$set": {FIELD: raw(unit(1, seed=8)[0])}}
    ),
    "of another type": lambda d: collection(d).update_one(
        {"_id": d.last()._id}, {"$set": {FIELD: raw(unit(1, seed=8)[0].astype(np.float64))}}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_vector_that_anyone_changed_is_read_and_no_other(filled, asked, change):
    same(filled)
    change(filled)
    filled.reload()
    asked.clear()
    same(filled)
    assert asked == [1]
    asked.clear()
    same(filled)
    assert asked == []


def test_a_vector_written_again_as_it_was_is_not_read(filled, asked):
    same(filled)
    vectors.write(filled, FIELD, filled.values("id"), unit())
    asked.clear()
    same(filled)
    assert asked == []


def test_samples_come_and_go(filled, asked):
    same(filled)
    filled.delete_samples(filled[3:5].values("id"))
    asked.clear()
    same(filled)
    assert asked == []
    filled.add_samples([fo.Sample(f"/more/{n}.png", tags=["U"]) for n in range(3)], progress=False)
    vectors.write(filled, FIELD, filled[-3:].values("id"), unit(3, seed=5))
    same(filled)
    assert asked == [3]


def test_samples_that_are_gone_do_not_fill_the_disk(filled):
    same(filled)
    filled.delete_samples(filled[: COUNT // 2].values("id"))
    vectors.write(filled, FIELD, [filled.first().id], unit(1, seed=3))
    same(filled)
    assert len(copy_of(filled)) == COUNT // 2


def test_a_dataset_of_another_name_is_the_same_and_a_clone_is_another(filled, asked):
    same(filled)
    filled.name = f"{filled.name}-renamed"
    asked.clear()
    same(filled)
    assert asked == []
    clone = filled.clone()
    try:
        vectors.write(clone, FIELD, [clone.first().id], unit(1, seed=4))
        same(clone)
        same(filled)
        assert not np.array_equal(by_fiftyone(clone)[0], by_fiftyone(filled)[0])
    finally:
        clone.delete()


def test_vectors_of_another_encoder_take_the_place_of_those_before(filled):
    same(filled)
    filled.clear_sample_field(FIELD)
    vectors.write(filled, FIELD, filled.values("id"), unit(dimension=9))
    assert same(filled).shape[1] == 9
    assert len(copy_of(filled)) == COUNT


def test_lists_are_mapped_too(dataset, asked):
    rows = unit().tolist()
    dataset.add_sample_field("listed", fo.ListField, subfield=fo.FloatField)
    dataset.add_samples([fo.Sample("/made/0.png", listed=row) for row in rows], progress=False)
    same(dataset, "listed")
    asked.clear()
    same(dataset, "listed")
    assert asked == []


def test_a_few_of_many_are_copied_and_the_file_stays(filled, asked):
    whole = same(filled)
    before = [each.path for each in copy_of(filled).shards]
    asked.clear()
    few = same(filled.select(filled.values("id")[5:30:7]))
    assert not np.shares_memory(few, whole)
    assert asked == []
    assert [each.path for each in copy_of(filled).shards] == before


def test_they_are_given_in_the_order_that_is_asked_for(filled):
    ids = filled.values("id")[::-1]
    found = vectors.find(filled, FIELD, order=[*ids, "0" * 24])
    assert found.ids == ids
    assert found.missing == 1
    assert np.array_equal(found.matrix, by_fiftyone(filled)[::-1])


def test_what_has_changed_between_the_mark_and_the_reading_is_not_kept_under_that_mark(filled):
    found, changed = vectors.find(filled, FIELD), unit(1, seed=6)
    before = marks_of(filled, FIELD).marks[0, 0]
    vectors.write(filled, FIELD, [found.ids[0]], changed)
    assert np.array_equal(found.matrix[0], changed[0])
    rows = copy_of(filled).rows(marks_of(filled, FIELD).ids[:1], np.array([before]))
    assert rows.tolist() == [-1]
    same(filled)


def test_vectors_of_two_lengths_are_refused_and_none_is_kept(filled):
    vectors.write(filled, FIELD, [filled.last().id], unit(1, dimension=9))
    with pytest.raises(DimensionError, match="two encoders are mixed"):
        vectors.find(filled, FIELD).matrix.sum()
    vectors.write(filled, FIELD, filled.match_tags("U").values("id"), unit(COUNT // 2, 9))
    with pytest.raises(DimensionError, match="6 numbers in S and 9 in U"):
        read_inputs(filled, SetParams()).owned.matrix.sum()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 7.0])
def test_a_damaged_copy_is_not_believed(filled, wrong):
    same(filled)
    (shard,) = copy_of(filled).shards
    content = shard.path.read_bytes()
    row = shard.matrix[7].tobytes()
    assert content.count(row) == 1
    shard.path.write_bytes(content.replace(row, np.full(6, wrong, np.float32).tobytes()))
    assert np.array_equal(vectors.find(filled, FIELD).matrix, by_fiftyone(filled))
    same(filled)


def test_what_the_field_itself_has_wrong_is_said(filled):
    vectors.write(filled, FIELD, [filled.last().id], np.full((1, 6), np.nan))
    with pytest.raises(NotFiniteError, match="1 sample has NaN"):
        vectors.find(filled, FIELD).matrix.sum()


def test_a_disk_that_is_full_costs_only_speed(filled, small_disk, caplog):
    with small_disk(1000):
        found = vectors.find(filled, FIELD).matrix
    assert np.array_equal(found, by_fiftyone(filled))
    assert "are read into memory" in caplog.text
    assert not list(places.vectors(filled).glob("*/*"))


def test_a_link_out_of_the_folder_is_not_followed(filled, tmp_path, caplog):
    home = places.vectors(filled).parent
    home.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    home.symlink_to(tmp_path / "elsewhere")
    assert np.array_equal(vectors.find(filled, FIELD).matrix, by_fiftyone(filled))
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert "leads out of" in caplog.text


def test_copies_of_deleted_datasets_go_and_those_of_another_database_stay(filled):
    gone = filled.clone()
    same(gone)
    folder = places.vectors(gone)
    left = folder.parent.parent / ("f" * 24) / folder.name
    left.mkdir(parents=True)
    gone.delete()
    assert folder.is_dir()
    same(filled)
    assert not folder.exists()
    assert left.is_dir()


def test_vectors_are_in_the_copy_as_soon_as_they_are_made(loaded, encoder, asked):
    compute_embeddings(loaded, encoder=encoder)
    asked.clear()
    same(loaded)
    assert asked == []


def test_what_was_made_before_a_stop_is_in_the_copy(loaded, encoder):
    def stop():
        compute_embeddings(loaded, EmbeddingParams(batch_size=5), encoder=encoder)

    killed_at("embeddings:batch", stop)
    loaded.reload()
    same(loaded)
    compute_embeddings(loaded, encoder=encoder)
    same(loaded)


@pytest.mark.parametrize("point", ["laid out", "filled", "placed"])
def test_a_process_killed_while_it_writes_the_copy_changes_nothing(filled, point):
    child = os.fork()
    if child == 0:
        tables.reached = lambda here: os._exit(9) if here == point else None
        vectors.find(filled, FIELD).matrix.sum()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    same(filled)
