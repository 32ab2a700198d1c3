"""Files of deleted datasets' simulations: found, deleted, and nothing but them."""

import shutil
from dataclasses import replace
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.deletion import delete_analysis
from gapsphere.plugin.dataset.sparse.files import OWNER, SimulationFiles, SimulationState
from gapsphere.plugin.dataset.sparse.leftovers import leftovers
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.settings.steps import AnalysisParams
from gapsphere.scripts.cli.main import main

GREY = np.zeros((8, 8), np.uint8)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    return tmp_path / "gapsphere" / "sparse"


@pytest.fixture
def simulated(dataset, home):
    """A dataset of one sample with what a simulation keeps of it: two pictures and a state."""
    dataset.add_sample(fo.Sample(filepath="/made/a.png"))
    files = SimulationFiles(dataset, Names("p"), "0123456789ab")
    files.sign()
    sample = dataset.first()
    sample["reconstruction_p"] = files.keep("reconstruction", sample.id, GREY)
    path = files.keep("importance", sample.id, GREY)
    sample["importance_p"] = fo.Heatmap(map_path=path)
    sample.save()
    files.save("a", SimulationState([sample.id]))
    return dataset


def test_pictures_that_a_clone_shows_outlast_the_analysis_of_the_original(simulated):
    clone = simulated.clone()
    paths = [clone.first()["reconstruction_p"], clone.first()["importance_p"].map_path]
    found = delete_analysis(simulated, AnalysisParams(suffix="p"))
    assert found.shown_by == clone.name
    assert f"{clone.name!r} shows them" in str(replace(found, fields=("psnr_p",)))
    assert [path for path in paths if not Path(path).is_file()] == []
    files = SimulationFiles(simulated, Names("p"), "0123456789ab")
    assert files.reached("a") is None  # a simulation of the original starts anew
    files.clear()
    files.drop([simulated.first().id])  # as one with the same settings does first
    assert [path for path in paths if not Path(path).is_file()] == []
    clone.delete()
    assert delete_analysis(simulated, AnalysisParams(suffix="p")).shown_by is None
    assert not any(Path(path).exists() for path in paths)


def test_a_dataset_that_is_there_has_left_nothing(simulated):
    assert leftovers() == []


def test_what_a_deleted_dataset_left_is_told_and_then_deleted(simulated, home, capsys):
    folder = home / str(simulated._doc.id)
    simulated.delete()
    assert main(["sparse", "clean"]) == 0
    assert f"{folder}  3 files" in capsys.readouterr().out
    assert len(leftovers()[0].files) == 3
    assert main(["sparse", "clean", "--delete"]) == 0
    assert "Deleted the files of 1 datasets, kept those of 0." in capsys.readouterr().out
    assert list(home.iterdir()) == []
    assert main(["sparse", "clean"]) == 0
    assert "has left files" in capsys.readouterr().out


def test_files_of_an_earlier_version_are_found_gone_on_with_and_cleaned(simulated, home, tmp_path):
    earlier = tmp_path / "gapsphere_sparse"
    home.rename(earlier)
    assert SimulationFiles(simulated, Names("p"), "0123456789ab").reached("a") is not None
    simulated.delete()
    (left,) = leftovers()
    assert left.folder.parent == earlier
    left.delete()
    assert list(earlier.iterdir()) == []


@pytest.mark.parametrize("field", ["reconstruction_p", "importance_p", "filepath"])
def test_files_that_another_dataset_shows_stay(simulated, home, capsys, field):
    clone = simulated.clone()
    path = clone.first().reconstruction_p
    for name in {"reconstruction_p", "importance_p"} - {field}:
        clone.delete_sample_field(name)
    if field == "filepath":
        clone.set_values("filepath", [path])
    simulated.delete()
    try:
        assert main(["sparse", "clean", "--delete"]) == 0
        assert f"kept: {clone.name!r} shows them" in capsys.readouterr().out
        assert len(leftovers()[0].files) == 3
    finally:
        clone.delete()
    assert leftovers()[0].shown_by is None


def test_what_somebody_else_put_there_stays_and_so_does_what_a_link_leads_to(
    simulated, home, tmp_path
):
    folder = home / str(simulated._doc.id)
    recipe = folder / "gapsphere_sparse_p" / "0123456789ab"
    outside = tmp_path / "outside"
    outside.mkdir()
    picture = recipe / "reconstruction" / f"{'0' * 24}.png"
    (outside / picture.name).write_bytes(b"theirs")
    picture.symlink_to(outside / picture.name)
    shutil.rmtree(recipe / "importance")
    (recipe / "importance").symlink_to(outside)
    (recipe / "state" / "notes.txt").write_text("theirs")
    (folder / "gapsphere_sparse_p" / "holiday.png").write_bytes(b"theirs")
    partial = recipe / "state" / f".{'1' * 24}.npz.ab_12cde"
    partial.write_bytes(b"ours")  # a run was killed while it wrote
    simulated.delete()
    (left,) = leftovers()
    left.delete()
    assert not partial.exists()
    assert not list(recipe.glob("state/*.npz"))
    assert picture.is_symlink()
    assert (outside / picture.name).read_bytes() == b"theirs"
    assert (recipe / "state" / "notes.txt").exists()
    assert (folder / "gapsphere_sparse_p" / "holiday.png").exists()
    assert (folder / OWNER).exists()


def test_folders_that_are_not_known_to_be_of_this_database_stay(simulated, home):
    folder = home / str(simulated._doc.id)
    simulated.delete()
    sign = (folder / OWNER).read_text()
    (folder / OWNER).write_text("0" * 24)
    assert leftovers() == []
    (folder / OWNER).unlink()
    assert leftovers() == []
    (folder / OWNER).write_text(sign)
    moved = folder.rename(home.parent / "elsewhere")
    folder.symlink_to(moved)
    assert leftovers() == []
    folder.unlink()
    moved.rename(home / folder.name)
    assert len(leftovers()) == 1
    home.parent.rename(home.parent.with_name("elsewhere"))
    home.parent.symlink_to(home.parent.with_name("elsewhere"))
    assert leftovers() == []
    folder.rename(home / "not-a-datasets-id")
    home.parent.unlink()
    home.parent.with_name("elsewhere").rename(home.parent)
    assert leftovers() == []
