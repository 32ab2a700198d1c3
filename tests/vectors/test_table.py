"""A folder of vectors: what was added is found by id and mark, whoever dies while writing."""

import os
from multiprocessing import get_context

import numpy as np
import pytest
from gapsphere.plugin.interchange.files import temporary
from gapsphere.plugin.vectors import table as tables
from gapsphere.plugin.vectors.sample_ids import places
from gapsphere.plugin.vectors.table import Table


def ids_of(*numbers):
    return np.frombuffer(b"".join(f"sample-{n:05}".encode() for n in numbers), np.uint8).reshape(
        -1, 12
    )


def vectors_of(*numbers, dimension=4):
    return np.array([np.full(dimension, n) for n in numbers], np.float32)


def add(table, *numbers, marks=None, dimension=4):
    marks = np.array(numbers if marks is None else marks)
    table.append(ids_of(*numbers), marks, vectors_of(*marks, dimension=dimension))


@pytest.fixture
def table(tmp_path):
    return Table(tmp_path / "vectors")


def held(table, *numbers, marks=None):
    """First number of each vector that is there; None where there is none."""
    rows = table.rows(ids_of(*numbers), np.array(numbers if marks is None else marks))
    there = rows >= 0
    found = iter(table.take(rows[there]).tolist())
    return [next(found)[0] if each else None for each in there]


def test_a_table_of_nothing_holds_nothing(table):
    assert held(table, 1, 2) == [None, None]
    assert table.dimension is None
    table.compact()
    assert not table.folder.exists()


def test_rows_of_several_files_are_found_in_any_order(table):
    add(table, 1, 2, 3)
    add(table, 5, 4)
    assert held(Table(table.folder), 4, 1, 5, 9, 3) == [4, 1, 5, None, 3]


def test_another_mark_is_another_vector(table):
    add(table, 1, 2)
    assert held(table, 1, 2, marks=[1, 7]) == [1, None]


def test_the_row_that_was_added_last_counts(table):
    add(table, 1, 2, 3)
    add(table, 2, marks=[20])
    assert held(table, 1, 2, 3, marks=[1, 20, 3]) == [1, 20, 3]
    assert held(table, 2, marks=[2]) == [None]


def test_rows_in_order_are_a_slice_of_the_file(table):
    add(table, *range(10))
    add(table, *range(10, 20))
    numbers = range(3, 9)
    rows = table.rows(ids_of(*numbers), np.array(numbers))
    taken = table.take(rows)
    assert np.shares_memory(taken, table.shards[0].matrix)
    across = table.rows(ids_of(*range(8, 12)), np.arange(8, 12))
    assert table.slice(across) is None
    assert table.take(across)[:, 0].tolist() == [8, 9, 10, 11]


def test_what_is_taken_cannot_be_written(table):
    add(table, 1, 2, 3)
    for rows in ([0, 1], [1, 0]):
        with pytest.raises(ValueError, match="read-only"):
            table.take(np.array(rows))[0] = 0


def test_vectors_of_another_length_replace_those_before(table):
    add(table, 1, 2)
    add(table, 1, marks=[10], dimension=6)
    assert table.dimension == 6
    assert held(table, 1, 2, marks=[10, 2]) == [10, None]


def test_files_of_which_no_row_counts_go(table):
    add(table, 1, 2, 3)
    add(table, 9)
    add(table, 1, 2, 3, marks=[10, 20, 30])
    table.compact()
    assert len(table.shards) == len(os.listdir(table.folder)) == 2
    assert held(table, 1, 9, marks=[10, 9]) == [10, 9]


@pytest.mark.parametrize("again", [False, True], ids=["as it is", "looked at again"])
def test_a_table_is_written_as_one_file_where_most_rows_no_longer_count(table, again):
    add(table, *range(8))
    for turn in range(1, 4):
        add(table, *range(7), marks=range(100 * turn, 100 * turn + 7))
        add(table, 100 + turn)
    reader = Table(table.folder)
    mapped = reader.shards[0].matrix
    table.compact(ids_of(*range(8), 101, 102))
    found = Table(table.folder) if again else table
    assert held(found, *range(8), 101, 102, 103) == [*[None] * 7, 7, 101, 102, None]
    table.compact(ids_of(7))
    found = Table(table.folder) if again else table
    assert held(found, 7, 101) == [7, None]
    assert len(os.listdir(table.folder)) == 1
    assert mapped[7, 0] == 7  # whoever has mapped a file keeps it


def test_many_files_become_one(table):
    for number in range(tables.MOST_FILES + 1):
        add(table, number)
    table.compact()
    assert len(os.listdir(table.folder)) == 1
    assert held(table, *range(tables.MOST_FILES + 1)) == list(range(tables.MOST_FILES + 1))


def test_a_foreign_or_torn_file_is_left_out_and_said(table, caplog):
    add(table, 1)
    add(table, 2)
    torn = table.shards[0].path
    torn.write_bytes(torn.read_bytes()[:-30])
    (table.folder / "notes.txt").write_text("mine")
    (table.folder / "99999999-00000000.arrow").write_text("no vectors")
    found = Table(table.folder)
    assert held(found, 1, 2) == [None, 2]
    assert caplog.text.count("is not a file of vectors") == 2
    assert "notes.txt" not in caplog.text


def test_two_writers_lose_nothing_of_each_other(table):
    one, other = Table(table.folder), Table(table.folder)
    add(one, 1)
    add(other, 2)
    add(one, 3)
    assert held(Table(table.folder), 1, 2, 3) == [1, 2, 3]
    one.look()
    assert held(one, 1, 2, 3) == [1, 2, 3]


def die_at(point, folder, work):
    tables.reached = lambda here: os._exit(9) if here == point else None
    work(Table(folder))
    os._exit(0)


def more(table):
    add(table, 2, 3, marks=[20, 3])


def tidy(table):
    add(table, 1, 2, marks=[1, 20])
    add(table, 3)
    table.compact()


POINTS = ["laid out", "filled", "placed"]


@pytest.mark.parametrize(
    ("work", "point"),
    [*((more, at) for at in POINTS), *((tidy, at) for at in [*POINTS, "removed"])],
)
def test_a_writer_killed_anywhere_leaves_whole_rows(table, point, work):
    add(table, 1, 2)
    child = get_context("fork").Process(target=die_at, args=(point, table.folder, work))
    child.start()
    child.join()
    assert child.exitcode == 9, f"{point} was never reached"
    temporary.sweep.cache_clear()  # as in a new process
    found = Table(table.folder)
    assert held(found, 1) == [1]
    second = held(found, 2), held(found, 2, marks=[20])
    assert second in (([2], [None]), ([None], [20]))
    add(found, 9)
    assert held(Table(table.folder), 1, 9) == [1, 9]
    left = [name for name in os.listdir(table.folder) if not name.endswith(".arrow")]
    assert left == [], "the next writer removes what the killed one was writing"


def test_places_are_those_of_a_dict():
    random = np.random.default_rng(0)
    for count in (0, 1, 300):
        known = random.integers(0, 2, (count, 12), np.uint8)
        wanted = random.integers(0, 2, (200, 12), np.uint8)
        row = {each.tobytes(): at for at, each in enumerate(known)}
        expected = [row.get(each.tobytes(), -1) for each in wanted]
        assert places(known, wanted).tolist() == expected


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_rows_come_in_their_order_however_many_are_copied_at_once(table, at_once, monkeypatch):
    monkeypatch.setattr(tables, "AT_ONCE", at_once)
    for part in ([0, 1, 2, 3, 4], [5], [6, 7, 8]):
        add(table, *part)
    rows = np.array([5, 6, 7, 8, -1, 2, 3, 4, 4, 3, 0, 1, 2, 3, 4, 5, 6, -1, 7])
    found = table.take(rows, np.full((len(rows), 4), -1, np.float32))
    assert found[:, 0].tolist() == rows.tolist()
