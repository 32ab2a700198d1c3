"""Folders on disk: one home for all, and an earlier version's stay in use."""

from pathlib import Path

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.store import places


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path))
    return tmp_path


def every(dataset) -> list[Path]:
    return [
        places.specs(),
        places.sparse_models(),
        places.sparse_server(),
        places.frames(dataset, "drive"),
        places.cards(dataset),
        places.sparse(dataset),
    ]


def test_every_folder_is_another_one_below_one_home(dataset, root):
    folders = every(dataset)
    assert len(set(folders)) == len(folders)
    assert all(folder.is_relative_to(root / "gapsphere") for folder in folders)


@pytest.mark.parametrize("kind", ["frames", "cards", "sparse"])
def test_a_dataset_goes_on_in_the_folder_of_an_earlier_version(dataset, root, kind):
    extra = ("drive",) if kind == "frames" else ()
    owner = f"{dataset.name}/drive" if kind == "frames" else str(dataset._doc.id)
    earlier = root / f"gapsphere_{kind}" / owner
    place = getattr(places, kind)
    assert place(dataset, *extra) != earlier
    earlier.mkdir(parents=True)
    assert place(dataset, *extra) == earlier


def test_both_roots_of_simulations_are_known_and_links_are_not_followed(root, dataset):
    assert places.sparse_roots() == []
    now, earlier = places.sparse(dataset).parent, root / "gapsphere_sparse"
    now.mkdir(parents=True)
    earlier.mkdir()
    assert places.sparse_roots() == [now, earlier]
    earlier.rename(root / "elsewhere")
    earlier.symlink_to(root / "elsewhere")
    assert places.sparse_roots() == [now]
