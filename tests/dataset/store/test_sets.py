from datetime import date, datetime

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.store.sets.resolve import resolve, resolve_sets
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


@pytest.fixture
def kinds(dataset):
    """Eight samples with a field of each kind; the first two are of day, the first of rain."""
    day, rain = [i < 2 for i in range(8)], [i < 1 for i in range(8)]
    dataset.add_samples(
        fo.Sample(
            f"/{i}.png",
            flags=(["day", "rain"] if rain[i] else ["day"]) if day[i] else None,
            numbers=[1, 2] if day[i] else [3],
            loose=[1, "day"] if day[i] else [],
            weather=fo.Classification(label="day" if day[i] else "night"),
            many=fo.Classifications(classifications=[fo.Classification(label="day")] * day[i]),
            boxes=fo.Detections(detections=[fo.Detection(label="car")] * day[i]),
            grade=fo.Regression(value=1.5 if day[i] else 2.0),
            on=date(2024, 1, 1 + (not day[i])),
            at=datetime(2024, 1, 1 + (not day[i]), 12),
            vector=np.ones(3),
        )
        for i in range(8)
    )
    return dataset


@pytest.mark.parametrize(
    "word",
    [
        "flags=day", "numbers=2", "loose=1", "loose=day", "weather=day", "weather.label=day",
        "many=day", "boxes=car", "boxes.detections.label=car", "grade=1.5", "on=2024-01-01",
        "at=2024-01-01T12:00:00Z",
    ],
)  # fmt: skip
def test_a_word_finds_values_in_lists_labels_and_times(kinds, word):
    assert [s.filepath for s in resolve(kinds, f"field:{word}")] == ["/0.png", "/1.png"]


@pytest.mark.parametrize("word", ["vector=1", "metadata=1", "on=soon", "numbers=many"])
def test_a_word_for_a_field_that_none_names_is_a_sentence(kinds, word):
    with pytest.raises(InputError, match=r"no word names|not a value of that field's type"):
        resolve(kinds, f"field:{word}")
