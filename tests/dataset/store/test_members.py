"""What Python takes for S, U and other sets: each kind becomes a word that names its samples."""

from dataclasses import replace

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from fiftyone import ViewField as F
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.fiftyone_internals import detached
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.sets import kept_samples
from gapsphere.plugin.dataset.store.sets import resolve as sets
from gapsphere.plugin.dataset.store.sets.members import word_of
from gapsphere.plugin.dataset.store.sets.resolve import resolve, resolve_sets
from gapsphere.plugin.errors import EmptySetError, InputError


@pytest.fixture(scope="module")
def filled():
    """Samples 0 to 2 are S; rank is the number, kind ``a`` for even ones, else none."""
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(
                f"/{i}.png",
                tags=["S", "site:oslo"] if i < 3 else ["U"],
                rank=i,
                kind="a" if i % 2 == 0 else None,
                wet=i < 2,
                weather=fo.Classification(label="rain" if i > 5 else "sun"),
            )
            for i in range(8)
        ],
        progress=False,
    )
    dataset.save_view("late", dataset[5:])
    dataset.save_view("U", dataset[:1])
    yield dataset
    dataset.delete()


def ranks(dataset, given, other=None):
    return resolve(dataset, word_of(dataset, given, other)).values("rank")


GIVEN = {
    "a tag": ("S", [0, 1, 2]),
    "a tag with a colon": ("site:oslo", [0, 1, 2]),
    "a tag before a saved view of its name": ("U", [3, 4, 5, 6, 7]),
    "a saved view's name": ("late", [5, 6, 7]),
    "a field": ({"rank": 4}, [4]),
    "a field of text": ({"kind": "a"}, [0, 2, 4, 6]),
    "no value": ({"kind": None}, [1, 3, 5, 7]),
    "a truth value": ({"wet": True}, [0, 1]),
    "a truth value of numpy's": ({"wet": np.bool_(False)}, [2, 3, 4, 5, 6, 7]),
    "one of several values": ({"rank": np.arange(2, 4)}, [2, 3]),
    "several fields": ({"weather": ["rain", "fog"], "kind": "a"}, [6]),
    "several words": (["S", {"weather": "rain"}], [0, 1, 2, 6, 7]),
    "several words, a saved view among them": (("late", "S"), [0, 1, 2, 5, 6, 7]),
    "what is not": ("not:S", [3, 4, 5, 6, 7]),
    "what is not in a saved view": ("not:late", [0, 1, 2, 3, 4]),
}
MADE = {
    "a view": lambda d: d.match(F("rank") > 5),
    "an expression": lambda _: F("rank") > 5,
    "ids": lambda d: d[6:].values("id"),
    "ids in an array": lambda d: np.array(d[6:].values("id")),
    "ids as they are stored": lambda d: [ObjectId(each) for each in d[6:].values("id")],
    "samples": lambda d: list(d[6:]),
    "views": lambda d: [d[6:7], d[7:]],
}


@pytest.mark.parametrize(("given", "found"), GIVEN.values(), ids=GIVEN)
def test_words_and_dicts_name_samples(filled, given, found):
    assert ranks(filled, given) == found


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_views_and_ids_stand_for_the_samples_that_they_are(filled, make):
    assert ranks(filled, make(filled)) == [6, 7]


def test_the_dataset_is_what_the_other_set_leaves(filled):
    for whole in (filled, filled.view()):
        assert ranks(filled, whole, "S") == [3, 4, 5, 6, 7]
        assert ranks(filled, whole, {"weather": "rain"}) == [0, 1, 2, 3, 4, 5]
        assert ranks(filled, whole, filled[1:]) == [0]


def test_a_view_that_is_saved_goes_by_its_name_until_it_is_narrowed(filled):
    saved = filled.load_saved_view("late")
    assert word_of(filled, saved) == "view:late"
    assert word_of(filled, saved.limit(1)).startswith("samples:")


def test_one_sample_that_was_passed_is_said_in_the_singular(filled):
    word = word_of(filled, filled[7:])
    said = kept_samples.described(filled, word.removeprefix("samples:"))
    assert said.startswith("1 sample, ")


def test_the_samples_of_a_view_are_those_it_had_when_it_was_passed(dataset):
    dataset.add_samples([fo.Sample(f"/{i}.png", far=i > 3) for i in range(6)], progress=False)
    view = dataset.match(F("far") == True)  # noqa: E712  an expression of FiftyOne's
    word = word_of(dataset, view)
    assert word_of(dataset, list(reversed(view.values("id")))) == word
    dataset.first()["far"] = True
    dataset.set_values("far", [True] * 6)
    assert len(resolve(dataset, word)) == 2
    assert word_of(dataset, view) != word
    dataset.delete_samples(dataset[5:].values("id"))
    assert resolve(dataset, word).values("filepath") == ["/4.png"]
    text = kept_samples.described(dataset, word.removeprefix("samples:"))
    assert text == "2 samples, a view of Match"


def aged(dataset, digest):
    """Kept long ago."""
    record = runs.read(dataset, Names(), f"samples_{digest}")
    runs.write(dataset, Names(), replace(record, created="2026-01-01T00:00+00:00"))


def test_kept_samples_go_a_day_later_unless_a_run_was_made_with_them(dataset):
    dataset.add_samples([fo.Sample(f"/{i}.png") for i in range(3)], progress=False)
    ids = dataset.values("id")
    used, unused = (word_of(dataset, [each]).removeprefix("samples:") for each in ids[:2])
    for digest in (used, unused):
        aged(dataset, digest)
    runs.write(dataset, Names(), runs.Record("coverage", {"pool": f"not:samples:{used}"}, {}))
    word_of(dataset, [ids[2]])
    assert kept_samples.find(dataset, used) == [ObjectId(ids[0])]
    with pytest.raises(InputError, match="keeps no samples"):
        kept_samples.find(dataset, unused)


def test_samples_that_are_used_again_are_as_new_as_their_last_use(dataset):
    dataset.add_samples([fo.Sample(f"/{i}.png") for i in range(2)], progress=False)
    first, second = dataset.values("id")
    digest = word_of(dataset, [first]).removeprefix("samples:")
    aged(dataset, digest)
    word_of(dataset, [first])
    word_of(dataset, [second])  # drops what is old
    assert kept_samples.find(dataset, digest) == [ObjectId(first)]


def test_kept_samples_of_another_process_go_too(dataset):
    dataset.add_samples([fo.Sample(f"/{i}.png") for i in range(2)], progress=False)
    first, second = dataset.values("id")
    other = detached(dataset)
    digest = word_of(other, [first]).removeprefix("samples:")
    aged(other, digest)
    word_of(dataset, [second])
    with pytest.raises(InputError, match="keeps no samples"):
        kept_samples.find(dataset, digest)


def test_too_many_samples_are_refused_with_a_way_out(dataset, monkeypatch):
    monkeypatch.setattr(kept_samples, "MOST", 1)
    dataset.add_samples([fo.Sample("/a.png"), fo.Sample("/b.png")], progress=False)
    with pytest.raises(InputError, match=r"2 samples were passed, and 1 at most .* save the view"):
        word_of(dataset, dataset.limit(2))
    with pytest.raises(InputError, match="2 samples were passed"):
        word_of(dataset, dataset.values("id"))


def test_a_saved_view_inside_a_word_is_asked_by_what_it_asks(filled, monkeypatch):
    monkeypatch.setattr(sets, "IN_A_QUERY", 1)
    filled.save_view("wet", filled.match(F("wet")).match_tags("S").match({"rank": {"$gt": 0}}))
    assert ranks(filled, "not:wet") == [0, 2, 3, 4, 5, 6, 7]
    assert ranks(filled, ["wet", {"rank": 7}]) == [1, 7]
    assert resolve(filled[:3], "wet").values("rank") == [1]
    filled.save_view("all", filled.view())
    assert ranks(filled, "not:all") == []
    for where, word in ((filled, "not:late"), (filled[:3], "late")):
        with pytest.raises(InputError, match=r"'late' has 3 samples, .* 1 at most: tag them"):
            resolve(where, word)


ENDLESS: list[object] = ["S"]
ENDLESS.append(ENDLESS)

WRONG = {
    "a number": (3, "cannot be named by int"),
    "nothing": (None, "cannot be named by NoneType"),
    "bytes": (b"S", "cannot be named by bytes"),
    "an empty list": ([], "An empty list"),
    "an empty dict": ({}, "An empty dict"),
    "a field of no values": ({"kind": []}, "empty list of values"),
    "a list that holds itself": (ENDLESS, "hold others without an end"),
    "a list of values that holds itself": ({"kind": ENDLESS}, "hold others without an end"),
    "a dict in a dict": ({"a": {"b": 1}}, r"write \{'field.part'"),
    "ids of other samples": ([str(ObjectId())], "has no image for 1 of 1 ids"),
    "both the whole dataset": (fo.Dataset, "cannot both be the whole dataset"),
}


@pytest.mark.parametrize(("given", "sentence"), WRONG.values(), ids=WRONG)
def test_what_names_no_samples_is_a_sentence(filled, given, sentence):
    with pytest.raises(InputError, match=sentence):
        word_of(filled, filled if given is fo.Dataset else given)


def test_another_datasets_samples_are_refused(filled, dataset):
    for given in (dataset, dataset.view(), dataset.limit(1)):
        with pytest.raises(InputError, match="are samples of one dataset"):
            word_of(filled, given, "S")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"nope": 1}, "no field 'nope'"),
        ({"rank": "high"}, "not a value of that field's type"),
        (["S", {"nope": 1}], "no field 'nope'"),
        ("not:what:ever", "is not a tag"),
        ("match:{", "cannot be read: write it as in"),
        ("any:{}", "cannot be read: write it as in"),
        ('match:{"kind": []}', "gives 'kind' no value"),
        ("samples:0f3c", "keeps no samples"),
    ],
)
def test_a_word_that_names_nothing_is_a_sentence(filled, given, sentence):
    with pytest.raises(InputError, match=sentence):
        resolve(filled, word_of(filled, given))


def test_sentences_on_sets_do_not_show_digests(filled):
    none, all_ = (word_of(filled, view) for view in (filled.match(F("rank") > 99), filled.limit(8)))
    with pytest.raises(EmptySetError, match="no sample matches the samples that were passed"):
        resolve_sets(filled, none, "U")
    with pytest.raises(InputError, match=r"in both S \('S'\) and U \(the samples that were"):
        resolve_sets(filled, "S", all_)
