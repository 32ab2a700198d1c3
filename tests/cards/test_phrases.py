"""A phrase is said where it separates the card from S, and only there."""

import numpy as np
import pytest
from gapsphere.plugin.cards.phrases import auroc, phrases_apart
from gapsphere.plugin.errors import DimensionError, EmptySetError, NotFiniteError
from sklearn.metrics import roc_auc_score


@pytest.mark.parametrize("seed", range(10))
def test_auroc_equals_sklearn_with_weights_and_ties(seed):
    random = np.random.default_rng(seed)
    above, below = random.integers(0, 6, 15).astype(float), random.integers(0, 5, 20).astype(float)
    weights = [random.random(len(side)) + 0.1 for side in (above, below)]
    ours, other = (side / side.sum() for side in weights)
    truth = [1] * len(above) + [0] * len(below)
    wanted = roc_auc_score(
        truth, np.concatenate([above, below]), sample_weight=np.concatenate([ours, other])
    )
    assert auroc(above, below, ours, other) == pytest.approx(wanted, abs=1e-12)


def test_a_phrase_at_the_bar_is_said_and_one_below_it_is_not():
    # Of 5 images of S, 1 and 2 lie above the card's.
    owned = np.array([[0, 0], [0, 0], [0, 0], [0, 2], [2, 2]], float)
    found = phrases_apart([[1.0, 1.0]] * 4, owned, ["snow", "road"])
    assert [(one.text, one.auroc) for one in found] == [("snow", pytest.approx(0.8))]


def test_a_long_drive_weighs_as_much_as_a_short_one():
    owned = [[0.0]] * 99 + [[1.0]]
    assert phrases_apart([[0.5]], owned, ["fog"])
    assert not phrases_apart([[0.5]], owned, ["fog"], owned_drives=["a"] * 99 + ["b"])


def test_what_does_not_fit_is_refused():
    with pytest.raises(DimensionError):
        phrases_apart([[1.0]], [[1.0]], ["a", "b"])
    with pytest.raises(DimensionError):
        phrases_apart([[1.0]], [[1.0]], ["a"], card_drives=["x", "y"])
    with pytest.raises(EmptySetError):
        phrases_apart(np.empty((0, 1)), [[1.0]], ["a"])
    with pytest.raises(NotFiniteError):
        phrases_apart([[np.nan]], [[1.0]], ["a"])
