"""Pixels, UV and the wire."""

import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError, InputError, NotFiniteError
from gapsphere.plugin.sparse.frames.coords import (
    pixels_of,
    resolution_from_wire,
    resolution_to_wire,
    uv_of,
)
from gapsphere.plugin.sparse.frames.samples import make_samples
from hypothesis import given
from hypothesis import strategies as st

sides = st.integers(1, 65_535)


@given(sides, sides, st.integers(0, 2**32))
def test_uv_leads_back_to_the_same_pixel(height, width, number):
    pixel = number % (height * width)
    edges = [pixel, 0, width - 1, height * width - 1]
    assert pixels_of(uv_of(edges, (height, width)), (height, width)).tolist() == edges


def test_the_last_column_stays_inside_the_frame():
    uv = uv_of(np.arange(12), (3, 4))
    assert uv.min() > 0
    assert uv.max() < 1
    assert pixels_of([[1.0, 1.0], [0.0, 0.0]], (3, 4)).tolist() == [11, 0]


def test_pixel_centres_are_half_a_pixel_from_the_border():
    assert uv_of([0], (2, 4)).tolist() == [[0.125, 0.25]]


def test_the_wire_has_width_first():
    assert resolution_from_wire([640, 480]) == (480, 640)
    assert resolution_to_wire((480, 640)) == [640, 480]


@pytest.mark.parametrize("size", [[640], [0, 4], [4, 70_000], [1.5, 2], ["4", 4]])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(InputError):
        resolution_from_wire(size)


def test_points_outside_or_not_numbers_are_refused():
    with pytest.raises(InputError, match="0 to 1"):
        pixels_of([[1.2, 0.5]], (4, 4))
    with pytest.raises(NotFiniteError):
        pixels_of([[np.nan, 0.5]], (4, 4))
    with pytest.raises(DimensionError):
        pixels_of([[0.1, 0.2, 0.3]], (4, 4))


@pytest.mark.parametrize("value", [300, -1, 255.6, 1e9])
def test_a_value_that_no_pixel_has_is_refused(value):
    with pytest.raises(InputError, match="from 0 to 255"):
        make_samples([0, 1], [10, value], (2, 2))
    assert make_samples([0, 1], [255.4, -0.4], (2, 2)).values.ravel().tolist() == [255, 0]
