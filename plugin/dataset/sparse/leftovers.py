"""Files of simulations whose dataset is gone: FiftyOne has no hook on deletion.

A file is ours if its folder names this database, and its path is one that :mod:`.files`
makes.  All else stays: other files, folders of other databases, links and what they lead to; and
whatever another dataset still shows, a clone for one, whose paths are its original's.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ...coverage.words import counted
from ..store import places
from ..store.database import database_failures, identity
from ..store.fiftyone_internals import database
from .files import OWNER, files_of, remove, shown_by

_DATASET = re.compile(r"[0-9a-f]{24}")
_SUFFIX = re.compile(r"gapsphere_sparse(_\w+)?")


@dataclass(frozen=True)
class Leftover:
    """Files of one deleted dataset; ``shown_by`` names another one with paths to them."""

    folder: Path
    files: tuple[Path, ...]
    size: int
    shown_by: str | None

    def __str__(self) -> str:
        kept = "" if self.shown_by is None else f", kept: {self.shown_by!r} shows them"
        return f"{self.folder}  {counted(len(self.files), 'file')}, {self.size / 1e6:.1f} MB{kept}"

    def delete(self) -> None:
        """Delete the files, and the folders that are empty then."""
        remove(self.folder, self.files)
        if os.listdir(self.folder) == [OWNER]:
            (self.folder / OWNER).unlink()
            self.folder.rmdir()


@database_failures()
def leftovers() -> list[Leftover]:
    """What simulations of this database's deleted datasets left below FiftyOne's dataset folder."""
    owner = identity()
    folders = [folder for root in places.sparse_roots() for folder in sorted(root.iterdir())]
    signed = [folder for folder in folders if _signed(folder, owner)]
    # Asked after the folders were seen: a dataset is older than its folder.
    there = {str(key) for key in database().datasets.distinct("_id")}
    return [_leftover(folder) for folder in signed if folder.name not in there]


def _signed(folder: Path, owner: str) -> bool:
    sign = folder / OWNER
    return (
        _DATASET.fullmatch(folder.name) is not None
        and not folder.is_symlink()
        and sign.is_file()
        and not sign.is_symlink()
        and sign.read_text() == owner
    )


def _leftover(folder: Path) -> Leftover:
    parts = [part for part in sorted(folder.iterdir()) if _SUFFIX.fullmatch(part.name)]
    files = tuple(path for part in parts if not part.is_symlink() for path in files_of(part))
    size = sum(path.stat().st_size for path in files)
    return Leftover(folder, files, size, shown_by(folder))
