"""What an operator works on: said in its form, chosen there, and kept to."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone import ViewField as F
from gapsphere.operators import sets
from gapsphere.plugin.dataset.store.fiftyone_internals import stages
from gapsphere.plugin.dataset.store.samples import flat
from gapsphere.plugin.dataset.store.sets import kept_samples
from gapsphere.tests.support.made_rig import VECTOR, make_rig
from gapsphere.tests.support.operator_forms import PREFIX, choices, form, marked

ON_SETS = [
    "find_gaps",
    "compute_coverage",
    "summarize_gaps",
    "select_kcenter",
    "select_candidates",
    "compute_sphere",
    "export_artifacts",
]
BY_FIELD = {"encoder": "field", "model_path": "vec"}


@pytest.fixture
def loaded(dataset):
    rng = np.random.default_rng(2)
    dataset.add_samples(
        [
            fo.Sample(
                filepath=f"/made/{n}.png",
                tags=["S" if n < 12 else "U"],
                half=n % 2,
                vec=rng.normal(size=8).astype(np.float32),
            )
            for n in range(20)
        ],
        progress=False,
    )
    return dataset


@pytest.mark.parametrize("name", ON_SETS)
def test_the_form_counts_s_and_u_and_offers_the_current_view(loaded, name):
    assert choices(form(name, loaded)["target"]) == {
        "DATASET": "The whole dataset: 12 owned, 8 candidates"
    }
    asked = form(name, loaded, loaded.match(F("half") == 1))["target"]
    assert choices(asked)["CURRENT_VIEW"] == "The current view: 6 owned, 4 candidates"
    assert asked["default"] == "DATASET"
    lose = "Samples outside the view lose the results of earlier runs"
    assert asked["view"]["description"] == (None if name == "export_artifacts" else lose)


@pytest.mark.parametrize("word", ["view:nowhere", "field:nowhere=1", "view:"])
def test_a_word_that_names_nothing_is_said_in_the_form_which_cannot_be_executed(loaded, word):
    asked = form("find_gaps", loaded, owned=word)
    assert asked["owned"]["invalid"]
    said = asked["owned"]["error_message"]
    assert choices(asked["target"])["DATASET"] == f"The whole dataset: {said}"
    assert not marked(form("find_gaps", loaded))


def test_the_work_stays_inside_the_view_where_that_was_chosen(loaded):
    view = loaded.match(F("half") == 1)
    params = {"k": 2, "target": "CURRENT_VIEW", **BY_FIELD}
    foo.execute_operator(PREFIX + "find_gaps", view=view, params=params)
    assert len(loaded.exists("dist_to_S")) == 4
    assert set(loaded.exists("embedding").values("half")) == {1}
    foo.execute_operator(PREFIX + "find_gaps", view=view, params={"k": 2, **BY_FIELD})
    assert len(loaded.exists("dist_to_S")) == 8


def test_slices_are_asked_for_where_there_are_several(loaded, tmp_path):
    assert "slices" not in form("find_gaps", loaded, more_settings=True)
    rig = fo.Dataset()
    make_rig(rig, tmp_path, moments=2)
    asked = form("find_gaps", rig)
    assert list(choices(asked["slices"]))[:2] == ["all", "back"]
    assert asked["slices"]["default"] == "all"
    assert choices(asked["target"])["DATASET"] == "The whole dataset: 24 owned, 12 candidates"
    one = form("find_gaps", rig, slices="front")["target"]
    assert choices(one)["DATASET"] == "The whole dataset: 4 owned, 2 candidates"
    params = {"k": 2, "slices": "all", "encoder": "field", "model_path": VECTOR}
    foo.execute_operator(PREFIX + "find_gaps", dataset=rig, params=params)
    assert len(flat(rig).exists("dist_to_S")) == 12
    rig.delete()


def test_an_answer_costs_no_list_of_ids_unless_it_is_the_view_and_then_few(loaded, monkeypatch):
    ctx = foo.ExecutionContext(
        {"dataset_name": loaded.name, "view": stages(loaded.match(F("half") == 1))}
    )
    assert len(str(stages(sets.found(ctx, loaded, "not:S")))) < 200
    for word, count in (("not:S", 8), ("CURRENT_VIEW", 10), ("not:CURRENT_VIEW", 10)):
        assert len(sets.found(ctx, loaded, word)) == count
    monkeypatch.setattr(kept_samples, "MOST", 9)
    assert len(sets.found(ctx, loaded, "not:S")) == 8
    wrong = sets.mistakes(ctx, loaded, "CURRENT_VIEW", "EVERYTHING_ELSE")
    assert wrong.keys() == {"owned", "pool"}
    assert wrong["owned"].startswith("10 samples were passed, and 9 at most")
