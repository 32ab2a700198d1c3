import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.store.sets import resolve, resolve_sets
from gapsphere.plugin.errors import EmptySetError, InputError


@pytest.fixture
def filled(dataset):
    dataset.add_samples(
        fo.Sample(f"/{i}.png", tags=["S"] if i < 3 else ["U"], rank=i, wet=i % 2 == 0)
        for i in range(8)
    )
    return dataset


def test_tags_fields_and_saved_views_can_play_either_part(filled):
    filled.save_view("late", filled[6:])
    words = {"S": 3, "tag:U": 5, "field:rank=4": 1, "field:wet=true": 4, "view:late": 2}
    assert {word: len(resolve(filled, word)) for word in words} == words


def test_a_view_narrows_what_a_word_finds(filled):
    filled.save_view("late", filled[4:])
    assert len(resolve(filled[:6], "U")) == 3
    assert len(resolve(filled[:6], "view:late")) == 2


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("view:nope", "no saved view 'nope'"),
        ("field:nope=1", "no field 'nope'"),
        ("field:rank", "needs a value"),
        ("field:rank=high", "not a value of that field's type"),
        ("what:ever", "none of: a tag"),
    ],
)
def test_a_word_that_names_nothing_is_a_sentence(filled, word, sentence):
    with pytest.raises(InputError, match=sentence):
        resolve(filled, word)


def test_empty_and_overlapping_sets_are_refused(filled):
    with pytest.raises(EmptySetError, match="S is empty"):
        resolve_sets(filled, "nobody", "U")
    with pytest.raises(EmptySetError, match="U is empty"):
        resolve_sets(filled, "S", "nobody")
    with pytest.raises(InputError, match="1 samples are in both"):
        resolve_sets(filled, "field:rank=4", "U")
