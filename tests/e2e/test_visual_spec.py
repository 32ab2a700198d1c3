"""A Visual Spec as a person gets it in the App: the form, the file that arrives, the words."""

import json
import zipfile

import numpy as np
import pytest
from gapsphere.tests.support.app import execute, prompt
from PIL import Image


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Six images of S, four of U, two of them picked; vectors at random."""
    import fiftyone as fo
    from gapsphere.plugin.dataset import api

    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(4)
    dataset = fo.Dataset(persistent=True)
    for index in range(10):
        path = folder / f"{index}.png"
        Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)).save(path)
        sample = fo.Sample(filepath=str(path), tags=["S" if index < 6 else "U"])
        sample["vector"] = rng.normal(size=16).astype(np.float32)
        dataset.add_sample(sample)
    api.compute_embeddings(dataset, encoder="field", model_path="vector", progress=False)
    api.compute_coverage(dataset, progress=False)
    api.select_kcenter(dataset, k=2, progress=False)
    yield dataset
    dataset.delete()


def test_the_form_gives_a_file_that_the_browser_downloads(page, app_url, analysed, shot, tmp_path):
    page.goto(f"{app_url}/datasets/{analysed.name}")
    page.locator('[data-cy="looker"]').first.wait_for()
    prompt(page, "Gapsphere: Export Visual Spec")
    page.get_by_text("What to collect more of", exact=True).wait_for()
    page.get_by_text("would be told “covered already”").first.wait_for()  # and a δ is proposed
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
    assert all(image["dist_to_S"] > said["delta"] for image in said["candidates"]), "it passes"
    assert {"visual-spec.en.html", "visual-spec.ko.html", "spec.json", "reference.npz"} <= names
