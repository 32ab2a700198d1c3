"""Names of the folders that Gapsphere writes, all in ``gapsphere/`` beside FiftyOne's datasets.

A folder that a link in ``gapsphere/`` leads out of it is refused; ``gapsphere`` itself may be a
link, to a larger disk for one.  What the App writes by name (:func:`named`) goes there too, or
below the folders that the environment variable GAPSPHERE_WRITE_ROOTS lists.

Earlier versions wrote elsewhere below the same folder.  Samples hold absolute paths, so what a
dataset has at an earlier place stays there and goes on there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import fiftyone as fo

from ...errors import InputError
from .database import identity
from .fiftyone_internals import dataset_id

HOME = "gapsphere"
ROOTS_VARIABLE = "GAPSPHERE_WRITE_ROOTS"
OWN = "Gapsphere's folder"
"""What a form calls the place where files go unless another is chosen."""
_NAME = re.compile(r"\w[\w .-]{0,99}")


def specs() -> Path:
    """Visual Specs that were given no name."""
    return inside(_home() / "specs")


def sparse_models() -> Path:
    """Trained reconstruction models, a folder each."""
    return inside(_home() / "sparse_models")


def sparse_server() -> Path:
    """A file for each live server that runs on this machine."""
    return inside(_home() / "sparse_server")


def frames(dataset: fo.Dataset, video: str) -> Path:
    """Frames taken from a video, in a folder that ``video`` names."""
    # A dataset may be called anything, "../.." for one.
    plain = _NAME.fullmatch(dataset.name) is not None
    return _folder(f"frames/{dataset.name if plain else dataset_id(dataset)}/{video}")


def cards(dataset: fo.Dataset) -> Path:
    """Cards in place of images that are not on this machine."""
    return _folder(f"cards/{dataset_id(dataset)}")


def vectors(dataset: fo.Dataset) -> Path:
    """Copies of vectors, a folder a field, beside those of the other datasets of this database."""
    return inside(_home() / "vectors" / identity() / str(dataset_id(dataset)))


def sparse(dataset: fo.Dataset) -> Path:
    """Files of the dataset's simulations."""
    return _folder(f"sparse/{dataset_id(dataset)}")


def sparse_roots() -> list[Path]:
    """Every folder with files of simulations, a folder a dataset; links are not followed."""
    roots = [_home() / "sparse", _root() / "gapsphere_sparse"]
    if _home().is_symlink():
        roots = roots[1:]
    return [root for root in roots if root.is_dir() and not root.is_symlink()]


def roots() -> dict[str, Path]:
    """Folders that the App may write below, by what a form calls them; the own one first.

    Raises
    ------
    InputError
        GAPSPHERE_WRITE_ROOTS lists something that is not the absolute path of a folder.
    """
    found = {OWN: _home()}
    for text in filter(None, os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep)):
        if not os.path.isabs(text) or not os.path.isdir(text):
            raise InputError(
                f"{ROOTS_VARIABLE} lists {text!r}, which is not the absolute path of a folder that "
                "exists: make it, or take it off the list."
            )
        found[text] = Path(text)
    return found


def named(kind: str, name: str, root: str = OWN) -> Path:
    """Where the App writes something new by name: ``kind/name`` in the own folder, else ``name``.

    Parameters
    ----------
    kind
        Folder of such files in the own one: ``artifacts``, ``reviews``, ``specs``.
    name
        Letters, digits, spaces, ``.``, ``_`` and ``-``; the ending of a file included.
    root
        One of :func:`roots`.

    Raises
    ------
    InputError
        The name could be a path, something has it already, or there is no such root.
    """
    if _NAME.fullmatch(name) is None or name != name.rstrip(". "):
        raise InputError(
            f"{name!r} is not a name for a file: use letters, digits, spaces, '.', '_' and '-', "
            "and begin with a letter or digit."
        )
    path = folder(kind, root) / name
    if os.path.lexists(path):
        raise InputError(
            f"{path} is there already, and the App replaces no file: choose another name."
        )
    return path


def folder(kind: str, root: str = OWN) -> Path:
    """The folder that :func:`named` names something in; it need not exist yet."""
    known = roots()
    if root not in known:
        raise InputError(
            f"The App does not write to {root!r}. It writes to: {', '.join(known)}; the "
            f"environment variable {ROOTS_VARIABLE} of the App's server adds folders."
        )
    return inside(known[root] / kind) if root == OWN else known[root]


def inside(path: Path) -> Path:
    """``path`` in the own folder, as it is.

    Raises
    ------
    InputError
        A link on the way leads out of the own folder.
    """
    home = _root() / path.relative_to(_root()).parts[0]
    if not path.resolve().is_relative_to(home.resolve()):
        raise InputError(
            f"{path} leads out of {home} through a link, and nothing is written there: replace the "
            f"link by a folder. To use another disk, let {home} itself be the link."
        )
    return path


def _root() -> Path:
    return Path(fo.config.default_dataset_dir)


def _home() -> Path:
    return _root() / HOME


def _folder(name: str) -> Path:
    """The folder of an earlier version where there is one, otherwise the one of today."""
    before = _root() / f"gapsphere_{name}"
    return inside(before if before.is_dir() else _home() / name)
