from datetime import date, datetime

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from gapsphere.plugin.dataset.store.sets.choices import offers
from gapsphere.plugin.dataset.store.sets.door import admitted
from gapsphere.plugin.dataset.store.sets.drives import naming_fields, naming_path, read_drives
from gapsphere.plugin.dataset.store.sets.resolve import fields_of, resolve, resolve_sets
from gapsphere.plugin.errors import EmptySetError, InputError, MismatchError


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
        ("what:ever", "is not a tag"),
        ("samples:../x", "keeps no samples '../x'"),
        ("samples:a\0b", "pass the view or the ids again"),
        ("any:" + 10_000 * "[", "cannot be read: write it as in any:"),
        (10_000 * "not:" + "S", "more than 20 others inside one another"),
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
    with pytest.raises(InputError, match="1 sample is in both"):
        resolve_sets(filled, "field:rank=4", "U")


@pytest.mark.parametrize(
    ("owned", "pool", "fields"),
    [
        ("S", "U", set()),
        ("field:rank=4", "U", {"rank"}),
        ("field:wet=true", "not:field:wet=true", {"wet"}),
        ('match:{"rank": [1, 2]}', 'any:["field:wet=false", "tag:U"]', {"rank", "wet"}),
    ],
)
def test_fields_that_say_who_is_in_which_set_are_known(filled, owned, pool, fields):
    assert fields_of(owned, pool) == fields
    if owned.startswith("field:wet"):
        assert resolve_sets(filled, owned, pool).fields == fields


LEAVING_OUT = {
    "select_fields": lambda samples: samples.select_fields("rank"),
    "exclude_fields": lambda samples: samples.exclude_fields("wet"),
    "in the middle": lambda samples: samples.limit(6).select_fields("rank").match(F("rank") < 5),
    "joined": lambda samples: samples[:3].concat(samples[3:].select_fields("rank")),
}


@pytest.mark.parametrize("leave_out", LEAVING_OUT.values(), ids=LEAVING_OUT)
def test_a_view_without_some_fields_is_worked_on_with_all_of_them(filled, leave_out):
    view = leave_out(filled)
    whole = admitted(view)
    assert whole.values("id") == view.values("id")
    assert set(whole.get_field_schema()) == set(filled.get_field_schema())
    assert whole.values("wet") == filled.select(whole.values("id"), ordered=True).values("wet")
    filled.save_view("narrow", view)
    assert resolve(filled, "view:narrow").values("wet") == whole.values("wet")


TWICE = {
    "concat": lambda samples: samples[:4].concat(samples[2:6]),
    "concat of the same": lambda samples: samples.match_tags("S").concat(samples),
    "mongo": lambda samples: samples.mongo([{"$unionWith": samples._sample_collection_name}]),
}


@pytest.mark.parametrize("join", TWICE.values(), ids=TWICE)
def test_a_view_that_holds_a_sample_twice_is_refused(filled, join):
    with pytest.raises(InputError, match="twice, as views"):
        admitted(join(filled))
    assert len(admitted(filled[:2].concat(filled[4:]))) == 6


@pytest.fixture
def labelled(dataset):
    """A sample with labels and lists, whose parts name no drive."""
    box = fo.Detection(label="car", bounding_box=[0, 0, 1, 1], index=3)
    dataset.add_sample(
        fo.Sample(
            "/0.png",
            box=box,
            boxes=fo.Detections(detections=[box.copy()]),
            words=fo.Classifications(classifications=[fo.Classification(label="rain")]),
            weather=fo.Classification(label="rain"),
            trip="monday",
        )
    )
    return dataset


def test_parts_of_labels_are_not_offered_as_names_of_drives(labelled):
    assert naming_fields(labelled) == ["trip", "weather"]


def test_fields_whose_names_begin_as_fiftyones_do_are_offered_as_names_of_drives(filled):
    for name in ("metadata_drive", "tags_of_route", "filepath_root"):
        filled.set_values(name, ["a"] * 8)
    assert {"metadata_drive", "tags_of_route", "filepath_root"} <= set(naming_fields(filled))
    filled.compute_metadata(overwrite=True, skip_failures=True)
    assert not [name for name in naming_fields(filled) if name.startswith("metadata.")]


@pytest.mark.parametrize(
    "path", ["boxes.detections.label", "boxes.detections.index", "words.classifications.label"]
)
def test_a_path_through_a_list_names_no_drive(labelled, path):
    with pytest.raises(InputError, match="holds list values, which name no drive"):
        naming_path(labelled, path)


def test_an_attribute_of_an_embedded_document_names_drives_once_it_is_declared(labelled):
    sample = labelled.first()
    sample["about"] = fo.DynamicEmbeddedDocument(ride="monday")
    sample.save()
    with pytest.raises(InputError, match="add_dynamic_sample_fields"):
        naming_path(labelled, "about.ride")
    labelled.add_dynamic_sample_fields()
    assert naming_path(labelled, "about.ride") == "about.ride"


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


def _rename_slice(dataset):
    dataset.rename_group_slice("back", "rear")


def _unknown_stage(dataset):
    dataset._doc.saved_views[0].view_stages = ['{"_cls": "fiftyone.core.stages.Gone"}']
    dataset._doc.saved_views[0].save()


def _damaged(dataset):
    dataset._doc.saved_views[0].view_stages = ["no JSON"]
    dataset._doc.saved_views[0].save()


@pytest.fixture
def grouped(dataset):
    dataset.add_group_field("group", default="front")
    groups = [fo.Group() for _ in range(4)]
    dataset.add_samples(
        fo.Sample(f"/{at}{side}.png", group=group.element(side), tags=["S" if at < 2 else "U"])
        for at, group in enumerate(groups)
        for side in ("front", "back")
    )
    return dataset


@pytest.mark.parametrize("change", [_rename_slice, _unknown_stage, _damaged])
def test_a_saved_view_that_no_longer_fits_is_a_sentence_and_spoils_no_form(grouped, change):
    grouped.save_view("old", grouped.select_group_slices("back"))
    change(grouped)
    grouped.reload()
    for word in ("view:old", "old", "not:view:old"):
        with pytest.raises(InputError, match="saved view 'old' cannot be read any more"):
            resolve(grouped, word)
    assert ("view:old", None) in [(offer.word, offer.count) for offer in offers(grouped).sets]


def test_a_form_counts_a_saved_view_that_was_saved_again(filled):
    for count in (3, 5):
        filled.save_view("late", filled[:count], overwrite=True)
        assert ("view:late", count) in [(one.word, one.count) for one in offers(filled).sets]


def test_a_saved_view_of_groups_is_found_among_chosen_slices(grouped):
    grouped.save_view("owned", grouped.match_tags("S"))
    grouped.save_view("back", grouped.select_group_slices("back"))
    words = {"view:owned": 4, "not:view:owned": 4, "view:back": 4, "not:view:back": 4}
    every = admitted(grouped, "all")
    assert {word: len(resolve(every, word)) for word in words} == words
    front = admitted(grouped, "front")
    assert (len(resolve(front, "view:owned")), len(resolve(front, "view:back"))) == (2, 0)


def test_samples_that_were_deleted_meanwhile_are_said_in_a_sentence(filled):
    filled.set_values("sequence", ["a"] * 8)
    owned, pool = (filled.match_tags(tag).values("id") for tag in "SU")
    filled.delete_samples([owned[0], pool[0]])
    with pytest.raises(MismatchError, match=r"Samples of S or U \(2\) were deleted from"):
        read_drives(filled, "sequence", owned, pool)
