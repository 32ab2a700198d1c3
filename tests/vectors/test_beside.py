"""Two matrices that lie side by side are one without a copy; any others are copied."""

import numpy as np
import pytest
from gapsphere.plugin.vectors import shard
from gapsphere.plugin.vectors.beside import beside

BOTH = np.arange(24, dtype=np.float32).reshape(6, 4)


def test_parts_of_a_mapped_file_are_one_view_of_it(tmp_path):
    ids = np.frombuffer(b"".join(b"sample-%05d" % at for at in range(6)), np.uint8).reshape(-1, 12)

    def fill(numbers, marks):
        numbers[:], marks[:] = BOTH, 0

    matrix = shard.write(tmp_path / "a.arrow", ids, 4, fill).matrix
    found = beside(matrix[1:3], matrix[3:])
    assert np.shares_memory(found, matrix)
    assert np.array_equal(found, BOTH[1:])
    assert not found.flags.writeable


@pytest.mark.parametrize(
    "parts",
    [
        (BOTH[:2], BOTH[3:]),
        (BOTH[3:], BOTH[:3]),
        (BOTH[:2], BOTH[2:].copy()),
        (BOTH[:4, :2], BOTH[4:, :2]),
        (BOTH[:2], BOTH[2:].astype(np.float64)),
        (BOTH[:3].copy(), BOTH[3:].copy()),
    ],
    ids=["apart", "the other way", "of another", "columns", "of other numbers", "copies"],
)
def test_what_does_not_lie_so_is_copied(parts):
    assert np.array_equal(beside(*parts), np.concatenate(parts))


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError, match="dimensions"):
        beside(BOTH[:2], BOTH[2:].reshape(-1, 2))
