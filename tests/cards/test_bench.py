"""The bench counts a name as right only where it holds for one missing combination alone."""

from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.cards.card import Card
from gapsphere.plugin.cards.naming import Name
from gapsphere.scripts.bench.cards import Scene, rightly

SHOWN = ("time_of_day", "weather", "environment")


def row(text, missing):
    return {**dict(zip(SHOWN, text.split(), strict=True)), "missing_in_S": missing}


SCENE = Scene(
    owned=np.empty((0, 2)),
    pool=np.empty((0, 2)),
    ours=[row("day dry city", "0"), row("night dry city", "0")],
    theirs=[row("day snow city", "1"), row("day snow rural", "1"), row("day dry city", "0")],
    attributes=[],
)
AT = np.zeros(1, np.int64)
CARD = Card(AT, 1, AT, AT, 0.4, 0.4, None, 99.0, None, None, Name())


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
    card = replace(CARD, name=Name(values))
    assert rightly(card, ("day", "snow", "city"), SCENE) == right
