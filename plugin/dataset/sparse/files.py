"""The files of a simulation: pictures that samples point to, and how far each sequence has come.

A sequence's state is written after its pictures and fields, in one move, so whatever is killed goes
on from a frame whose results are there; the frames after it are made again, the same.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Literal

import fiftyone as fo
import numpy as np
from bson import ObjectId
from numpy.typing import NDArray

from ...embeddings.extract import Skipped
from ...errors import ArtifactError, InputError
from ...interchange.files.checked import ZIP_DAMAGE, write_whole
from ...sparse.live.recorder import png
from ...sparse.loop.state import LoopState
from ..store import places
from ..store.database import identity
from ..store.fiftyone_internals import collection, dataset_id
from ..store.names import Names
from .simulations import STEP

log = logging.getLogger(__name__)

OWNER = "database"
"""File of a dataset's folder that names its database: :mod:`.leftovers` reads it."""
STATE = "state"
_FILE = re.compile(
    r"[0-9a-f]{12}/"
    r"((reconstruction|importance)/\.?[0-9a-f]{24}\.png|state/\.?[0-9a-f]{24}\.npz)(\.\w+)?"
)
"""What a killed run was writing begins with a dot and has another ending."""
Picture = Literal["reconstruction", "importance"]


@dataclass
class SimulationState:
    """How far a sequence has come: ``ids`` of the frames behind it, and the loop's state."""

    ids: list[str] = field(default_factory=list)
    state: LoopState | None = None
    skipped: list[Skipped] = field(default_factory=list)
    restarts: int = 0
    problems: list[str] = field(default_factory=list)


class SimulationFiles:
    """Files of one simulation of a dataset, below FiftyOne's dataset folder.

    ``recipe`` is the digest of all settings that shape them: other settings have other paths, so no
    browser shows an old picture for a new one.
    """

    def __init__(self, dataset: fo.Dataset, names: Names, recipe: str) -> None:
        self._key = dataset_id(dataset)
        self.root = places.sparse(dataset) / names.run_key(STEP)
        self.folder = places.inside(self.root / recipe)

    def sign(self) -> None:
        """Write the database that the files belong to."""
        _write(self.root.parent / OWNER, lambda file: file.write(identity().encode()))

    def keep(self, kind: Picture, sample_id: str, image: NDArray[np.uint8]) -> str:
        """Write a picture; its absolute path."""
        path = self.folder / kind / f"{sample_id}.png"
        _write(path, lambda file: file.write(png(image)))
        return str(path.resolve())

    def drop(self, ids: Sequence[str]) -> None:
        """Delete the pictures of samples, none where another dataset shows some."""
        kinds = "reconstruction", "importance"
        paths = [self.folder / kind / f"{sample_id}.png" for kind in kinds for sample_id in ids]
        there = [path for path in paths if path.exists()]
        if there and not self._is_shown:
            for path in there:
                path.unlink(missing_ok=True)

    @cached_property
    def _is_shown(self) -> bool:
        return shown_by(self.root, but=self._key) is not None

    def reached(self, sequence: str) -> SimulationState | None:
        """What was saved of a sequence; None where nothing was, or it is damaged.

        OSError where the system does not give it: what it stands for is not lost for that.
        """
        path = self._state(sequence)
        if not path.exists():
            return None
        try:
            with np.load(path) as arrays:
                told = json.loads(str(arrays["told"]))
                state = LoopState.from_arrays(arrays) if "pixels" in arrays else None
            told["skipped"] = [Skipped(**item) for item in told["skipped"]]
            return SimulationState(**{**told, "state": state})
        except (KeyError, TypeError, *ZIP_DAMAGE) as error:
            log.warning("%s is damaged, so its sequence starts anew: %s", path, error)
            return None

    def save(self, sequence: str, reached: SimulationState) -> None:
        told = asdict(replace(reached, state=None))
        arrays: dict[str, Any] = {} if reached.state is None else reached.state.to_arrays()
        arrays["told"] = np.array(json.dumps(told))
        _write(self._state(sequence), lambda file: np.savez(file, **arrays))

    def forget(self, sequence: str) -> None:
        """The next run starts the sequence anew."""
        self._state(sequence).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete all files under the simulation's suffix, those of other settings included.

        Pictures stay where another dataset shows some.
        """
        delete(self.root, self._key)

    def _state(self, sequence: str) -> Path:
        # A sequence's value may be any text, a path even.
        name = hashlib.blake2b(sequence.encode(), digest_size=12).hexdigest()
        return self.folder / STATE / f"{name}.npz"


def files_of(root: Path) -> list[Path]:
    """What simulations wrote below the folder of a suffix, and nothing else; links stay."""
    paths = [Path(at, name) for at, _, names in os.walk(root) for name in names]
    return [
        path
        for path in sorted(paths)
        if _FILE.fullmatch(path.relative_to(root).as_posix()) and not path.is_symlink()
    ]


def delete(root: Path, dataset: ObjectId) -> str | None:
    """Delete what a dataset's simulations wrote below the folder of a suffix.

    Returns
    -------
    The name of another dataset that shows some of the pictures, a clone for one: all of them stay
    then, and only what a simulation would go on from is deleted.
    """
    files = files_of(root)
    shown = shown_by(root, but=dataset) if files else None
    remove(root, [path for path in files if shown is None or path.parent.name == STATE])
    return shown


def shown_by(folder: Path, but: ObjectId | None = None) -> str | None:
    """The name of a dataset, except one, that has a path to a file in the folder."""
    inside = {"$regex": f"^{re.escape(f'{folder.resolve()}{os.sep}')}"}
    for name in fo.list_datasets():
        dataset = fo.load_dataset(name)
        if dataset_id(dataset) == but:
            continue
        schema = dataset.get_field_schema(ftype=fo.StringField, flat=True)
        if collection(dataset).find_one({"$or": [{path: inside} for path in schema]}):
            return str(name)
    return None


def remove(root: Path, paths: Iterable[Path]) -> None:
    """Delete files below ``root``, and the folders that are empty then."""
    for path in paths:
        path.unlink(missing_ok=True)
    for at, _, _ in os.walk(root, topdown=False):
        if not os.listdir(at):
            os.rmdir(at)


def _write(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file whole, or raise with what to do before the run can go on."""
    try:
        write_whole(places.inside(path.parent) / path.name, write)
    except ArtifactError as error:
        raise InputError(
            f"{path} cannot be written ({error.__cause__}): free space there, or point FiftyOne's "
            "default_dataset_dir elsewhere; run it again to go on."
        ) from error
