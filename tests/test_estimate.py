"""What is said of a run's time before it starts: only what was measured."""

import pytest
from gapsphere.plugin.estimate import Pace, Part, told

EMBED = Part("701 images to embed", "embedding", 701, Pace(350, 85.0, before=2.0, linear=True))
PICKS = Part("50 picks", "picking", 50, Pace(50, 18.0))
NEW = Part("50 picks", "picking", 50)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            [EMBED, PICKS],
            "About 3 min: 701 images to embed (at 4.1 a second, as in the last run here), "
            "50 picks.",
        ),
        (
            [Part("9 images to embed", "embedding", 9, EMBED.pace, elsewhere=True)],
            "About 4 s: 9 images to embed (at 4.1 a second, as in the last run of another dataset "
            "here).",
        ),
        (
            [EMBED, NEW],
            "701 images to embed (at 4.1 a second, as in the last run here), 50 picks. How long "
            "picking takes is shown once it has begun; the rest takes about 3 min.",
        ),
        (
            [NEW, Part("the sphere", "the sphere", 701)],
            "50 picks, the sphere. Nothing like it has run here yet: the time is shown once it has "
            "begun.",
        ),
        ([], ""),
    ],
)
def test_the_time_is_that_of_the_parts_that_were_measured(parts, said):
    assert told(parts) == said


def test_what_is_there_is_said_first_and_an_earlier_result_may_save_time():
    assert told([PICKS], ["All are embedded."], again=True) == (
        "All are embedded. About 20 s, less where an earlier result still holds: 50 picks."
    )


def test_a_small_run_tells_nothing_of_one_far_larger():
    pace = Pace(100, 8.0)
    assert pace.takes(400) == 32
    assert pace.takes(401) is None
    assert pace.takes(1) == 2  # part of the time is the same however little there is


def test_a_few_units_do_not_replace_a_pace_that_was_measured_on_many():
    many = Pace(700, 70.0, of="a")
    assert not Pace(3, 9.0, of="a").replaces(many)
    assert Pace(64, 9.0, of="a").replaces(many)
    assert Pace(3, 9.0, of="b").replaces(many)
    assert not Pace(0, 9.0, of="b").replaces(many)
