"""A dataset made by an earlier version (commit 1de3682): opened, shown, run again, asked.

``tests/support/old_dataset`` holds 24 small pictures with two analyses, exported as that version
left them, and a Visual Spec that it wrote.
"""

from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from gapsphere.plugin.dataset.deletion import analysis_of, delete_analysis
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.dataset.gaps.ask import ask
from gapsphere.plugin.dataset.gaps.find_gaps import find_gaps
from gapsphere.plugin.dataset.spec.check import check_view
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.questions import AskParams
from gapsphere.plugin.settings.steps import AnalysisParams, GapParams

MADE = Path(__file__).parents[2] / "support" / "old_dataset"
SUFFIXES = {"": 4, "b": 3}
"""Analyses and their k."""
STEPS = ("embeddings", "coverage", "kcenter", "sphere")


@pytest.fixture(scope="module")
def imported():
    made = fo.Dataset.from_dir(str(MADE), fo.types.FiftyOneDataset, progress=False)
    yield made
    made.delete()


@pytest.fixture
def old(imported):
    copy = imported.clone()
    yield copy
    copy.delete()


def params(suffix: str, k: int) -> GapParams:
    return GapParams(encoder="field", model_path="colours", k=k, n_neighbors=5, suffix=suffix)


def test_every_record_is_read(old):
    for suffix in SUFFIXES:
        for step in STEPS:
            record = runs.read(old, Names(suffix), step)
            assert record is not None
            assert record.step == step
            assert record.results
    assert runs.suffixes(old, "coverage") == analysis.analyses(old) == ["", "b"]


@pytest.mark.parametrize(("suffix", "k"), SUFFIXES.items())
def test_the_same_settings_compute_once_more_and_find_the_same(old, suffix, k):
    names = Names(suffix)
    picks = old.values(names.kcenter_rank)
    numbers = (names.dist_to_S, names.dist_percentile)
    before = [np.array(old.values(name), np.float64) for name in numbers]
    found = find_gaps(old, params(suffix, k))
    assert not found.covered.reused
    assert found.covered.basis == "none"  # twelve images of S, of few drives
    # That version kept no digest of what it wrote: nothing says that the fields still hold it.
    assert not found.picked.reused
    assert not found.laid.reused
    assert found.embedded.fingerprint == "field:colours"
    assert old.values(names.kcenter_rank) == picks
    for name, values in zip(numbers, before, strict=True):
        np.testing.assert_allclose(np.array(old.values(name), np.float64), values, atol=1e-6)
    assert old.match_tags("U").exists(names.gap_verdict).count() == 12
    again = find_gaps(old, params(suffix, k))
    assert again.covered.reused
    assert again.picked.reused
    assert again.laid.reused


def test_another_k_picks_again_and_keeps_the_rest(old):
    find_gaps(old, params("", 4))
    first = old.match({"kcenter_rank": 1}).first().id
    found = find_gaps(old, params("", 6))
    assert found.laid.reused
    assert not found.picked.reused
    assert old.match_tags("kcenter").count() == len(found.picked.ids) == 6
    assert found.picked.ids[0] == first
    assert old.match_tags("kcenter_b").count() == 3


def test_fields_without_a_record_belong_to_the_user(old):
    old.delete_run("gapsphere_coverage")
    with pytest.raises(InputError, match=r"'dist_to_S'.* of its own"):
        find_gaps(old, params("", 4))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_panel_opens_on_it(old, suffix):
    context = {"panel_id": f"old-{suffix}", "__method__": "reload", "panel_state": {}}
    answer = foo.execute_operator(
        "@gapsphere/gap-explorer/gap_explorer",
        dataset=old,
        params={**context, "limit": 50_000, "suffix": suffix},
    )
    data: dict = {}
    for request in answer.executor.to_json()["requests"]:
        if request["operator_uri"] == "patch_panel_data":
            data.update(request["params"]["data"])
    assert data["status"] == {"kind": "ready"}
    assert data["columns"]["n"] == 24
    run = data["run"]
    assert (run["S"], run["U"], run["gaps"], run["suffix"]) == (12, 12, 6, suffix)
    assert run["basis"] == "unrated"
    assert "unknown error rate" in run["standing"]
    assert run["delta"] == runs.read(old, Names(suffix), "coverage").results["delta"]


def test_it_is_asked(old):
    gap = old.match({"kcenter_rank": 1}).first()
    answer = ask(old, make(AskParams, {"sample": gap.id}))
    assert answer.verdict is not None
    assert answer.verdict.distance == pytest.approx(gap.dist_to_S, abs=1e-6)
    assert answer.verdict.percentile == pytest.approx(gap.dist_percentile, abs=0.5)
    assert answer.nearest
    place = ask(old, make(AskParams, {"place": tuple(gap.sphere), "suffix": "b"}))
    assert place.verdict.around.count > 0


def test_its_visual_spec_is_checked(old):
    checked = check_view(old, MADE / "dusk.zip")
    assert len(checked.answers) == 24
    assert checked.quantity == 6
    accepted = {answer.id for answer in checked.answers if answer.verdict == "accepted"}
    assert accepted == set(old.match({"is_gap": True}).values("id"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_analysis_is_deleted_whole_though_its_fields_carry_no_mark(old, suffix):
    other = next(each for each in SUFFIXES if each != suffix)
    kept = {name for name in Names(other).fields() if old.has_field(name)}
    found = delete_analysis(old, AnalysisParams(suffix=suffix))
    assert {Names(suffix).dist_to_S, Names(suffix).sphere} <= set(found.fields)
    assert found.kept == ()
    assert not analysis_of(old, suffix)
    assert kept <= set(old.get_field_schema())
    assert not find_gaps(old, params(suffix, SUFFIXES[suffix])).covered.reused
