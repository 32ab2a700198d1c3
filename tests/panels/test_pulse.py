"""What an open panel hears now and then: the state it compares, the work that runs, and its end."""

from dataclasses import replace

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.gaps.coverage import coverage
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.store import leases, runs
from gapsphere.plugin.dataset.store.leases import Lease, lease
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.work import told
from gapsphere.plugin.settings.steps import CoverageParams
from gapsphere.tests.support.open_panel import OpenPanel


@pytest.fixture
def panel(fresh, request):
    return OpenPanel.loaded(fresh, request.node.name)


def heard(panel):
    return panel.call("pulse")


def test_nothing_changes_while_nothing_changes(panel):
    first = heard(panel)
    assert (first["state"], first["mark"]) == (panel.data["state"], panel.data["mark"])
    assert heard(panel) == first


def test_an_edit_moves_the_mark_alone(panel, fresh):
    before = heard(panel)
    sample = fresh.first()
    sample["weather"] = "hail"
    sample.save()
    after = heard(panel)
    assert after["mark"] != before["mark"]
    assert after["state"] == before["state"]


@pytest.mark.parametrize("change", ["run", "samples", "field"])
def test_what_the_panel_shows_moves_the_state(panel, fresh, images, change):
    before = heard(panel)["state"]
    if change == "run":
        compute_coverage(fresh, CoverageParams(delta=0.123))
    elif change == "samples":
        fresh.add_sample(fo.Sample(str(images[0]), tags=["U"]))
    else:
        fresh.add_sample_field("seen", fo.StringField)
    assert heard(panel)["state"] not in (before, None)


@pytest.mark.parametrize(
    ("key", "quiet"),
    [
        (f"{leases.ANALYSIS}/", True),
        (f"{leases.LOADING}/", True),
        (f"{leases.ANALYSIS}/other", False),
    ],
)
def test_there_is_no_state_while_it_is_written_and_other_analyses_do_not_count(
    panel, fresh, key, quiet
):
    before = heard(panel)
    with lease(fresh, key, "find_gaps"):
        during = heard(panel)
    assert (during["state"] is None) == quiet
    assert (during["mark"] is None) == quiet
    assert during["unfinished"] is None
    assert heard(panel) == before


def test_a_step_that_broke_off_is_said(panel, fresh):
    record = runs.read(fresh, Names(), coverage.STEP)
    runs.write(fresh, Names(), replace(record, running=True))
    said = heard(panel)
    assert "compute_coverage" in said["unfinished"]
    assert said["state"].endswith(said["unfinished"])


def test_an_empty_dataset_and_one_without_an_analysis_have_a_state(dataset):
    panel = OpenPanel(dataset, "nothing")
    assert heard(panel)["state"] == "empty"
    dataset.add_sample(fo.Sample("/made/one.png"))
    first = heard(panel)["state"]
    assert first.startswith("not computed: ")
    dataset.add_sample(fo.Sample("/made/two.png"))
    assert heard(panel)["state"] != first


# Work ---------------------------------------------------------------------------------------------


def tell(dataset, step, **more):
    entry = told.Told(Lease.mine(step), "Some work", **more)
    told.tell(told.store_of(dataset), entry)
    return entry.id


def test_work_is_heard_of_with_how_far_it_is(panel, fresh):
    work = tell(fresh, "find_gaps", stage="Embeddings", done=30, total=90, seconds=10.0)
    (one,) = heard(panel)["work"]
    assert one == {
        "id": work,
        "label": "Some work",
        "state": "running",
        "stage": "Embeddings",
        "done": 30,
        "total": 90,
        "left": 20.0,
        "text": "",
        "then": "",
        "file": "",
        "again": False,
    }


@pytest.mark.parametrize(
    ("state", "step", "again"),
    [
        ("stopped", "find_gaps", True),
        ("interrupted", "find_gaps", True),
        ("stopped", "no such operator", False),
        ("failed", "find_gaps", False),
        ("done", "find_gaps", False),
    ],
)
def test_only_work_that_was_cut_short_can_be_gone_on_with(panel, fresh, state, step, again):
    tell(fresh, step, state=state)
    (one,) = heard(panel)["work"]
    assert one["again"] is again


def test_work_is_stopped_and_its_last_word_taken_off(panel, fresh):
    running, ended = tell(fresh, "find_gaps"), tell(fresh, "compute_sphere", state="done")
    panel.call("work", id=running, do="stop")
    store = told.store_of(fresh)
    assert store.get(told.STOP + running)
    assert store.get(told.STOP_ALL) is None, "other work goes on"
    panel.call("work", id=running, do="dismiss")
    panel.call("work", id=ended, do="dismiss")
    assert [one["id"] for one in heard(panel)["work"]] == [running], "what runs stays in sight"


def test_going_on_opens_the_form_that_began_it_and_nothing_is_lost_by_closing_it(panel, fresh):
    stopped = tell(fresh, "compute_embeddings", state="stopped", params={"suffix": "night"})
    panel.call("work", id=stopped, do="again")
    (prompt,) = panel.triggered("prompt_user_for_operation")
    assert prompt["operator_uri"] == "@gapsphere/gap-explorer/compute_embeddings"
    assert prompt["params"] == {"suffix": "night"}
    assert [one["id"] for one in heard(panel)["work"]] == [stopped]
    panel.call("work", id=stopped, do="dismiss")
    panel.call("work", id=stopped, do="again")
    assert panel.triggered("prompt_user_for_operation") == [], "it is gone already"
