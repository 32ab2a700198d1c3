"""What the panel does with an answer beside the grid: heatmaps, and the tray of a Visual Spec."""

import base64
import re
from pathlib import Path
from unittest.mock import Mock

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import actions, heatmaps, memory, pulse
from gapsphere.plugin.attention import overlay
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.errors import InputError
from gapsphere.tests.support.as_loaded import loaded
from gapsphere.tests.support.held import held
from gapsphere.tests.support.made_sphere import name_encoder
from gapsphere.tests.support.open_panel import OpenPanel
from gapsphere.tests.support.waiting import wait_for

WEB = Path(__file__).resolve().parents[2] / "panels" / "gap_explorer" / "web"


class Panel(OpenPanel):
    def made(self):
        """The heatmaps' last word, once it is said."""

        def ended():
            state = self.call("making")["making"]
            return None if state["state"] == "running" else state

        return wait_for(ended)

    def act(self, kind, ids, **more):
        return self.call("act", action={"kind": kind, **more}, ids=ids)


@pytest.fixture
def panel(fresh):
    return Panel.loaded(fresh)


@pytest.fixture
def at_first(monkeypatch):
    """Work of panels, held at its first image."""
    with held(loaded("plugin.dataset.work.jobs"), monkeypatch) as go:
        yield go


def test_the_tray_takes_candidates_and_leaves_out_what_s_has(panel, fresh):
    owned, pool = (fresh.match_tags(tag).limit(3).values("id") for tag in "SU")
    reply = panel.act("collect", [pool[2], *owned, pool[0]])
    assert reply["ids"] == [pool[2], pool[0]]
    assert reply["owned"] == 3


def test_a_whole_cap_can_be_collected(panel, fresh):
    cap = {"query": {"kind": "cap", "direction": [0, 0, 1], "angle": 3.15}}
    reply = panel.call("act", action={"kind": "collect"}, ids=None, **cap)
    assert set(reply["ids"]) == set(fresh.match_tags("U").values("id"))


def test_more_than_a_tray_holds_is_refused_with_a_way_out(made, monkeypatch):
    monkeypatch.setattr(actions, "TRAY_MAX", 20)
    with pytest.raises(InputError, match="tag them"):
        actions.act(None, {"kind": "collect"}, made.values("id"), analysis.load(made))


def test_the_form_opens_on_exactly_what_the_tray_holds_and_still_exists(panel, fresh):
    ids = fresh.match_tags("U").limit(4).values("id")
    fresh.delete_samples(ids[1])
    panel = Panel.loaded(fresh)
    reply = panel.act("spec", ids)
    assert reply["message"].endswith("1 sample deleted since, left out.")
    left = [ids[0], *ids[2:]]
    assert [
        sample["id"] for sample in panel.triggered("set_selected_samples")[0]["samples"]
    ] == left
    (prompt,) = panel.triggered("prompt_user_for_operation")
    assert prompt["operator_uri"].endswith("export_visual_spec")
    assert prompt["params"]["target"] == "SELECTED_SAMPLES"
    assert prompt["params"]["handed_over"]
    fresh.delete_samples(left)
    assert "any more" in Panel.loaded(fresh).act("spec", left)["error"]


def test_cards_come_in_the_tray_s_order_and_leave_out_what_is_gone(panel, fresh):
    ids = fresh.match_tags("U").limit(3).values("id")[::-1]
    reply = panel.call("cards", ids=[*ids, "0" * 24], delta=0.0)
    assert [card["id"] for card in reply["cards"]] == ids
    assert all(card["verdict"] == "gap" for card in reply["cards"])
    within = panel.call("cards", ids=ids, delta=2.0)["cards"]
    assert not any(card["verdict"] == "gap" for card in within)


def test_heatmaps_are_made_in_the_background_and_fetched_as_small_grids(fresh, at_first):
    name_encoder(fresh)
    panel = Panel.loaded(fresh)
    ids = fresh.match_tags("U").limit(5).values("id")
    assert panel.call("heatmaps", ids=ids) == {"maps": {}, "making": None}
    begun = panel.act("heatmap", ids)["making"]
    assert (begun["state"], begun["label"]) == ("running", "Compute heatmaps")
    at_first.set()
    made = panel.made()
    assert (made["state"], made["done"], made["total"]) == ("done", 5, 5)
    assert "5 made" in made["text"]
    # What works on the dataset is seen by every panel, and stays when this one is closed.
    assert OpenPanel(fresh).call("pulse")["work"] == [made]

    maps = panel.call("heatmaps", ids=ids[:2])["maps"]
    assert set(maps) == set(ids[:2])
    stored = fresh[ids[0]].heatmap.map
    sent = np.frombuffer(base64.b64decode(maps[ids[0]]["values"]), np.uint8)
    np.testing.assert_array_equal(sent.reshape(maps[ids[0]]["rows"], -1), stored)
    panel.act("heatmap", ids)
    assert "5 already there" in panel.made()["text"]


@pytest.mark.parametrize("filters", [{}, {"weather": {"values": ["rain"]}}])
@pytest.mark.parametrize("answered", [True, False])
def test_a_new_field_comes_into_the_sidebar_without_taking_an_answer_or_a_filter_away(
    fresh, answered, filters
):
    ids = fresh.limit(3).values("id")
    ctx = Mock(dataset=fresh, panel_id=f"panel {answered} {filters}", extended_selection=None)
    ctx.request_params = {"filters": filters}
    panel = memory.of(ctx.panel_id)
    panel.fields = pulse.fields_of(fresh)
    if answered:
        actions.link(ctx, ids)
        ctx.extended_selection = {"selection": ids}
    fresh.add_sample_field("late", fo.StringField)
    pulse.draw_grid_anew(ctx, panel)
    assert ctx.ops.reload_dataset.called == (not answered and not filters)
    assert ctx.ops.reload_samples.called != ctx.ops.reload_dataset.called
    if filters:
        actions.unlink(ctx)
        assert not ctx.ops.reload_dataset.called
        ctx.request_params = {}
    for _ in range(2):
        actions.unlink(ctx)
        assert ctx.ops.reload_dataset.call_count == 1


@pytest.mark.usefixtures("at_first")
def test_heatmaps_can_be_stopped_and_are_made_one_work_at_a_time(fresh):
    name_encoder(fresh)
    panel = Panel.loaded(fresh)
    ids = fresh.values("id")[:20]
    panel.act("heatmap", ids)
    assert "being made" in panel.act("heatmap", ids)["error"]
    panel.call("work", id=panel.call("making")["making"]["id"], do="stop")
    made = panel.made()
    assert (made["state"], made["again"]) == ("stopped", True)
    assert fresh.count("heatmap") < 20
    panel.call("work", id=made["id"], do="again")
    (chosen,) = panel.triggered("set_selected_samples")
    assert [one["id"] for one in chosen["samples"]] == ids
    (form,) = panel.triggered("prompt_user_for_operation")
    assert form["params"] == {"suffix": "", "view_target": "SELECTED_SAMPLES"}


def test_why_there_are_no_heatmaps_is_a_sentence(panel, fresh, monkeypatch, tmp_path):
    monkeypatch.setenv("INTERNVL2_PATH", str(tmp_path / "gone"))
    panel.act("heatmap", fresh.limit(2).values("id"))
    assert str(tmp_path / "gone") in panel.made()["text"]


def test_whose_heatmaps_they_are_is_said_where_nothing_names_the_embeddings_encoder(panel, fresh):
    panel.act("heatmap", fresh.limit(2).values("id"))
    message = panel.made()["text"]
    assert "2 made" in message
    assert "what made the distances is not known here" in message


def test_heatmaps_of_another_tool_are_left_alone(panel, fresh):
    sample = fresh.match_tags("U").first()
    sample["heatmap"] = fo.Heatmap(map=np.zeros((4, 4), np.float32))
    sample.save()
    assert heatmaps.grids(fresh, [sample.id], "") == {}
    assert heatmaps.grids(fresh, [], "") == {}


def test_the_overlay_has_the_colours_of_the_visual_spec():
    anchors = re.search(
        r'ANCHORS =\s*"([0-9a-f ]+)"',
        (WEB.parents[1] / "web" / "shared" / "theme" / "heatColours.ts").read_text(),
    ).group(1)
    assert bytes.fromhex(anchors) == overlay._ANCHORS


def test_an_action_on_nothing_is_refused():
    with pytest.raises(InputError, match="No sample"):
        actions.act(None, {"kind": "tag"}, [], None)
