"""The forms as a person meets them in the App, and the Visual Spec that one of them gives."""

import json
import zipfile

import numpy as np
import pytest
from gapsphere.tests.support.app import FORM, execute, fill, holds, prompt
from PIL import Image
from playwright.sync_api import expect

FORMS = (
    "Find gaps",
    "Compute embeddings",
    "Compute coverage",
    "Summarize gaps",
    "Select by K-Center",
    "Compute sphere",
    "Compute heatmaps",
    "Export Visual Spec",
    "Import feature cache",
    "Simulate adaptive sampling",
)
CUT = """(form) => [...form.querySelectorAll('*')]
  .filter((one) => one.innerText && one.clientWidth && one.scrollWidth > one.clientWidth + 1)
  .filter((one) => getComputedStyle(one).overflowX !== 'visible')
  .map((one) => one.innerText.slice(0, 80))"""
"""Texts that are wider than their room."""


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Twenty images of S by day; eight of U, all picked, two by day and six at dusk.

    Vectors at random, those of U near S, so that the usual δ accepts none.  A helper column says
    what S lacks, as a table of candidates may.
    """
    import fiftyone as fo
    from gapsphere.plugin.dataset import api

    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(4)
    vectors = rng.normal(size=(28, 16)).astype(np.float32)
    vectors[20:] = vectors[:8] + vectors[20:] / 2
    dataset = fo.Dataset(persistent=True)
    for index in range(28):
        path = folder / f"{index}.png"
        Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)).save(path)
        sample = fo.Sample(filepath=str(path), tags=["S" if index < 20 else "U"])
        sample["time_of_day"] = "day" if index < 22 else "dusk"
        sample["missing_in_S"] = int(index >= 22)
        sample["vector"] = vectors[index]
        dataset.add_sample(sample)
    api.compute_embeddings(dataset, encoder="field", model_path="vector", progress=False)
    api.compute_coverage(dataset, progress=False)
    api.select_kcenter(dataset, k=8, progress=False)
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def app(context, app_url, analysed):
    """One page for all forms: opening the App is most of their time."""
    page = context.new_page()
    page.goto(f"{app_url}/datasets/{analysed.name}")
    page.locator('[data-cy="looker"]').first.wait_for()
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()


def opened(page, label):
    """The form of an operator, with its folded settings in sight."""
    prompt(page, f"Gapsphere: {label}")
    form = page.locator(FORM)
    form.get_by_text("More settings").click()
    form.get_by_text("Suffix", exact=True).wait_for()
    return form


def closed(page):
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.wait_for_selector(FORM, state="detached")


@pytest.mark.parametrize("label", FORMS)
def test_a_form_cuts_no_word(app, label, shot):
    form = opened(app, label)
    shot(app, f"form_{label.lower().replace(' ', '_')}")
    assert form.evaluate(CUT) == []
    closed(app)


def test_a_form_starts_from_the_last_run_and_marks_a_wrong_value(app):
    form = opened(app, "Select by K-Center")
    holds(app, "Number of picks", "8")
    form.get_by_text("Number of picks: 8").wait_for()
    fill(app, "Number of picks", "0")
    expect(app.get_by_role("button", name="Execute").first).to_be_disabled()
    closed(app)


def test_names_of_files_are_no_markdown(app):
    form = opened(app, "Export artifacts")
    said = form.inner_text()
    for name in ("embed_*.npz", "umap3d_*.npy", "nn_U_to_S.npy"):
        assert name in said
    closed(app)


def test_the_form_gives_a_file_that_the_browser_downloads(app, shot, tmp_path):
    page = app
    prompt(page, "Gapsphere: Export Visual Spec")
    page.get_by_text("What to collect more of", exact=True).wait_for()
    page.get_by_text("would be judged “covered already”").first.wait_for()  # and a δ is proposed
    shot(page, "export_visual_spec_form")
    with page.expect_download() as arriving:
        execute(page)
    download = arriving.value
    assert download.suggested_filename.startswith("GS-")
    page.get_by_text(f"Visual Spec {download.suggested_filename[:-4]}").first.wait_for()
    shot(page, "export_visual_spec_done")
    download.save_as(tmp_path / download.suggested_filename)
    with zipfile.ZipFile(tmp_path / download.suggested_filename) as archive:
        assert archive.testzip() is None
        names = {name.rsplit("/", 1)[1] for name in archive.namelist()}
        said = json.loads(archive.read(f"{download.suggested_filename[:-4]}/spec.json"))
        archive.extractall(tmp_path)
    assert all(image["dist_to_S"] > said["delta"] for image in said["candidates"]), "it passes"
    assert {"visual-spec.en.html", "visual-spec.ko.html", "spec.json", "reference.npz"} <= names
    # The driver reads conditions, and no column that only tells candidates from owned images.
    guide = tmp_path / download.suggested_filename[:-4] / "visual-spec.en.html"
    page.goto(guide.as_uri())
    conditions = page.locator("table:has(caption)").first.locator("tbody tr")
    assert conditions.count() == 1
    assert "dusk" in conditions.inner_text()
    shot(page, "visual_spec_page")
