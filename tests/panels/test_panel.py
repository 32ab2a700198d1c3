"""The panel as FiftyOne calls it: load, events, grid, refusals; no browser."""

from dataclasses import replace

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import contract, memory
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.leases import lease
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.workspaces import WORKSPACE, save_workspace
from gapsphere.tests.support.made_rig import CAMERAS, make_rig
from gapsphere.tests.support.open_panel import URI, OpenPanel
from pymongo.errors import PyMongoError


class Panel(OpenPanel):
    def about(self, query, **changes):
        params = {"query": query, "stamp": self.stamp, "k": 5, "search": "U"}
        return {**params, "metric": "cosine", "rerank": True, "delta": None, **changes}


@pytest.fixture
def panel(made, request):
    return Panel.loaded(made, request.node.name)


def test_loading_sends_the_run_and_its_columns(panel):
    assert panel.data["status"] == {"kind": "ready"}
    run = panel.data["run"]
    assert (run["total"], run["S"] + run["U"]) == (400, 400)
    assert run["operators"]["find_gaps"]
    weather = {"path": "weather", "kind": "categorical", "group": "fields", "unit": ""}
    assert weather in run["fields"]
    assert panel.data["columns"]["n"] == 400
    assert panel.data["masks"]["match"] is None


def test_a_limit_is_kept_for_the_later_events(panel):
    panel.call("reload", limit=100, suffix=None)
    assert panel.data["columns"]["n"] == 100
    reply = panel.call("masks", stamp=panel.data["run"]["stamp"])
    assert reply == panel.data["masks"]


def test_the_browser_may_insist_on_a_source(panel):
    panel.call("reload", limit=0, suffix=None, source="routes")
    assert panel.data["run"]["source"] == "routes"
    assert panel.data["columns"]["xyz"] is None
    stamp = panel.data["run"]["stamp"]
    assert len(panel.call("geometry", stamp=stamp)["xyz"]) == 400 * 16
    panel.call("reload", limit=100, suffix=None, source="routes")
    assert panel.data["run"]["source"] == "panel"


def test_masks_are_asked_for_and_not_pushed(panel):
    """FiftyOne would call ``on_change_view`` three times while the panel opens."""
    from gapsphere.panels.gap_explorer.panel import GapExplorer

    assert not hasattr(GapExplorer, "on_change_view")
    assert panel.call("masks", stamp=panel.data["run"]["stamp"])["match"] is None
    assert panel.call("masks", stamp="|0|of another time")["outdated"]


def test_an_empty_dataset_has_a_face(dataset):
    panel = Panel(dataset, "empty")
    panel.load()
    assert panel.data["status"] == {"kind": "empty_dataset"}


def test_a_dataset_without_a_sphere_says_how_many_are_tagged(dataset, images):
    dataset.add_samples([fo.Sample(filepath=str(images[0]), tags=[t]) for t in "SSU"])
    panel = Panel(dataset, "none")
    panel.load()
    assert panel.data["status"] == {
        "kind": "not_computed",
        "samples": 3,
        "S": 2,
        "U": 1,
        "done": "",
        "unfinished": "",
        "can_run": True,
    }
    panel.call("find_gaps")
    assert panel.triggered("prompt_user_for_operation")


@pytest.mark.parametrize("suffix", ["", "b"])
def test_after_a_run_that_ended_early_the_panel_goes_on_with_what_is_done(dataset, images, suffix):
    dataset.add_samples([fo.Sample(str(images[0]), tags=[t]) for t in "SSUU"], progress=False)
    names = Names(suffix)
    dataset.set_values(names.embedding, [*np.eye(3, 4, dtype=np.float32), None])
    for step, running in (("embeddings", False), ("coverage", False), ("kcenter", True)):
        runs.write(dataset, names, runs.Record(step, {}, {}, {"gaps": 1}, running=running))
    panel = Panel.loaded(dataset, f"begun {suffix}")
    of = " (suffix 'b')" if suffix else ""
    status = panel.data["status"]
    assert status["kind"] == "not_computed"
    assert status["done"] == f"Done so far{of}: vectors of 3 of 4 images and coverage."
    assert status["unfinished"] == "The last select_kcenter did not finish."
    before = panel.call("pulse")["state"]
    runs.write(dataset, names, runs.Record("kcenter", {}, {}, {"gaps": 1}))
    assert panel.call("pulse")["state"] != before, "the panel fills itself"
    panel.call("find_gaps")
    (prompt,) = panel.triggered("prompt_user_for_operation")
    assert prompt["params"] == ({"suffix": "b"} if suffix else None)


def test_where_the_last_run_on_a_sphere_ended_early_the_panel_goes_on_with_it(fresh):
    covered = runs.read(fresh, Names(), "coverage")
    runs.write(fresh, Names(), replace(covered, running=True))
    panel = Panel.loaded(fresh, "cut")
    status = panel.data["status"]
    assert status["kind"] == "not_computed"
    assert status["done"] == "Done so far: the picks."
    assert status["unfinished"] == "The last compute_coverage did not finish."


@pytest.mark.parametrize("key", ["analysis/", "analysis/other", "load/"])
def test_while_the_first_result_is_written_nothing_is_to_be_begun(dataset, images, key):
    dataset.add_samples([fo.Sample(filepath=str(images[0]), tags=[t]) for t in "SSU"])
    panel = Panel.loaded(dataset, "first")
    before = panel.call("pulse")["state"]
    with lease(dataset, key, "find_gaps"):
        during = panel.call("pulse")["state"]
        assert during not in (None, before), "the panel fills itself"
        panel.call("reload", limit=0, suffix=None)
        status = {"kind": "working", "message": "find_gaps writes to this dataset."}
        assert panel.data["status"] == status
    assert panel.call("pulse")["state"] == before
    panel.call("reload", limit=0, suffix=None)
    assert panel.data["status"]["kind"] == "not_computed"


def test_every_image_of_a_rig_is_counted_before_there_is_a_sphere(dataset, tmp_path):
    make_rig(dataset, tmp_path, scenes=1, moments=1)
    panel = Panel(dataset, "rig")
    panel.load()
    assert panel.data["status"]["samples"] == len(CAMERAS)


def test_the_grid_of_a_rig_is_made_flat_once(dataset, tmp_path):
    make_rig(dataset, tmp_path, scenes=2, moments=1)
    cameras = dataset.select_group_slices(["front", "back"])
    for view, shown in (
        (dataset.view(), 12),
        (dataset.group_by("scene_token"), 12),
        (cameras.group_by("scene_token"), 4),
    ):
        for changing in (True, False):
            params = {"panel_id": "rig", "__method__": "flatten", "panel_state": {}}
            done = foo.execute_operator(URI, view=view, params=params)
            assert done.result == {"changing": changing}
            for request in done.executor.to_json()["requests"]:
                if request["operator_uri"] == "set_view":
                    view = fo.DatasetView._build(dataset, request["params"]["view"])
        assert len(view) == shown


def test_a_deleted_run_is_no_traceback(fresh):
    panel = Panel(fresh, "deleted")
    panel.load()
    fresh.delete_brain_run("gapsphere")
    assert "find_gaps" in panel.call("ask", **panel.about({"kind": "point", "index": 0}))["error"]
    panel.call("reload", limit=0, suffix=None)
    assert panel.data["status"]["kind"] == "not_computed"


def test_a_database_that_fails_while_the_panel_opens_has_a_face(fresh, monkeypatch):
    def away(*_, **__):
        raise PyMongoError("no server")

    # Asked as the panel is filled, before anything else.
    monkeypatch.setattr(fo.Dataset, "list_brain_runs", away)
    panel = Panel.loaded(fresh)
    assert panel.data["status"]["kind"] == "failed"
    assert "no server" in panel.data["status"]["message"]


def test_a_changed_analysis_is_refused_and_reloaded(fresh):
    panel = Panel(fresh, "changed")
    panel.load()
    fresh.delete_samples(fresh.take(1, seed=1).values("id"))
    reply = panel.call("ask", **panel.about({"kind": "place", "direction": [0, 0, 1]}))
    assert reply["outdated"]
    assert "has changed" in reply["error"]
    panel.call("reload", limit=0, suffix=None)
    assert panel.data["run"]["stale"] == {"added": 0, "removed": 1}
    assert panel.data["columns"]["n"] == 399


def test_an_answer_goes_to_the_grid_as_extended_selection(panel):
    reply = panel.call("ask", **panel.about({"kind": "place", "direction": [0, 0, 1]}))
    (sent,) = panel.triggered("set_extended_selection")
    shown = reply["cards"] + reply["owned"]
    assert sent["selection"] == [card["id"] for card in shown]
    assert len(reply["cards"]) == 5
    panel.call("clear")
    assert panel.triggered("set_extended_selection")[0]["reset"]


def test_a_panel_knows_its_own_answer_in_any_order_and_no_other_panel_does():
    memory.of("a").link(["1", "2"])
    assert memory.of("a").is_own(["2", "1"])
    assert not memory.of("b").is_own(["1", "2"])
    assert not memory.of("a").is_own(["1"])
    assert not memory.of("a").is_own(None)
    assert not memory.of("a").is_own([])


def test_an_answer_is_known_when_the_event_that_tells_of_it_comes_late():
    late = memory.of("late")
    late.link(["1", "2"])
    late.link(["3"])
    assert late.is_own(["1", "2"])
    assert late.is_own(["3"])
    for other in range(memory.LINKS_KEPT):
        late.link([f"other {other}"])
    assert not late.is_own(["3"])


def test_panels_long_gone_are_forgotten():
    memory.of("first").limit = 7
    for i in range(memory.PANELS_KEPT):
        memory.of(f"later {i}")
    assert memory.of("first").limit == contract.DEFAULT_CHOICES["limit"]


def test_events_answer_with_columns_of_the_points_shown(panel):
    stamp = panel.data["run"]["stamp"]
    for event, key in (("geometry", "xyz"), ("cartesian", "xyz"), ("ids", "ids")):
        reply = panel.call(event, stamp=stamp)
        assert reply["stamp"] == stamp
        assert len(reply[key]) > 400 * 12
    assert panel.call("colour", stamp=stamp, field="weather")["classes"]
    assert "no field" in panel.call("colour", stamp=stamp, field="nothing")["error"]
    card = panel.call("card", stamp=stamp, index=7, delta=None)
    assert card["index"] == 7


def test_delta_counts_gaps_exactly(panel, made):
    known = np.array([d for d in made.values("dist_to_S") if d is not None])
    for delta in (0.0, 0.01, 5.0):
        reply = panel.call("delta", stamp=panel.data["run"]["stamp"], delta=delta)
        assert reply["gaps"] == int((known > delta).sum())


def test_tagging_a_cap_tags_everything_inside(fresh):
    panel = Panel(fresh, "tag")
    panel.load()
    cap = {"kind": "cap", "direction": [0, 0, 1], "angle": 0.8}
    answer = panel.call("ask", **panel.about(cap))
    reply = panel.call("act", **panel.about(cap), action={"kind": "tag", "tag": "dusk"}, ids=None)
    assert len(fresh.match_tags("dusk")) == answer["total"] > 5
    assert reply["message"] == f"{answer['total']} samples tagged “dusk”."


def test_chosen_cards_become_a_saved_view_in_their_order(fresh):
    panel = Panel(fresh, "view")
    panel.load()
    about = panel.about({"kind": "place", "direction": [1, 0, 0]})
    ids = [card["id"] for card in panel.call("ask", **about)["cards"]][2::-1]
    action = {"kind": "save_view", "name": "to label"}
    assert "3 samples" in panel.call("act", **about, action=action, ids=ids)["message"]
    assert fresh.load_saved_view("to label").values("id") == ids
    assert "already" in panel.call("act", **about, action=action, ids=ids)["error"]


@pytest.mark.parametrize(
    ("name", "said"), [("To-Label", "a view “to label” already"), ("夜", "from A to Z or a digit")]
)
def test_a_name_that_no_view_can_have_is_a_sentence(fresh, name, said):
    panel = Panel(fresh, "view")
    panel.load()
    fresh.save_view("to label", fresh.limit(1))
    about = panel.about({"kind": "place", "direction": [1, 0, 0]})
    action = {"kind": "save_view", "name": name}
    assert said in panel.call("act", **about, action=action, ids=None)["error"]
    assert fresh.list_saved_views() == ["to label"]


def test_show_and_select_go_to_the_grid(panel):
    about = panel.about({"kind": "place", "direction": [1, 0, 0]})
    panel.call("act", **about, action={"kind": "show"}, ids=None)
    assert panel.triggered("set_view")
    panel.call("act", **about, action={"kind": "select"}, ids=None)
    assert len(panel.triggered("set_selected_samples")[0]["samples"]) == 5


@pytest.mark.parametrize(
    "action", [{"kind": "tag", "tag": " "}, {"kind": "save_view"}, {"kind": "sing"}, {}]
)
def test_an_action_that_cannot_be_done_says_so(panel, action):
    about = panel.about({"kind": "place", "direction": [1, 0, 0]})
    assert panel.call("act", **about, action=action, ids=None)["error"].endswith(".")


def test_the_opened_sample_is_passed_on(panel):
    panel.call("on_change_current_sample")
    assert panel.data["opened"] is None


def test_two_suffixes_can_be_switched(fresh):
    import fiftyone.brain as fob

    points = np.random.default_rng(0).normal(size=(400, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    fob.compute_visualization(
        fresh, points=points, brain_key="gapsphere_dino", num_dims=3, verbose=False
    )
    fresh.set_values("dist_to_S_dino", [0.1] * 200 + [None] * 200, dynamic=True)
    panel = Panel(fresh, "suffix")
    panel.load()
    assert panel.data["run"]["suffixes"] == ["", "dino"]
    assert panel.data["run"]["suffix"] == ""
    panel.call("reload", limit=0, suffix="dino")
    assert panel.data["run"]["suffix"] == "dino"
    assert panel.data["run"]["U"] == 200


def test_the_workspace_can_be_saved_twice(fresh):
    assert save_workspace(fresh) == save_workspace(fresh)
    assert fresh.list_workspaces() == [WORKSPACE]


def test_a_workspace_that_a_person_has_arranged_stays(fresh):
    mine = fo.Space(children=[fo.Panel(type="Samples")])
    fresh.save_workspace(WORKSPACE, mine)
    save_workspace(fresh)
    assert fresh.load_workspace(WORKSPACE) == mine


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"id": "a", "choices": {"topK": 12}}', {"id": "a", "choices": {"topK": 12}}),
        (None, None),
        ("not JSON", None),
        ('{"id": "a"}', None),
        ("[1]", None),
    ],
)
def test_the_panel_is_told_what_the_app_was_started_with(monkeypatch, given, expected):
    from gapsphere.panels.gap_explorer import start
    from gapsphere.plugin.settings.viewer import VIEWER_VARIABLE

    monkeypatch.delenv(VIEWER_VARIABLE, raising=False)
    if given is not None:
        monkeypatch.setenv(VIEWER_VARIABLE, given)
    assert start.start() == expected


def test_what_the_command_line_gives_is_what_the_panel_reads_and_knows():
    from gapsphere.panels.gap_explorer import contract
    from gapsphere.plugin.settings.viewer import ViewerParams

    given = ViewerParams(**ViewerParams().model_dump()).choices()
    assert given.keys() == contract.StartChoices.__annotations__.keys()
    shared = {name: contract.DEFAULT_CHOICES[name] for name in given}
    assert given == shared, "the defaults are the panel's"


def test_progress_lists_rounds_and_says_what_to_do_after_the_first(panel):
    page = panel.call("progress", stamp=panel.data["run"]["stamp"])
    assert [row["number"] for row in page["rounds"]] == [1]
    assert "Run find_gaps again after adding images" in page["nothing"]
