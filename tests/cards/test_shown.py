"""Fields that show in the images are told from those that do not, whatever S and U hold."""

import numpy as np
import pytest
from gapsphere.plugin.cards import shown
from gapsphere.plugin.cards.columns import Column, terms_of
from gapsphere.plugin.cards.shown import holm, shown_fields

ROUNDS = 150


@pytest.fixture(autouse=True)
def fewer_ways(monkeypatch):
    """A p-value of any number of ways is below the level as rarely."""
    monkeypatch.setattr(shown, "WAYS", 199)


def drives(random, count, kinds, centres, spread=0.3):
    """``count`` drives of four frames: the rows of each lie around the centre of its kind."""
    kind = random.integers(kinds, size=count)
    rows = centres[kind].repeat(4, axis=0) + spread * random.standard_normal((4 * count, 6))
    rows += 0.3 * random.standard_normal((count, 6)).repeat(
        4, axis=0
    )  # each drive has its own look
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return kind.repeat(4), rows.astype(np.float32), np.arange(count).repeat(4)


def asked(seed, **values):
    """What passes of columns made of the kinds of 14 drives of S and 20 of U."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((4, 6))
    ours, S, own = drives(random, 14, 3, centres)
    theirs, U, pool = drives(random, 20, 4, centres)
    columns = [
        Column(name, make(random, ours, own).tolist(), make(random, theirs, pool).tolist())
        for name, make in values.items()
    ]
    return shown_fields(terms_of(columns, own, pool).terms, S, U, own, pool)


def kind(random, kinds, drive):
    return np.array(["day", "dusk", "night", "snow"])[kinds]


def coin(random, kinds, drive):
    """A word of each drive that means nothing."""
    return random.choice(list("abcd"), drive.max() + 1)[drive]


def noise(random, kinds, drive):
    """A word of each frame that means nothing."""
    return random.choice(list("abcd"), len(drive))


def test_a_field_that_shows_passes_and_one_that_does_not_is_left_out():
    passed = [asked(seed, light=kind, driver=coin) for seed in range(40)]
    assert sum("light" in each for each in passed) == 40
    assert sum("driver" in each for each in passed) <= 8


@pytest.mark.parametrize("columns", [{"x": coin}, {"x": coin, "y": coin, "z": noise}])
def test_fields_that_mean_nothing_pass_at_the_level(columns):
    """Some field of them in at most a tenth of datasets, up to what so many may show."""
    passed = sum(bool(asked(seed, **columns)) for seed in range(ROUNDS))
    assert passed <= 0.1 * ROUNDS + 2 * np.sqrt(ROUNDS * 0.1 * 0.9)


def test_a_field_that_only_tells_the_sets_apart_does_not_pass():
    """U looks other than S, and so do two batches of it by name; within U they are alike."""
    passed = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        centres = random.standard_normal((2, 6))
        _, S, own = drives(random, 14, 1, centres)
        _, U, pool = drives(random, 20, 1, centres[1:])
        ours, theirs = random.choice(["a", "b"], 14), random.choice(["b", "c"], 20)
        batch = Column("batch", ours[own].tolist(), theirs[pool].tolist())
        passed += bool(shown_fields(terms_of([batch], own, pool).terms, S, U, own, pool))
    assert passed <= 6 + 2 * np.sqrt(60 * 0.1 * 0.9)
    of_one = Column("batch", list("ab" * 7), list("cd" * 10))
    one = np.arange(14), np.arange(20)
    rows = np.eye(4, dtype=np.float32)
    terms = terms_of([of_one], *one).terms
    assert shown_fields(terms, rows[[0, 1] * 7], rows[[2, 3] * 10], *one) == {}


def test_holm_is_as_defined():
    p = {"a": 0.02, "b": 0.001, "c": 0.4, "d": 0.03}
    assert holm(p) == pytest.approx({"b": 0.004, "a": 0.06, "d": 0.06, "c": 0.4})
