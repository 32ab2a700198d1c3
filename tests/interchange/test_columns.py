from datetime import date, datetime

import pytest
from gapsphere.plugin.interchange.tables.columns import (
    MISSING,
    Narrowing,
    fitted,
    frame_number,
)
from hypothesis import given
from hypothesis import strategies as st


def typed(cells):
    """Cells in the narrowest type that fits them all."""
    column = Narrowing()
    for cell in cells:
        column.see(cell)
    return [column.convert(cell) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1", "", "3"], [1, None, 3]),
        (["1", "2.5"], [1.0, 2.5]),
        (["true", "False"], [True, False]),
        (["true", "NA"], [True, None]),
        (["-3", "0", "9223372036854775807"], [-3, 0, 9223372036854775807]),
        (["1.50", "0.25"], [1.5, 0.25]),
        (["48.137100", "-11.000000"], [48.1371, -11.0]),
        (["1.000000000000000056e-01", "5.000000000000000000e-01"], [0.1, 0.5]),
        (["1e-05", "2.5"], [1e-05, 2.5]),
        ([".5", "1.5"], [0.5, 1.5]),
        (["0.10000000149011612"], [0.10000000149011612]),
        (["", ""], [None, None]),
    ],
)
def test_numbers_and_truth_values_are_read(cells, wanted):
    assert typed(cells) == wanted
    assert [type(cell) for cell in typed(cells)] == [type(cell) for cell in wanted]


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "true"],
        ["007", "8"],
        ["1_000", "2"],
        ["+1", "2"],
        ["-0", "1"],
        ["1e5", "12e3"],
        ["11898508762506083287", "14160410518916347259"],
        ["1234567890123456789", "1.5"],
        ["9223372036854775808"],
        ["1.10", "1.9"],
        ["1.2.3", "1.3.0"],
        ["0x10", "0x11"],
        ["\u0661\u0662", "3"],  # digits of another script
        ["1,5", "2,5"],
        ["1 ", "2"],
        ["9" * 5000, "1"],
        ["nan", "None"],
        ["rain", "NA", "inf"],
        ["2024-01-31", "2024-02-01"],
    ],
)
def test_what_would_not_read_back_the_same_stays_text(cells):
    assert typed(cells) == cells


@given(
    st.lists(
        st.one_of(
            st.integers(-(1 << 70), 1 << 70).map(str),
            st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
            st.from_regex(r"[+-]?0{0,2}\d{0,20}\.?\d{0,20}([eE][+-]?\d{1,3})?", fullmatch=True),
        ).filter(lambda cell: cell not in MISSING),
        min_size=1,
        max_size=4,
    )
)
def test_no_digit_is_ever_lost(cells):
    """Every number column can be written again with one format."""
    values = typed(cells)
    if any(isinstance(value, float) for value in values):
        pairs = [(cell.lower(), value) for cell, value in zip(cells, values, strict=True) if cell]
        shortest = all(
            cell in (repr(value), repr(value).replace("0.", ".", 1), f"{value:.0f}")
            for cell, value in pairs
        )
        one_format = any(
            all(cell == f"{value:.{decimals}{kind}}" for cell, value in pairs)
            for decimals in range(21)
            for kind in "fe"
        )
        assert shortest or one_format
    else:
        assert ["" if value is None else str(value) for value in values] == cells


@pytest.mark.parametrize(
    "word", ["nan", "NaN", "NA", "N/A", "null", "None", "-", "<NA>", "inf", "-Infinity"]
)
def test_a_word_for_missing_leaves_a_column_of_numbers_one(word):
    assert typed(["1.5", word, "2.5"]) == [1.5, None, 2.5]


@pytest.mark.parametrize("name", ["version", "fwVersion", "track_id", "Token"])
def test_a_column_of_identifiers_keeps_the_zero_at_the_end(name):
    column = Narrowing(name)
    for cell in ("1.10", "1.20"):
        column.see(cell)
    assert column.kind is str
    assert column.numbers_as_text


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1,5", "3"], [1.5, 3.0]),
        (["0,567", "1,234"], [0.567, 1.234]),
        (["1,234", "5,678"], ["1,234", "5,678"]),  # thousands or decimals
        (["1,5", "2.5"], ["1,5", "2.5"]),
        (["1.234,5", "2,5"], ["1.234,5", "2,5"]),
    ],
)
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(cells, wanted):
    column = Narrowing(decimal_comma=True)
    for cell in cells:
        column.see(cell)
    assert [column.convert(cell) for cell in cells] == wanted


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        ("1.0", int, 1),
        ("NA", int, None),
        ("3", float, 3.0),
        ("1.10", float, 1.1),
        ("inf", float, None),
        ("inf", int, None),  # as in a column of numbers that no field is there for
        ("inf", bool, None),
        ("inf", str, "inf"),
        ("007", str, "007"),
        ("NA", str, "NA"),
        ("1", bool, True),
        ("False", bool, False),
        ("2024-01-31", date, date(2024, 1, 31)),
        ("2024-01-31T12:00:00Z", datetime, datetime(2024, 1, 31, 12)),
        ("2024-01-31T12:00:00+02:00", datetime, datetime(2024, 1, 31, 10)),
        ("", float, None),
    ],
)
def test_a_cell_becomes_a_value_of_the_type_that_is_there(cell, kind, value):
    assert fitted(cell, kind) == value


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("front", int),
        ("1.5", int),
        ("007", int),
        ("9223372036854775808", int),
        ("1234567890123456789", float),
        ("1,5", float),
        ("yes", bool),
        ("31.01.2024", date),
        ("2024-01-31T12:00:00.123456", datetime),  # the database keeps milliseconds
        ("0001-01-01T00:00:00+01:00", datetime),  # before the first year in UTC
        ("9999-12-31T23:59:59-01:00", datetime),
        ("1e-99999999999999999999", float),
    ],
)
def test_a_cell_that_would_lose_something_is_refused(cell, kind):
    with pytest.raises(ValueError, match=r".*"):
        fitted(cell, kind)


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1.0", 1), ("000001", 1), ("nan", None), ("", None), ("-1", -1), ("12", 12), ("5.", 5)],
)
def test_a_frame_number_is_read_as_tools_write_it(cell, number):
    assert frame_number(cell) == number


@pytest.mark.parametrize("cell", ["1.5", "frame_1", "1e3", "1_0", "9" * 20])
def test_what_is_no_frame_number_is_refused(cell):
    with pytest.raises(ValueError, match=r".*"):
        frame_number(cell)


def why_text(*cells):
    column = Narrowing()
    for cell in cells:
        column.see(cell)
    return column.numbers_as_text


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["48,137", "48,2"], "a comma may group digits or begin decimals"),
        (["1,234", "2,500"], "a comma may group digits or begin decimals"),
        (["1,5", "2.5", "3"], "a comma may group digits or begin decimals"),
        (["9" * 5000, "1"], "9...9' would not read back the same"),
        (["1", "2", "a" * 5000], "a...a' is not a number"),
        (["a", "b", "1,5"], ""),
    ],
)
def test_why_numbers_stay_text_is_said_in_a_few_words(cells, why):
    found = why_text(*cells)
    assert len(found) < 120
    assert bool(found) == bool(why)
    assert why.rpartition("...")[2] in found
