"""The bench counts a name as right only where it holds for one missing combination alone."""

import pytest
from gapsphere.scripts.bench.cards import is_named

SHOWN = ("time_of_day", "weather", "environment")


def row(text, missing):
    return {**dict(zip(SHOWN, text.split(), strict=True)), "missing_in_S": missing}


OURS = [row("day dry city", "0"), row("night dry city", "0")]
THEIRS = [row("day snow city", "1"), row("day snow rural", "1"), row("day dry city", "0")]


@pytest.mark.parametrize(
    ("values", "right"),
    [
        ((), False),
        (("`missing_in_S` = 1",), False),
        (("`weather` = snow",), False),  # of two combinations
        (("`environment` = city",), False),  # S has it
        (("`weather` = snow", "`environment` = rural"), False),  # the other one
        (("`speed` above 31",), False),
        (("`weather` = snow", "`environment` = city"), True),
    ],
)
def test_a_name_is_right_for_its_own_combination_alone(values, right):
    assert is_named(values, ("day", "snow", "city"), OURS, THEIRS) == right
