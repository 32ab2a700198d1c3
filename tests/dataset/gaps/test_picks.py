"""``select_candidates`` on a dataset: fields, tags, record, and what cannot be met."""

import time
from collections import Counter
from datetime import date, datetime

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.picks.budget import budget_curve, export_budget_curve
from gapsphere.plugin.dataset.gaps.picks.pick_rules import _time, refuse_before
from gapsphere.plugin.dataset.gaps.picks.picks import select_candidates, select_kcenter
from gapsphere.plugin.dataset.gaps.results import show_results
from gapsphere.plugin.dataset.sparse.sequences import as_numbers
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.steps import step
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.errors import (
    ArtifactError,
    EmptySetError,
    InputError,
    MismatchError,
    UnfinishedError,
)
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.steps import (
    BudgetParams,
    CandidateParams,
    CardParams,
    CoverageParams,
    CurveFileParams,
    KCenterParams,
)
from gapsphere.tests.support.copies import copied

FRAMES = 12


def candidates(**settings):
    return make(CandidateParams, settings)


@pytest.fixture(scope="module")
def once_made():
    random = np.random.default_rng(3)
    scenes = random.normal(size=(6, 8))
    rows = np.repeat(scenes, FRAMES, axis=0) + 0.25 * random.normal(size=(6 * FRAMES, 8))
    rows[-3:] = 3 * random.normal(size=(3, 8))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    samples = [
        fo.Sample(
            filepath=f"/made/{at:03}.png",
            tags=["S" if at < 2 * FRAMES else "U"],
            sequence="abcdef"[at // FRAMES],
            frame_number=at % FRAMES,
            timestamp=(at % FRAMES) / 10,
        )
        for at in range(6 * FRAMES)
    ]
    made = fo.Dataset()
    made.add_samples(samples, progress=False)
    vectors.write(made, "embedding", made.values("id"), rows)
    yield made
    made.delete()


@pytest.fixture
def drives(once_made):
    """S: two drives of 12 frames; U: four, one of them with three broken frames far from all."""
    yield from copied(once_made)


def picked(dataset):
    return dataset.match_tags("kcenter").sort_by("kcenter_rank")


def test_by_default_they_are_kcenter_s_picks_in_the_same_fields(drives):
    plain = select_kcenter(drives, KCenterParams(k=9))
    fields = picked(drives).values(["id", "kcenter_rank", "kcenter_radius"])
    found = select_candidates(drives, candidates(k=9))
    assert found.ids == plain.ids == fields[0] == picked(drives).values("id")
    assert picked(drives).values("kcenter_rank") == fields[1]
    np.testing.assert_allclose(picked(drives).values("kcenter_radius"), fields[2], atol=1e-7)
    assert found.radius_before == pytest.approx(plain.radius_before, abs=1e-7)
    assert show_results(drives).picked.ids == found.ids


def test_before_the_steps_picks_are_looked_at_in_the_chosen_slices_alone(dataset):
    dataset.add_group_field("group", default="front")
    for at in range(4):
        group, tags = fo.Group(), ["S" if at % 2 else "U"]
        front = fo.Sample(f"/made/{at} f.png", group=group.element("front"), tags=tags, sky="wet")
        back = fo.Sample(f"/made/{at} b.png", group=group.element("back"), tags=["S", "U"])
        dataset.add_samples([front, back], progress=False)
    asked = candidates(quota=["sky=wet:1.."])
    refuse_before(dataset, asked.model_copy(update={"slices": "front"}))
    with pytest.raises(InputError, match="4 samples are in both S"):
        refuse_before(dataset, asked.model_copy(update={"slices": "front, back"}))


@pytest.mark.parametrize("policy", ["kcenter", "novelty", "herding"])
def test_a_cap_and_time_between_picks_hold_and_what_is_short_is_said(drives, policy):
    settings = candidates(k=20, policy=policy, max_per_sequence=2, min_seconds_apart=0.5)
    found = select_candidates(drives, settings)
    names, times = picked(drives).values(["sequence", "timestamp"])
    assert Counter(names) == dict.fromkeys("cdef", 2)
    for drive in "cdef":
        first, second = (t for name, t in zip(names, times, strict=True) if name == drive)
        assert abs(first - second) >= 0.5 - 1e-9
    assert "8 of 20 picks" in found.short[0]
    assert "of drives that have all picks they may have" in str(found)
    assert (found.policy, runs.read(drives, Names(), "kcenter").params["policy"]) == (policy,) * 2
    rows = vectors.read(drives.match_tags("U"), "embedding")
    chosen = rows.matrix[[rows.ids.index(each) for each in found.ids]]
    owned = vectors.read(drives.match_tags("S"), "embedding").matrix
    far = nearest_distance(rows.matrix, np.concatenate([owned, chosen])).distance.max()
    assert found.radii[-1] == pytest.approx(far, abs=1e-6)


def test_quotas_hold_together_with_a_cap_and_what_is_short_is_said(drives):
    light = [fo.Classification(label="dusk" if n % 3 else "day") for n in range(len(drives))]
    drives.set_values("light", light)
    quotas = ["light=day:6..8", "sequence=c:5", "sequence=d:..1"]
    free = {"skip_duplicates": False, "quota": quotas}
    found = select_candidates(drives, candidates(k=14, max_per_sequence=5, **free))
    labels, names = picked(drives).values(["light.label", "sequence"])
    assert 6 <= labels.count("day") <= 8
    assert (names.count("c"), found.short) == (5, [])
    assert names.count("d") <= 1
    assert max(Counter(names).values()) <= 5
    few = select_candidates(drives, candidates(k=8, quota="sequence=c:20.., light=day:2..3"))
    assert "sequence=c: 8 of at least 20 picks; there are 12" in str(few)
    sample = drives.match({"sequence": "c"}).first()
    sample["sequence"] = "d"
    sample.save()
    again = select_candidates(drives, candidates(k=8, quota="sequence=c:20.., light=day:2..3"))
    assert not again.reused


def test_frames_can_be_apart_by_number(drives):
    select_candidates(drives, candidates(k=40, min_frames_apart=6))
    for drive in "cdef":
        frames = sorted(picked(drives).match({"sequence": drive}).values("frame_number"))
        assert np.diff(frames).min() >= 6


def test_what_has_no_support_is_tagged_and_the_next_run_takes_the_tag_off_its_own(drives):
    broken = drives.match_tags("U").values("id")[-3:]
    assert set(broken) <= set(select_candidates(drives, candidates(k=8)).ids)
    found = select_candidates(drives, candidates(k=8, support=2, support_radius=0.1))
    assert not set(broken) & set(found.ids)
    assert set(broken) <= set(found.look_at)
    assert set(drives.match_tags("look_at").values("id")) == set(found.look_at)
    assert f"look at these: {len(found.look_at)} candidates" in str(found)
    mine = drives.match_tags("U").match_tags("look_at", bool=False).first()
    mine.tags.append("look_at")
    mine.save()
    select_candidates(drives, candidates(k=8))
    assert drives.match_tags("look_at").values("id") == [mine.id]


def test_a_tag_of_the_user_s_is_refused_only_where_it_would_be_written(drives):
    drives.match_tags("S").tag_samples("look_at")
    select_candidates(drives.clone(), candidates(k=3))
    with pytest.raises(InputError, match="look_at"):
        select_candidates(drives, candidates(k=3, support=1, support_radius=0.1))


def test_it_is_computed_again_when_a_drive_is_renamed_and_only_then(drives):
    settings = candidates(k=8, max_per_sequence=3)
    first = select_candidates(drives, settings)
    again = select_candidates(drives, settings)
    assert (first.reused, again.reused, again.ids) == (False, True, first.ids)
    assert again.radii == pytest.approx(first.radii)
    sample = drives[first.ids[0]]
    sample["sequence"] = "g"
    sample.save()
    assert not select_candidates(drives, settings).reused


def test_copies_of_s_and_of_picks_are_never_picked(drives):
    rows = vectors.read(drives, "embedding").matrix
    rows[30:34], rows[40:44] = rows[0], rows[50]
    vectors.write(drives, "embedding", drives.values("id"), rows)
    ids = drives.values("id")
    found = select_candidates(drives, candidates(k=48, policy="herding"))
    assert not set(ids[30:34]) & set(found.ids)
    assert len({*ids[40:44], ids[50]} & set(found.ids)) <= 1
    assert "near duplicates of S or of a pick" in str(found)
    everything = select_candidates(drives, candidates(k=48, skip_duplicates=False))
    assert len(everything.ids) == 48
    assert everything.short == []


def test_a_run_that_was_interrupted_is_said_by_its_name(drives, monkeypatch):
    def stop(point):
        if point == "kcenter:wrote kcenter_rank":
            raise KeyboardInterrupt

    monkeypatch.setattr(step, "reached", stop)
    with pytest.raises(KeyboardInterrupt):
        select_candidates(drives, candidates(k=3))
    with pytest.raises(UnfinishedError, match="run select_candidates again"):
        show_results(drives)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_seconds_apart": 1, "min_frames_apart": 2}, "not both"),
        ({"min_seconds_apart": 1, "time_field": "clock"}, "'clock', which the dataset does not"),
        ({"min_seconds_apart": 1, "time_field": "sequence"}, "neither a number nor a date"),
        ({"support": 2}, "run compute_coverage first"),
        ({"max_per_sequence": 2, "sequence_field": "ride"}, "no field 'ride'"),
        ({"max_per_sequence": 2, "sequence_field": "town"}, "No image of U has a drive in 'town'"),
        ({"quota": "sequence=c"}, "not of the form field=value:min..max"),
        ({"quota": "sequence=c:5..2"}, "the smaller first"),
        ({"quota": f"sequence=c:{'9' * 5000}"}, "not of the form field=value:min..max"),
        ({"quota": "weather=night:1..2"}, "no field 'weather'"),
        ({"max_per_sequence": 0}, "greater than or equal to 1"),
        ({"policy": "best"}, "policy"),
    ],
)
def test_settings_that_cannot_be_met_at_all_are_refused_before_anything_is_written(
    drives, settings, words
):
    drives.add_sample_field("town", fo.StringField)
    with pytest.raises(InputError, match=words):
        select_candidates(drives, candidates(**settings))
    assert runs.read(drives, Names(), "kcenter") is None


@pytest.mark.parametrize(
    ("factor", "unit"), [(1e9, "nanoseconds"), (1e6, "microseconds"), (1e3, "milliseconds")]
)
def test_a_time_that_is_not_in_seconds_keeps_no_picks_apart_in_silence(drives, factor, unit):
    seconds = [1_700_000_000 + at for at in drives.values("timestamp")]
    drives.set_values("stamp", [int(each * factor) for each in seconds])
    how = {"k": 20, "min_seconds_apart": 0.5}
    with pytest.raises(InputError, match=f"'stamp' holds 17.* looks like a time in {unit}"):
        select_candidates(drives, candidates(time_field="stamp", **how))
    drives.set_values("seconds", [each / factor for each in drives.values("stamp")])
    found = select_candidates(drives, candidates(time_field="seconds", **how))
    assert found.ids == select_candidates(drives, candidates(**how)).ids


def test_no_pick_at_all_leaves_the_radius_as_it_was(drives):
    found = select_candidates(drives, candidates(k=3, support=1000, support_radius=0.1))
    assert found.ids == []
    with pytest.raises(EmptySetError, match=r"picked nothing .*48 without support"):
        budget_curve(drives)
    before = f"{found.radius_before:.4f}"
    assert str(found).startswith(f"0 picks: covering radius {before} before, {before} after")


def test_the_curve_tells_what_each_pick_buys_and_when_the_target_is_met(drives):
    with pytest.raises(InputError, match="target_covered needs δ"):
        select_candidates(drives, candidates(k=3, target_covered=0.9))
    compute_coverage(drives, make(CoverageParams, {"delta": 0.2}))
    summarize_gaps(drives, make(CardParams, {"card_runs": 0}))
    found = select_candidates(drives, candidates(k=12, policy="novelty", target_covered=0.9))
    rows = found.curve
    assert list(rows.columns) == ["picks", "radius", "p99", "covered", "supported", "cards"]
    assert rows["radius"].tolist() == [found.radius_before, *found.radii]
    support = np.array(drives.match_tags("U").values("support"))
    assert rows["supported"][0] == (support >= 5).mean()
    keys = dict(zip(*drives.match_tags("U").values(["id", "gap_card"]), strict=True))
    named = {keys[each] for each in found.ids} - {None, "single images"}
    assert rows["cards"].iloc[-1] == len(named) > 0
    assert found.budget == int((rows["covered"] >= 0.9).argmax())
    assert f"90.0 % of candidates within δ with the first {found.budget} picks" in str(found)
    assert show_results(drives).picked.curve.equals(rows)
    drives.delete_sample_fields(["gap_card", "support"])
    less = budget_curve(drives, BudgetParams(random_seeds=2)).curve
    assert {"radius", "covered"} <= set(less)
    assert not {"cards", "supported"} & set(less)
    compute_coverage(drives, make(CoverageParams, {"delta": 0.3}))
    other = budget_curve(drives, BudgetParams(random_seeds=2))
    assert other.lines[0].figures["covered"].tolist() == found.covered
    assert "made at δ 0.2, and coverage has δ 0.3 now" in str(other)
    missed = select_candidates(drives, candidates(k=2, target_radius=0.01))
    assert missed.budget is None
    assert "radius of at most 0.01 with no number of these picks" in str(missed)


def test_the_last_picks_are_compared_and_written_by_the_ending(drives, tmp_path):
    with pytest.raises(EmptySetError, match="Nothing was picked"):
        budget_curve(drives)
    compute_coverage(drives, make(CoverageParams, {"delta": 0.2}))
    found = select_candidates(drives, candidates(k=8, max_per_sequence=2))
    rows = budget_curve(drives, BudgetParams(random_seeds=3)).curve
    own = rows[rows["line"] == "picks"].reset_index()
    assert own["covered"].tolist() == found.curve["covered"].tolist()
    assert set(rows["line"]) == {"picks", "K-Center", "random", "equal share"}
    for ending in ("html", "png", "csv"):
        path = str(tmp_path / f"curve.{ending}")
        export_budget_curve(drives, CurveFileParams(output=path, random_seeds=2))
    page = (tmp_path / "curve.html").read_text()
    assert "What each pick buys" in page
    assert page.count(">not readable<") == 8  # the images of this test are in no file
    assert "<script src" not in page
    assert (tmp_path / "curve.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "curve.csv").read_text().startswith("line,picks,radius,p99,covered")
    inside = drives.match({"sequence": {"$in": list("abcd")}})
    fewer = select_candidates(inside, candidates(k=4))
    with pytest.raises(MismatchError, match="the view that they were made on"):
        budget_curve(drives)
    path = tmp_path / "inside.csv"
    written = export_budget_curve(inside, CurveFileParams(output=str(path), random_seeds=2))
    assert (written.picks, len(fewer.ids)) == (4, 4)
    select_candidates(drives, candidates(k=8))
    with pytest.raises(ArtifactError, match="there already"):
        export_budget_curve(drives, CurveFileParams(output=str(tmp_path / "curve.png")))
    sample = drives.match_tags("S").first()
    sample.tags.remove("S")
    sample.save()
    with pytest.raises(MismatchError, match="select again"):
        budget_curve(drives)


def test_the_page_says_what_the_picks_were_to_keep_to(drives, tmp_path):
    path = tmp_path / "curve.html"
    write = CurveFileParams(output=str(path), random_seeds=1, replace_file=True)
    kept = {"max_per_sequence": 2, "support": 1, "support_radius": 0.2}
    quotas = ["sequence=c:1..", "sequence=d:..2", "sequence=e:1..2"]
    select_candidates(drives, candidates(k=4, quota=quotas, **kept))
    export_budget_curve(drives, write)
    assert (
        "Asked for 4 picks; most picks of a drive: 2; images that must support a pick: 1; radius "
        "of support: 0.2; sequence=c: at least 1; sequence=d: at most 2; sequence=e: at least 1 "
        "and at most 2." in path.read_text()
    )
    select_candidates(drives, candidates(k=4))
    export_budget_curve(drives, write)
    assert "Asked for" not in path.read_text()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be set here")
def test_times_are_utc_whatever_the_zone_of_this_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:  # clocks there went from three back to two
        times = [_time(datetime(2024, 10, 27, hour)) for hour in (0, 1, 2, 3, 4)]
        assert np.diff(times).tolist() == [3600.0] * 4
        assert _time(date(2024, 10, 27)) == times[0] < _time(datetime(2024, 10, 27, 0, 1))
        assert _time(datetime(1, 1, 1)) < 0
        axis = as_numbers([datetime(2024, 10, 27, hour) for hour in (0, 1, 2, 3, 4)])
        assert axis.tolist() == times
    finally:
        monkeypatch.undo()
        time.tzset()
