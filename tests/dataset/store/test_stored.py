"""Values of a vector field that are none: each a sentence that names sample and field."""

import io
import zlib

import numpy as np
import pytest
from fiftyone.core.utils import serialize_numpy_array
from gapsphere.plugin.dataset.store.vectors.stored import put, vector
from gapsphere.plugin.errors import DimensionError

WHOLE = serialize_numpy_array(np.arange(4, dtype=np.float32))


def pickled():
    content = io.BytesIO()
    np.save(content, np.array([{"a": 1}], object), allow_pickle=True)
    return zlib.compress(content.getvalue())


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"garbage",
        WHOLE[:-3],
        WHOLE[4:],
        zlib.compress(b"\x93NUMPY"),
        zlib.compress(b"no array"),
        pickled(),
        zlib.compress(zlib.decompress(WHOLE) + bytes(64 << 20)),
        serialize_numpy_array(np.zeros((2, 2))),
        serialize_numpy_array(np.ones(3, complex)),
        serialize_numpy_array(np.ones(3, "datetime64[s]")),
        serialize_numpy_array(np.array(["1", "2"])),
        "text",
        ["a", "b"],
        ["1", "2"],
        [1.0, None],
        {"a": 1},
        3.0,
        [],
        [[1.0, 2.0]],
    ],
)
def test_a_value_that_is_no_vector_is_a_sentence(value):
    for _ in range(2):  # the second time the header of an array is known
        with pytest.raises(DimensionError, match="Sample 0f has a value in 'vec' that is not a li"):
            vector(value, "0f", "vec")


@pytest.mark.parametrize("value", [WHOLE, [0.0, 1, 2, 3], (0, 1, 2, 3)])
def test_arrays_and_lists_of_numbers_are_vectors(value):
    assert vector(value, "0f", "vec").tolist() == [0, 1, 2, 3]


def test_numbers_beyond_float32_are_put_without_a_warning(recwarn):
    into = np.empty(2, np.float32)
    put(vector([1e300, 1.0], "0f", "vec"), into, "0f", "vec")
    assert into.tolist() == [np.inf, 1]
    assert not recwarn.list
