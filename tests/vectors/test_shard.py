"""A file of vectors is mapped as it was filled, or refused with the reason: never half read."""

import os
import resource
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from gapsphere.plugin.errors import ArtifactError, DimensionError
from gapsphere.plugin.vectors import shard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc

COUNT, DIMENSION = 50, 8
IDS = np.arange(COUNT * 12, dtype=np.uint8).reshape(COUNT, 12)
MARKS = np.arange(COUNT, dtype=np.int64) - 7
MATRIX = np.random.default_rng(0).standard_normal((COUNT, DIMENSION)).astype(np.float32)


def fill(matrix, marks):
    matrix[:], marks[:] = MATRIX, MARKS


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("shard") / "one.arrow"
    shard.write(path, IDS, DIMENSION, fill)
    return path


def test_what_was_filled_is_what_is_mapped(whole):
    found = shard.read(whole)
    assert np.array_equal(found.ids, IDS)
    assert np.array_equal(found.marks, MARKS)
    assert np.array_equal(found.matrix, MATRIX)


def test_any_reader_of_arrow_reads_it(whole):
    table = ipc.open_file(whole).read_all()
    assert table.column_names == ["id", "mark", "vector"]
    assert table["id"].to_pylist() == [row.tobytes() for row in IDS]
    assert table["vector"].to_pylist() == MATRIX.tolist()


def test_nothing_mapped_can_be_written(whole):
    found = shard.read(whole)
    for column in (found.ids, found.marks, found.matrix):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_the_numbers_are_mapped_and_not_read(whole):
    """The file is its columns: no row is in the process's own memory."""
    size = 200_000
    path = whole.with_name("large.arrow")
    shard.write(path, np.zeros((size, 12), np.uint8), 256, lambda matrix, _: None)
    code = (
        "import sys, psutil; from gapsphere.plugin.vectors import shard; from pathlib import Path;"
        # Without pages of the file: how many a touch of one maps is the system's business.
        "own = lambda: (lambda of: of.rss - of.shared)(psutil.Process().memory_info());"
        "before = own();"
        "found = shard.read(Path(sys.argv[1])); found.matrix[::1000].sum();"
        "print(found.matrix.nbytes, own() - before)"
    )
    run = [sys.executable, "-c", code, str(path)]
    matrix, grown = map(int, subprocess.run(run, capture_output=True, check=True).stdout.split())
    path.unlink()
    assert matrix == size * 256 * 4
    assert grown < matrix / 5


@pytest.mark.parametrize(("count", "dimension"), [(0, 8), (3, 0)], ids=["no vector", "no number"])
def test_a_file_of_nothing_is_not_written(tmp_path, count, dimension):
    with pytest.raises(DimensionError):
        shard.write(tmp_path / "none.arrow", np.zeros((count, 12), np.uint8), dimension, fill)
    assert os.listdir(tmp_path) == []


def test_what_breaks_off_leaves_nothing(tmp_path):
    def broken(matrix, marks):
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        shard.write(tmp_path / "none.arrow", IDS, DIMENSION, broken)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_said_before_a_page_is_touched(tmp_path, small_disk):
    with small_disk(50_000), pytest.raises(ArtifactError, match="could not be written"):
        shard.write(tmp_path / "none.arrow", np.zeros((5000, 12), np.uint8), 64, fill)
    assert os.listdir(tmp_path) == []


FLOAT = pa.float32()


def schema(**other):
    kinds = {
        "id": pa.binary(12),
        "mark": pa.int64(),
        "vector": pa.list_(pa.field("item", pa.float32(), nullable=False), 2),
    } | other
    fields = [pa.field(name, kind, nullable=False) for name, kind in kinds.items()]
    return pa.schema(fields, metadata={"gapsphere": "vectors 1"})


def arrow(path, schema, batches, **options):
    with ipc.new_file(path, schema, options=ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(pa.record_batch(batch, schema=schema))


def rows(count=3, kind=FLOAT, nulls=False):
    flat = pa.array(np.arange(2 * count), kind)
    field = pa.list_(pa.field("item", kind, nullable=False), 2)
    vectors = pa.FixedSizeListArray.from_arrays(flat, type=field)
    if nulls:
        vectors = pa.array([None, *vectors.to_pylist()[1:]], field)
    return [pa.array([b"sample-00001"] * count, pa.binary(12)), pa.array([1] * count), vectors]


HOSTILE = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no vectors" * 100),
    "a named pipe": os.mkfifo,
    "a folder": os.mkdir,
    "no vectors": lambda path: arrow(path, pa.schema([("id", pa.int64())]), [[pa.array([1])]]),
    "no batch": lambda path: arrow(path, schema(), []),
    "two batches": lambda path: arrow(path, schema(), [rows(), rows()]),
    "an empty batch": lambda path: arrow(path, schema(), [rows(0)]),
    "float64": lambda path: arrow(
        path,
        schema(vector=pa.list_(pa.field("item", pa.float64(), nullable=False), 2)),
        [rows(kind=pa.float64())],
    ),
    "of no description": lambda path: arrow(path, schema().remove_metadata(), [rows()]),
    "with nulls": lambda path: arrow(path, schema(), [rows(nulls=True)]),
    "compressed": lambda path: arrow(
        path,
        schema(),
        [rows(5000)],
        compression="zstd",
    ),
}


def test_a_small_file_of_this_kind_is_read(tmp_path):
    arrow(tmp_path / "one.arrow", schema(), [rows()])
    assert shard.read(tmp_path / "one.arrow").matrix.tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_such_file_is_refused_by_its_name(tmp_path, make):
    path = tmp_path / "one.arrow"
    make(path)
    with pytest.raises(ArtifactError, match=r"one\.arrow is"):
        shard.read(path)


def test_a_file_cut_off_anywhere_is_refused(whole):
    content = whole.read_bytes()
    torn = whole.with_name("torn.arrow")
    end = len(content)
    for length in {*range(0, end, 31), *range(end - 40, end)}:
        torn.write_bytes(content[:length])
        with pytest.raises(ArtifactError):
            shard.read(torn)


@settings(max_examples=300)
@given(st.data())
def test_whatever_bytes_are_changed_it_is_refused_or_as_large_as_it_says(whole, data):
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 9))
        content[at : at + 8] = data.draw(st.binary(min_size=8, max_size=8))
    changed = whole.with_name("changed.arrow")
    changed.write_bytes(content)
    try:
        found = shard.read(changed)
    except ArtifactError:
        return
    assert found.matrix.shape[0] == len(found.ids) == len(found.marks)
    found.matrix.sum(), found.ids.sum(), found.marks.sum()  # every byte is there


def test_a_length_beyond_memory_costs_none(whole):
    """Counts in the headers are the easiest to forge: each is set to 2^62."""
    content = whole.read_bytes()
    forged = whole.with_name("forged.arrow")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in (COUNT, COUNT * DIMENSION, COUNT * 12, COUNT * 8, COUNT * DIMENSION * 4):
        said = number.to_bytes(8, "little")
        at = content.find(said)
        while at >= 0:
            forged.write_bytes(content[:at] + (1 << 62).to_bytes(8, "little") + content[at + 8 :])
            with suppress(ArtifactError):
                shard.read(forged).matrix.sum()
            at = content.find(said, at + 1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
