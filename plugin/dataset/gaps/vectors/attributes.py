"""The named channel of a dataset: which attributes and fields of the user's set a drive of U apart.

:func:`questions` chooses what is asked, and says what was left out; :func:`named_channel` compares
it drive by drive.  A field that cannot tell drives apart, or only numbers them, is no question.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import fiftyone as fo
import numpy as np

from ....coverage.named.channel import named
from ....coverage.named.findings import Categories, Finding, Numbers
from ....coverage.named.ranges import NamedRange, outside_ranges, outside_sentence
from ....coverage.verdict import drive_numbers
from ....embeddings.attributes import ATTRIBUTES, WORDS
from ....errors import InputError
from ...store.fields.fields import is_ours
from ...store.fields.metadata import columns, metadata, scene_paths
from ...store.fiftyone_internals import columns_digest
from ...store.names import FRAME_NUMBER, SEQUENCE, Names, ReviewNames
from ...store.samples import slice_path

MOST_FIELDS = 16
"""Fields of the user's that are asked: each question costs the others a share of the level."""
MOST_VALUES = 100
"""Different words up to which a field is a category."""

Drives = Sequence[str | None]


@dataclass(frozen=True, eq=False)
class Questions:
    """What is compared, for the images of S and of U.

    ``owned_cameras`` and ``pool_cameras`` tell cameras apart where a field does.
    """

    attributes: list[Numbers | Categories]
    owned_cameras: list[Any] | None = None
    pool_cameras: list[Any] | None = None

    @property
    def asked(self) -> list[str]:
        """The names of what is compared."""
        return [attribute.name for attribute in self.attributes]


@dataclass(frozen=True, eq=False)
class NamedChannel:
    """What sets the drives of U apart by name.

    ``findings`` by drive, the strongest first; ``ranges`` of S in the attributes of its images,
    each a :class:`NamedRange` as a dict; ``asked`` names what drives were compared in.
    """

    findings: dict[Hashable, list[Finding]]
    ranges: list[dict[str, Any]]
    asked: list[str]


def named_channel(
    dataset: fo.Dataset,
    names: Names,
    owned_ids: Sequence[str],
    owned_drives: Drives,
    pool_ids: Sequence[str],
    pool_drives: Drives,
    alpha: float = 0.1,
    *,
    drive_field: str | None = None,
    camera_field: str | None = None,
    without: Collection[str] = (),
) -> NamedChannel:
    """What sets each named drive of U apart from the drives of S, and the ranges of S.

    Parameters
    ----------
    names
        The analysis, whose ``attributes`` are read; those of the analysis without a suffix stand in
        for them, since they do not depend on an encoder.
    owned_ids, owned_drives, pool_ids, pool_drives
        Sample ids of S and of U, and the drive of each; None: a drive of its own.
    alpha
        Level that a p-value, corrected for what was asked, has to reach.
    drive_field
        The field that names drives: it is not asked.
    camera_field
        A field that names the camera: numbers are then compared camera by camera.
    without
        Fields that are not asked either, such as those that say who is in S and in U.

    Raises
    ------
    InputError
        ``camera_field`` is no field of text, numbers or a classification.
    """
    asked = questions(
        dataset,
        names,
        owned_ids,
        owned_drives,
        pool_ids,
        pool_drives,
        drive_field=drive_field,
        camera_field=camera_field,
        without=without,
    )
    found = named(
        asked.attributes,
        owned_drives,
        pool_drives,
        alpha,
        owned_cameras=asked.owned_cameras,
        pool_cameras=asked.pool_cameras,
    )
    findings = {
        drive: sorted((row for row in rows if row.sentence), key=_order)
        for drive, rows in found.items()
    }
    return NamedChannel(findings, _ranges(asked, owned_drives, alpha), asked.asked)


def _ranges(asked: Questions, drives: Drives, alpha: float) -> list[dict[str, Any]]:
    """The range of S in each attribute of its images, camera by camera where these are named."""
    cameras = asked.owned_cameras or [None] * len(drives)
    found = []
    for attribute in asked.attributes:
        if not isinstance(attribute, Numbers) or attribute.name not in ATTRIBUTES:
            continue
        values = np.asarray(attribute.owned, np.float64)
        for camera in dict.fromkeys(cameras):
            rows = [i for i, of in enumerate(cameras) if of == camera and np.isfinite(values[i])]
            if rows:
                labels = [drives[i] for i in rows]
                about = {"camera": None if camera is None else str(camera), "of": attribute.of}
                found.append(
                    NamedRange.of_owned(attribute.name, values[rows], labels, alpha, **about)
                )
    return [asdict(each) for each in found]


def read_attributes(
    dataset: fo.Dataset, names: Names, ids: Sequence[str], camera_field: str | None
) -> tuple[dict[str, list[Any]], list[str | None]]:
    """The attributes of images, by name, and the camera of each as the ranges of S name it."""
    nothing: list[Any] = [None] * len(ids)
    camera_field = camera_field or slice_path(dataset)
    cameras = _cameras(dataset, ids, camera_field) if camera_field else None
    cameras = nothing if cameras is None else cameras
    return _attributes(dataset, names, ids), [None if of is None else str(of) for of in cameras]


def _cameras(
    dataset: fo.Dataset,
    ids: Sequence[str],
    camera_field: str,
    theirs: Mapping[str, list[Any]] | None = None,
) -> list[Any] | None:
    """The camera of each image; None where no field of text, numbers or a class names it."""
    if camera_field == slice_path(dataset):
        return columns(dataset, ids, {"camera": camera_field})["camera"]
    return (metadata(dataset, ids) if theirs is None else theirs).get(camera_field)


def said_outside(
    dataset: fo.Dataset,
    names: Names,
    sample_id: str,
    ranges: Sequence[Mapping[str, Any]],
    camera_field: str | None,
) -> list[str]:
    """In what an image is outside the ranges of S, as one text at most."""
    columns, (camera,) = read_attributes(dataset, names, [sample_id], camera_field)
    values = {name: of for name, (of,) in columns.items()}
    known = (NamedRange(**each) for each in ranges)
    sentence = outside_sentence(outside_ranges(values, known, camera))
    return [sentence] if sentence else []


def _order(finding: Finding) -> tuple[Any, ...]:
    """By level, where that decides; then the image before its fields."""
    level = finding.corrected if finding.supported else 1.0
    return level, finding.attribute not in ATTRIBUTES, -finding.outside


def questions(
    dataset: fo.Dataset,
    names: Names,
    owned_ids: Sequence[str],
    owned_drives: Drives,
    pool_ids: Sequence[str],
    pool_drives: Drives,
    *,
    drive_field: str | None = None,
    camera_field: str | None = None,
    without: Collection[str] = (),
) -> Questions:
    """Choose what is asked: the attributes, then fields of the user's in their order."""
    ids, split = [*owned_ids, *pool_ids], len(owned_ids)
    drives = int(drive_numbers([*owned_drives, *pool_drives]).max(initial=-1)) + 1
    chosen: list[Numbers | Categories] = [
        Numbers(name, column[:split], column[split:], *WORDS[name])
        for name, column in _attributes(dataset, names, ids).items()
        if _varies(column)
    ]
    theirs = metadata(dataset, ids)
    cameras = None
    if camera_field:
        cameras = _cameras(dataset, ids, camera_field, theirs)
        if cameras is None:
            raise InputError(
                f"The dataset has no field {camera_field!r} of text, numbers or a classification "
                "to tell cameras apart: name another camera_field, or none."
            )
    skipped = _not_asked(drive_field, without)
    usable = [
        question
        for name, column in theirs.items()
        if name not in skipped and (question := _question(name, column, split, drives))
    ]
    return Questions(
        chosen + usable[:MOST_FIELDS],
        None if cameras is None else cameras[:split],
        None if cameras is None else cameras[split:],
    )


def _not_asked(drive_field: str | None, without: Collection[str]) -> set[str]:
    """Fields that say what is known already: who is in S and U, which drive, how models fail."""
    drive = (drive_field or "").split(".")[0]
    failures = ReviewNames.failure_rate, ReviewNames.failure_rank
    return {SEQUENCE, FRAME_NUMBER, drive_field or "", drive, *failures, *without}


def fields_digest(dataset: fo.Dataset, drive_field: str | None, without: Collection[str]) -> str:
    """Changes with the fields of the user's that may be asked, and with any of their values."""
    skipped = _not_asked(drive_field, without)
    paths = [path for name, path in scene_paths(dataset).items() if name not in skipped]
    return columns_digest(dataset, paths) if paths else ""


def _attributes(dataset: fo.Dataset, names: Names, ids: Sequence[str]) -> dict[str, list[Any]]:
    """The attributes that we measured, by name; empty where there are none."""
    for field in (names.attributes, Names().attributes):
        if is_ours(dataset, field):
            return columns(dataset, ids, {name: f"{field}.{name}" for name in ATTRIBUTES})
    return {}


def _question(name: str, column: list[Any], split: int, drives: int) -> Numbers | Categories | None:
    """A field of the user's as a question; None where it cannot tell drives apart."""
    present = [value for value in column if value is not None and value == value]
    if not _varies(present):
        return None
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in present):
        counts_frames = len(set(present)) == len(present) and isinstance(present[0], int)
        return None if counts_frames else Numbers(name, column[:split], column[split:])
    words = [None if value is None else word(value) for value in column]
    if len(set(words) - {None}) >= min(drives, MOST_VALUES + 1):
        return None
    return Categories(name, words[:split], words[split:])


def _varies(column: Sequence[Any]) -> bool:
    return len({value for value in column if value is not None}) > 1


def word(value: Any) -> str:
    """A value as findings write it.

    >>> word(True), word("rain")
    ('yes', 'rain')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
