"""The first screen: gap cards, or what candidates differ in by name, and the picks."""

import base64
from dataclasses import replace

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer import columns, contract_pages, overview
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.dataset.gaps.cards import card_records
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.picks import picks
from gapsphere.plugin.dataset.gaps.picks.picks import select_candidates
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.steps import CandidateParams, CardParams, CoverageParams
from gapsphere.tests.support.open_panel import OpenPanel


def first_screen(dataset, limit=0):
    found = analysis.load(dataset)
    return overview.overview(found, found.shown(limit), "stamp"), found


def positions(row):
    return np.frombuffer(base64.b64decode(row["positions"]), np.uint32)


@pytest.fixture(scope="module")
def carded(made):
    copy = made.clone()
    compute_coverage(copy, CoverageParams(delta=0.05))
    summarize_gaps(copy, CardParams(card_runs=0))
    yield copy
    copy.delete()


def test_every_gap_is_in_a_row_and_a_row_is_its_field(carded):
    screen, found = first_screen(carded)
    rows = screen["cards"]
    assert screen["cards_total"] == len(card_records.gap_cards(carded)) > 0
    assert screen["summarized"]
    lit = np.concatenate([positions(row) for row in rows])
    assert sorted(lit.tolist()) == np.flatnonzero(found.gaps).tolist()
    for row in rows:
        ids = overview.members(found, {"kind": "card", "key": row["key"]})
        assert len(ids) == row["images"] == len(positions(row))
        far = carded.select(ids, ordered=True).values("dist_to_S")
        assert far == sorted(far, reverse=True)
        assert all(pair["image"]["id"] in ids for pair in row["pictures"])


def test_a_card_stands_beside_the_owned_images_nearest_to_it(carded):
    screen, _ = first_screen(carded)
    card = card_records.gap_cards(carded)[0]
    pairs = screen["cards"][0]["pictures"]
    assert [pair["image"]["id"] for pair in pairs] == card.exemplars
    assert [pair["nearest"]["id"] for pair in pairs] == card.nearest
    assert all(pair["nearest"]["dist_to_S"] is None for pair in pairs)


def test_a_card_by_metadata_says_first_that_nothing_of_it_is_owned(carded, monkeypatch):
    known = card_records.read(carded, Names())
    said = ["night: by the metadata 0 of 9 owned images", "To this encoder", "darker"]
    card = replace(known.found[0], by_metadata=True, gaps=1, sentences=said)
    changed = replace(known, found=[card, *known.found[1:]], by_metadata=1)
    monkeypatch.setattr(card_records, "read", lambda dataset, names: changed)
    screen, _ = first_screen(carded)
    assert (screen["cards_total"], screen["by_metadata"]) == (known.count - 1, 1)
    lines = screen["cards"][0]["lines"]
    assert lines[:2] == said[:2]
    assert lines[-1] == "darker"
    assert not any(" gap" in line for line in lines[2:])


def test_single_images_have_the_key_of_the_field():
    assert contract_pages.SINGLE_IMAGES == card_records.SINGLE_IMAGES


def test_picks_come_in_their_order_with_the_radius_after_each(made):
    screen, found = first_screen(made)
    picked = screen["picks"]
    assert [pick["rank"] for pick in picked] == list(range(1, 13))
    assert screen["picks_total"] == 12
    samples = made.select([pick["id"] for pick in picked], ordered=True)
    assert [pick["radius"] for pick in picked] == samples.values("kcenter_radius")
    assert [pick["drive"] for pick in picked] == samples.values("sequence")
    assert screen["radius_before"] == pytest.approx(found.delta_max, abs=1e-6)
    first = overview.members(found, {"kind": "picks", "count": 5})
    assert first == [pick["id"] for pick in picked[:5]]


def test_the_first_picks_are_those_that_are_left(fresh):
    screen, _ = first_screen(fresh)
    gone = [pick["id"] for pick in screen["picks"][:2]]
    fresh.delete_samples(gone)
    screen, found = first_screen(fresh)
    left = [pick["id"] for pick in screen["picks"]]
    assert (len(left), screen["picks_total"]) == (10, 10)
    sent = columns.payload(found, found.shown(0), "stamp", "panel")
    drawn = np.frombuffer(base64.b64decode(sent["ranks"]), np.uint32)
    assert drawn.tolist() == [pick["rank"] for pick in screen["picks"]] == list(range(3, 13))
    assert overview.members(found, {"kind": "picks", "count": 3}) == left[:3]
    assert overview.members(found, {"kind": "picks", "count": 10}) == left


def test_the_knee_is_that_of_all_picks_also_where_few_are_shown(made, monkeypatch):
    monkeypatch.setattr(overview, "PICKS_MAX", 2)
    screen, _ = first_screen(made)
    assert len(screen["picks"]) == 2
    assert screen["knee"] == picks.read(made, Names()).knee is not None


def test_where_nothing_is_to_be_labelled_the_reason_stands(fresh):
    assert first_screen(fresh)[0]["no_picks"] == ""
    fresh.clear_sample_field("kcenter_rank")
    assert "None of the 12 picks" in first_screen(fresh)[0]["no_picks"]
    select_candidates(fresh, CandidateParams(k=4, support=10_000))
    said = first_screen(fresh)[0]
    assert (said["picks"], said["picks_total"]) == ([], 0)
    assert "picked nothing (0 of 4 picks" in said["no_picks"]
    assert "without support" in said["no_picks"]
    fresh.delete_run("gapsphere_kcenter")
    assert "run select_kcenter or select_candidates" in first_screen(fresh)[0]["no_picks"]


def test_points_that_are_not_drawn_have_no_position(carded):
    screen, found = first_screen(carded, limit=60)
    shown = found.shown(60)
    for row in screen["cards"]:
        assert positions(row).max(initial=0) < len(shown)
    for pick in screen["picks"]:
        assert found.ids.text(shown[[pick["index"]]]) == [pick["id"]]


def test_without_cards_values_and_drives_that_stand_apart_are_listed(fresh):
    light = ["night" if drive == "cluster00" else "day" for drive in fresh.values("sequence")]
    fresh.set_values("light", light)
    compute_coverage(fresh, CoverageParams(alpha=0.3))
    screen, found = first_screen(fresh)
    assert screen["cards"] == []
    assert "run summarize_gaps" in screen["no_cards"]
    row = next(row for row in screen["contrasts"] if row["group"]["kind"] == "value")
    assert row["title"] == "light = night"
    owned, pool = fresh.match_tags("S"), fresh.match_tags("U")
    night = pool.match({"light": "night"})
    assert row["counts"] == f"0 of {len(owned)} owned, {len(night)} of {len(pool)} candidates"
    assert set(overview.members(found, row["group"])) == set(night.values("id"))
    assert found.ids.text(found.shown(0)[positions(row)]) == [
        one for one in found.ids.text() if one in set(night.values("id"))
    ]


def test_cards_of_an_earlier_run_are_not_shown(carded):
    copy = carded.clone()
    compute_coverage(copy, CoverageParams(delta=0.06))
    screen, _ = first_screen(copy)
    copy.delete()
    assert screen["cards"] == []
    assert not screen["summarized"]
    assert "earlier coverage run" in screen["no_cards"]


def test_the_panel_hears_of_new_cards_by_another_version(fresh):
    before = overview.version(analysis.load(fresh))
    compute_coverage(fresh, CoverageParams(delta=0.05))
    summarize_gaps(fresh, CardParams(card_runs=0))
    assert overview.version(analysis.load(fresh)) != before


def test_picks_are_tagged_and_the_tag_is_taken_back_where_it_was_new(fresh):
    panel = OpenPanel.loaded(fresh)
    found = analysis.load(fresh)
    first = overview.members(found, {"kind": "picks", "count": 4})
    fresh.select(first[:1]).tag_samples("to label")
    group, tag = {"kind": "picks", "count": 4}, {"kind": "tag", "tag": "to label"}
    reply = panel.call("act", group=group, action=tag)
    assert reply["undo"]
    assert reply["message"] == "4 samples tagged “to label” (1 sample had it already)."
    assert set(fresh.match_tags("to label").values("id")) == set(first)
    # A tag is not a change of the analysis: the panel goes on speaking of the same one.
    reply = panel.call("act", group=group, action={"kind": "untag"})
    assert reply["message"] == "The tag “to label” is off 3 samples again."
    assert fresh.match_tags("to label").values("id") == first[:1]
    reply = panel.call("act", group=group, action={"kind": "untag"})
    assert "no tag to take back" in reply["error"]


def test_a_card_that_is_shown_can_be_acted_on_after_its_distances_were_deleted(fresh):
    compute_coverage(fresh, CoverageParams(delta=0.05))
    summarize_gaps(fresh, CardParams(card_runs=0))
    group = {"kind": "card", "key": card_records.gap_cards(fresh)[0].key}
    shown = analysis.load(fresh)
    before = overview.members(shown, group)
    fresh.delete_sample_field("dist_to_S")
    assert sorted(overview.members(shown, group)) == sorted(before)


def test_a_group_that_there_is_not_is_refused(made):
    with pytest.raises(InputError, match="no such group"):
        overview.members(analysis.load(made), {"kind": "card", "key": "dusk"})
    assert (
        overview.members(analysis.load(made), {"kind": "value", "field": "x", "value": "y"}) == []
    )


def test_a_sample_deleted_since_has_no_picture(fresh):
    gone = first_screen(fresh)[0]["picks"][0]["id"]
    fresh.delete_samples([gone])
    screen, _ = first_screen(fo.load_dataset(fresh.name))
    assert gone not in [pick["id"] for pick in screen["picks"]]
    assert screen["picks"][0]["rank"] == 2
