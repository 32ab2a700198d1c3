"""Going on with work that was stopped: the form that began it, filled in the same way."""

import threading

import fiftyone.operators as foo
import pytest
from fiftyone.operators.executor import Executor
from gapsphere.plugin.dataset.store.fiftyone_internals import stages, view_of
from gapsphere.plugin.dataset.store.sets.members import word_of
from gapsphere.plugin.dataset.work import told
from gapsphere.tests.support.as_loaded import loaded
from gapsphere.tests.support.open_panel import OpenPanel
from gapsphere.tests.support.waiting import PATIENCE, wait_for

URI = "@gapsphere/gap-explorer/"


def run(dataset, name, work, monkeypatch, *, app=True, selected=(), whole=False, **params):
    """What the App is told by an operator whose step is ``work``."""
    operator = foo.get_operator(URI + name)
    monkeypatch.setattr(operator, "run", lambda ctx, params, report: work(report))
    view = [] if whole else stages(dataset.match_tags("S"))
    request = {"dataset_name": dataset.name, "view": view, "params": params}
    request["selected"] = list(selected)
    request |= {"operator_uri": URI + name} if app else {}
    context = foo.ExecutionContext(request, executor=Executor())
    return [message.body.to_json() for message in operator.execute(context)]


def ended(dataset):
    (one,) = told.listed(dataset)
    return one.state != "running" and one


def stopped(dataset, name, monkeypatch, **given):
    """What is kept of an operator's work that was stopped after its window had gone."""
    left = threading.Event()

    def work(_report):
        assert left.wait(PATIENCE)
        raise loaded("plugin.errors").Cancelled("Stopped.")

    monkeypatch.setattr(loaded("operators.background"), "PATIENCE", 0)
    run(dataset, name, work, monkeypatch, **given)
    left.set()
    return wait_for(lambda: ended(dataset))


def test_going_on_opens_the_same_form_and_keeps_the_last_word(fresh, monkeypatch):
    form = {"suffix": "night", "target": "CURRENT_VIEW", "owned": "CURRENT_VIEW", "pool": "U"}
    form["view_target"] = "SELECTED_SAMPLES"
    selected = fresh.limit(2).values("id")
    one = stopped(fresh, "compute_coverage", monkeypatch, selected=selected, **form)
    panel = OpenPanel(fresh)
    panel.call("work", id=one.id, do="again")
    (chosen,) = panel.triggered("set_selected_samples")
    assert [one["id"] for one in chosen["samples"]] == selected
    (asked,) = panel.triggered("prompt_user_for_operation")
    assert asked["operator_uri"].endswith("compute_coverage")
    kept = asked["params"].pop("owned")
    assert kept == word_of(fresh, fresh.match_tags("S"))  # what the view was, not what it is
    assert asked["params"] == {name: form[name] for name in form if name != "owned"}
    assert told.listed(fresh) == [one]
    panel.call("work", id=one.id, do="dismiss")
    assert told.listed(fresh) == []


@pytest.mark.parametrize("target", [None, "CURRENT_VIEW"])
def test_going_on_means_the_view_that_it_was_begun_on(fresh, monkeypatch, target):
    form = {} if target is None else {"view_target": target}
    one = stopped(fresh, "compute_heatmaps", monkeypatch, **form)
    panel = OpenPanel(fresh)
    assert panel.call("work", id=one.id, do="again") == {"changing": True}
    (shown,) = panel.triggered("set_view")
    view = view_of(fresh, shown["view"])
    assert view.values("id") == fresh.match_tags("S").values("id")
    # A form made now would offer what the App still shows.
    assert not panel.triggered("prompt_user_for_operation")
    assert panel.call("work", id=one.id, do="form") == {"changing": False}
    (asked,) = panel.triggered("prompt_user_for_operation")
    assert asked["params"] == {"view_target": "CURRENT_VIEW"}


@pytest.mark.parametrize("step", ["compute_embeddings", "compute_heatmaps"])
def test_work_on_all_goes_on_with_all_whatever_has_been_selected_since(fresh, monkeypatch, step):
    one = stopped(fresh, step, monkeypatch, whole=True)
    panel = OpenPanel(fresh)
    panel.call("work", id=one.id, do="again")
    assert panel.triggered("clear_selected_samples")
    assert panel.triggered("clear_view")
    assert not panel.triggered("set_view")
    (asked,) = panel.triggered("prompt_user_for_operation")
    assert asked["params"] == {"view_target": "DATASET"}


@pytest.mark.parametrize(("patience", "kept"), [(60, 0), (0, 1)])
def test_a_refusal_is_kept_where_the_window_could_not_say_it(fresh, monkeypatch, patience, kept):
    left = threading.Event()

    def refused(_report):
        assert not kept or left.wait(PATIENCE)
        raise loaded("plugin.errors").BusyError("Another run works on it.")

    monkeypatch.setattr(loaded("operators.background"), "PATIENCE", patience)
    if kept:
        run(fresh, "compute_coverage", refused, monkeypatch)
        left.set()
        one = wait_for(lambda: ended(fresh))
        assert (one.state, one.text) == ("failed", "Another run works on it.")
    else:
        with pytest.raises(Exception, match="Another run"):
            run(fresh, "compute_coverage", refused, monkeypatch)
        assert told.listed(fresh) == []
        with pytest.raises(Exception, match="Another run"):  # in Python
            run(fresh, "compute_coverage", refused, monkeypatch, app=False)
        assert told.listed(fresh) == []
