"""The two operators as the App calls them."""

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.executor import ExecutionError, Executor
from gapsphere.operators.spec import ExportVisualSpec
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.store import places
from gapsphere.plugin.settings.steps import CoverageParams
from gapsphere.tests.support.copies import copied
from gapsphere.tests.support.operator_forms import PREFIX, form
from PIL import Image


@pytest.fixture(scope="module")
def once_analysed(tmp_path_factory):
    rng, tmp_path = np.random.default_rng(5), tmp_path_factory.mktemp("images")
    folders, dataset = {}, fo.Dataset()
    for name, count, tint in (("owned", 8, (1, 1, 1)), ("pool", 5, (1, 0.2, 0.2))):
        folders[name] = tmp_path / name
        folders[name].mkdir()
        for index in range(count):
            pixels = (rng.integers(0, 256, (6, 6, 3)) * tint).astype(np.uint8)
            Image.fromarray(pixels).resize((48, 48)).save(folders[name] / f"{index}.png")
    owned, pool = str(folders["owned"]), str(folders["pool"])
    call("load_images", dataset, owned_images=owned, pool_images=pool)
    call("compute_embeddings", dataset, encoder="packaged")
    call("compute_coverage", dataset, delta=0.01)
    yield dataset
    dataset.delete()


@pytest.fixture
def analysed(once_analysed):
    """8 owned images and 5 candidates, measured."""
    yield from copied(once_analysed)


@pytest.fixture(autouse=True)
def specs(tmp_path, monkeypatch):
    """The folder that the App writes specs to."""
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path / "fiftyone"))
    return places.specs()


def call(operator, dataset, *, selected=None, **params):
    request = {"dataset": dataset, "params": params, "selected": selected or []}
    return foo.execute_operator(PREFIX + operator, ctx=request)


def test_selected_patches_are_refused_as_what_they_are(analysed, specs):
    call("export_visual_spec", analysed, selected=analysed.match_tags("U").values("id"), name="a")
    box = fo.Detection(label="car", bounding_box=[0, 0, 0.5, 0.5])
    analysed.set_values("things", [fo.Detections(detections=[box.copy()]) for _ in analysed])
    patches = analysed.to_patches("things")
    asked = {"view": patches, "selected": patches.values("id")[:2]}
    for operator, params in (
        ("export_visual_spec", {"name": "b"}),
        ("check_spec", {"spec": str(specs / "a.zip")}),
    ):
        with pytest.raises(ExecutionError, match="A view of patches stands for parts of images"):
            foo.execute_operator(PREFIX + operator, ctx={**asked, "params": params})


def test_a_spec_from_the_selection_and_the_check_of_a_view(analysed, specs):
    ids = analysed.match_tags("U").values("id")[:4]
    path = specs / "spec.zip"
    call("export_visual_spec", analysed, selected=ids, name="spec", quantity=9)
    assert path.is_file()
    analysed.reload()
    call("check_spec", analysed, spec=str(path), target="DATASET")
    analysed.reload()
    counts = analysed.count_values("spec_verdict")
    assert counts["accepted"] >= 4
    assert sum(counts.values()) == 13


def test_the_file_is_offered_for_download_and_its_path_is_told(analysed, specs):
    path = specs / "밤 dusk.zip"
    request = {
        "dataset_name": analysed.name,
        "params": {"name": "밤 dusk", "target": "CURRENT_VIEW"},
    }
    context = foo.ExecutionContext(request, executor=Executor())
    said = [message.body.to_json() for message in ExportVisualSpec().execute(context)]
    assert [body["operator_uri"] for body in said[-2:]] == [
        "browser_download",
        "notify",
    ]
    url = f"/media?filepath={specs}/%EB%B0%A4%20dusk.zip"
    assert said[-2]["params"] == {"url": url, "filename": path.name}
    assert str(path) in said[-1]["params"]["message"]


@pytest.mark.parametrize("handed_over", [True, False])
def test_only_a_selection_that_the_panel_made_is_let_go_of(analysed, handed_over):
    ids = analysed.match_tags("U").values("id")[:2]
    params = {"name": "tray", "target": "SELECTED_SAMPLES", "handed_over": handed_over}
    request = {"dataset_name": analysed.name, "params": params, "selected": ids}
    context = foo.ExecutionContext(request, executor=Executor())
    said = [message.body.to_json() for message in ExportVisualSpec().execute(context)]
    cleared = "clear_selected_samples" in [body["operator_uri"] for body in said]
    assert cleared == handed_over


def test_a_mistake_is_a_sentence(analysed, tmp_path):
    with pytest.raises(Exception, match="Nothing was picked yet: run select_kcenter"):
        call("export_visual_spec", analysed, name="x")
    with pytest.raises(Exception, match=r"Name the Visual Spec"):
        call("check_spec", analysed)
    with pytest.raises(Exception, match=r"There is no .*gone"):
        call("check_spec", analysed, spec=str(tmp_path / "gone.zip"))


@pytest.mark.parametrize("name", ["export_visual_spec", "check_spec"])
def test_the_form_asks_first_which_samples_are_meant(name, analysed):
    assert list(form(name, analysed))[:2] == ["what_it_does", "target"]


def test_the_form_says_that_the_spec_would_turn_its_own_candidates_down(analysed):
    pool = analysed.match_tags("U").sort_by("dist_to_S")

    def asked(delta=None):
        chosen = {"selected": pool.values("id"), "more_settings": True, "spec_delta": delta}
        return form("export_visual_spec", analysed, **chosen)

    assert not {"mistake", "own"} & set(asked(pool.first()["dist_to_S"] / 2))
    some = asked(pool.first()["dist_to_S"])
    assert "would be judged" in some["own"]["view"]["description"]
    assert "mistake" not in some
    every = asked(2.0)
    assert "give the spec a δ of" in every["mistake"]["view"]["description"]
    assert every["mistake"]["invalid"]
    compute_coverage(analysed, CoverageParams(delta=2.0))
    proposed = asked()
    assert "mistake" not in proposed
    assert "would be judged" in proposed["own"]["view"]["description"]
    delta = proposed["spec_delta"]["default"]
    assert 0 < delta < pool.first()["dist_to_S"]
    assert "mistake" not in asked(delta)


def test_a_delta_that_was_proposed_stays_in_sight_whatever_is_chosen_then(analysed):
    """The App keeps it, also where its input is gone: nobody would see that it counts."""
    asked = form("export_visual_spec", analysed, spec_delta=0.01, candidates="U")
    assert "spec_delta" in asked


def test_the_form_of_heatmaps_says_what_it_does_and_asks_what_about(analysed):
    asked = list(form("compute_heatmaps", analysed))
    assert asked[:2] == ["view_target", "what_it_does"]  # FiftyOne's own question comes first
    assert {"only", "about"} < set(asked)
