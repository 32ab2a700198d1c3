"""Heatmaps, a Visual Spec and the check against it, from the command line, end to end."""

import shutil
import zipfile
from pathlib import Path

import pytest
from gapsphere.tests.support.command_line import gapsphere

NAME = "spec-cli-test"


def run(*arguments, rc=0):
    done = gapsphere(*arguments)
    assert done.returncode == rc, done.stderr
    return done.stdout if rc == 0 else refusal(done.stderr)


def refusal(stderr):
    lines = [line for line in stderr.splitlines() if line.startswith("gapsphere:")]
    assert len(lines) == 1, stderr
    return lines[0]


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """A small drive, rendered, and analysed but for its sphere."""
    import fiftyone as fo
    from gapsphere.plugin.dataset import api
    from gapsphere.scripts.demo.drive import render_drive

    folder = tmp_path_factory.mktemp("drive")
    render_drive(folder, seed=3, images=(24, 36))
    dataset = fo.Dataset(NAME, persistent=True)
    api.load_images(dataset, csv=str(folder / "metadata.csv"), progress=False)
    api.compute_embeddings(dataset, encoder="packaged", progress=False)
    api.compute_coverage(dataset, progress=False)
    api.select_kcenter(dataset, k=4, progress=False)
    yield dataset
    dataset.delete()


def test_from_picks_to_heatmaps_to_a_spec_to_its_check(drive, tmp_path):
    said = run("heatmap", "--dataset", NAME, "--only", "picks", "--about", "new")
    assert "4 made, 0 already there, 0 skipped" in said

    spec = tmp_path / "spec.zip"
    export = ("export-spec", "--dataset", NAME, "--output", spec, "--spec-delta", 0.01)
    said = run(*export, "--language", "ko", "--quantity", 7)
    assert "7 images like 4 candidates (4 shown, 4 with heatmaps)" in said
    assert str(spec) in said
    with zipfile.ZipFile(spec) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
    assert {"spec.json", "candidates.csv", "reference.npz", "visual-spec.ko.html"} <= names
    assert "there already" in run(*export, rc=2)

    new = tmp_path / "new"
    new.mkdir()
    for path in drive.match_tags("kcenter").values("filepath"):
        shutil.copy(path, new / f"wanted_{Path(path).name}")
    owned = drive.match_tags("S").first().filepath
    shutil.copy(owned, new / "owned.jpg")
    (new / "broken.jpg").write_bytes(b"no image")
    said = run("check-spec", spec, new)
    verdict = {line.rsplit("/", 1)[1]: line for line in said.splitlines() if "to request" in line}
    assert len(verdict) == 5
    assert verdict.pop("owned.jpg").startswith("covered already")
    assert all(line.startswith("accepted") for line in verdict.values()), said
    assert "1 skipped:" in said
    assert "broken.jpg" in said


def test_a_dataset_that_is_not_there_is_one_line_and_exit_code_2():
    assert "There is no dataset 'no such'" in run("export-spec", "--dataset", "no such", rc=2)


def test_a_spec_that_is_none_is_one_line_and_exit_code_2(tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 nothing")
    assert "bad.zip" in run("check-spec", tmp_path / "bad.zip", tmp_path, rc=2)
