"""Names of the folders that Gapsphere writes, all in ``gapsphere/`` beside FiftyOne's datasets.

Earlier versions wrote elsewhere below the same folder.  Samples hold absolute paths, so what a
dataset has at an earlier place stays there and goes on there.
"""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo

from .fiftyone_internals import dataset_id

HOME = "gapsphere"


def specs() -> Path:
    """Visual Specs that were given no name."""
    return _home() / "specs"


def sparse_models() -> Path:
    """Trained reconstruction models, a folder each."""
    return _home() / "sparse_models"


def sparse_server() -> Path:
    """A file for each live server that runs on this machine."""
    return _home() / "sparse_server"


def frames(dataset: fo.Dataset, video: str) -> Path:
    """Frames taken from a video, in a folder that ``video`` names."""
    return _folder(f"frames/{dataset.name}/{video}")


def cards(dataset: fo.Dataset) -> Path:
    """Cards in place of images that are not on this machine."""
    return _folder(f"cards/{dataset_id(dataset)}")


def sparse(dataset: fo.Dataset) -> Path:
    """Files of the dataset's simulations."""
    return _folder(f"sparse/{dataset_id(dataset)}")


def sparse_roots() -> list[Path]:
    """Every folder with files of simulations, a folder a dataset; links are not followed."""
    roots = [_home() / "sparse", _root() / "gapsphere_sparse"]
    if _home().is_symlink():
        roots = roots[1:]
    return [root for root in roots if root.is_dir() and not root.is_symlink()]


def _root() -> Path:
    return Path(fo.config.default_dataset_dir)


def _home() -> Path:
    return _root() / HOME


def _folder(name: str) -> Path:
    """The folder of an earlier version where there is one, otherwise the one of today."""
    before = _root() / f"gapsphere_{name}"
    return before if before.is_dir() else _home() / name
