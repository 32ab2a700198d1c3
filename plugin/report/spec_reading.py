"""A Visual Spec read back, from a ZIP or its unpacked folder, as if a stranger had sent it.

Nothing is unpacked to disk by its own name and nothing is unpickled: two members are looked for,
their sizes are checked before and while they are read, and every number is checked before it is
believed.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..coverage.contrasts import NamedRange
from ..coverage.rows import Metric, checked_rows
from ..errors import ArtifactError, GapsphereError, InputError
from ..interchange.files import parse_json, read_json, read_npz, refuse_no_file
from .spec_rule import Rule
from .visual_spec import FORMAT, REFERENCE, VERSION, MadeBy

JSON_LIMIT = 256 << 20
"""Bytes of ``spec.json`` at most: some half a million candidates."""
REFERENCE_LIMIT = 16 << 30
"""Bytes of ``reference.npz`` at most."""
INFLATION = 50
"""How many times larger a member may become: embeddings do not compress, bombs do."""
MEMBERS = 100_000
_BLOCK = 1 << 22


Text = Annotated[str, Field(max_length=10_000)]
Distance = Annotated[float, Field(ge=0, le=2)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Encoder(_Part):
    name: Text
    fingerprint: Text
    parameters: Any = None


class _Reference(_Part):
    blake2b: Text


class _Standing(_Part):
    sentence: Text


class _Range(_Part):
    attribute: Text
    low: float
    high: float
    level: Annotated[float, Field(gt=0, lt=1)] | None = None
    camera: Text | None = None
    of: Text = ""


class _Document(_Part):
    """What is needed of ``spec.json``; further keys are left alone.

    A spec of an earlier version does not say what its δ is worth, nor the ranges of S.
    """

    id: Text
    title: Text
    created: Text
    quantity: Annotated[float, Field(ge=1, le=1e9)]
    metric: Metric
    delta: Distance
    radius: Distance
    radius_source: Literal["candidates", "delta", "given"]
    centre: Annotated[list[float], Field(min_length=1)]
    encoder: _Encoder
    reference: _Reference
    standing: _Standing | None = None
    ranges: list[_Range] = []


@dataclass(frozen=True, eq=False)
class SpecFile:
    """What checking needs of a spec: the rule, the rows of S that decide, the encoder.

    ``standing`` says what δ is worth, "" where the spec does not; ``ranges`` are those of S;
    ``drives`` int64 (m,) numbers the drives of ``reference``, None where the spec has none.
    """

    id: str
    title: str
    created: str
    quantity: int
    rule: Rule
    reference: NDArray[np.float32]
    encoder: MadeBy
    standing: str = ""
    ranges: tuple[NamedRange, ...] = ()
    drives: NDArray[np.int64] | None = None


def read_spec(path: str | Path) -> SpecFile:
    """Read ``spec.json`` and ``reference.npz``.

    Parameters
    ----------
    path
        The ZIP, its unpacked folder, or ``spec.json`` in that folder.

    Raises
    ------
    InputError
        There is no such file.
    ArtifactError
        It is not a Visual Spec, or is damaged, oversized or inconsistent; the sentence says where.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        path = path / "spec.json"
    refuse_no_file(path)
    if not path.is_file():
        raise InputError(f"There is no {path}: give a Visual Spec's ZIP, or its spec.json.")
    if zipfile.is_zipfile(path):
        return _from_zip(path)
    document = _of_this_version(read_json(path, limit=JSON_LIMIT), path.name)
    beside = path.parent / REFERENCE
    if not beside.is_file():
        raise ArtifactError(
            f"{REFERENCE} is missing beside {path}: unpack the whole ZIP, or give the ZIP itself."
        )
    with beside.open("rb") as file:
        digest = _copied(file, None, beside.stat().st_size, path)
    return _checked(document, beside, digest, str(path))


def _from_zip(path: Path) -> SpecFile:
    name = "spec.json"
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            if len(archive.infolist()) > MEMBERS:
                raise ArtifactError(f"{path.name} has more than {MEMBERS:,} members: no spec has.")
            content = io.BytesIO()
            with _member(archive, name, JSON_LIMIT, path) as (file, size):
                _copied(file, content, size, path)
            document = _of_this_version(parse_json(content.getvalue(), name), name)
            target = Path(folder) / REFERENCE
            with (
                _member(archive, REFERENCE, REFERENCE_LIMIT, path) as (file, size),
                target.open("wb") as copy,
            ):
                digest = _copied(file, copy, size, path)
            return _checked(document, target, digest, str(path))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ArtifactError(f"{path} cannot be read as a ZIP: {error}.") from error


@contextmanager
def _member(archive: zipfile.ZipFile, name: str, limit: int, path: Path) -> Any:
    """The one member called ``name``, at the top or in one folder; its size is bounded."""
    found = [
        info
        for info in archive.infolist()
        if info.filename.split("/")[-1] == name and info.filename.count("/") <= 1
    ]
    if len(found) != 1:
        what = "has no" if not found else f"has {len(found)} of"
        raise ArtifactError(f"{path.name} {what} {name}: it is not a Visual Spec's ZIP.")
    info = found[0]
    if info.file_size > limit or _inflated(info):
        raise ArtifactError(
            f"{path.name}: {name} would unpack to {info.file_size:,} bytes, which no spec needs."
        )
    with archive.open(info) as file:
        yield file, info.file_size


def _copied(source: IO[bytes], target: IO[bytes] | None, size: int, path: Path) -> str:
    """Copy ``size`` bytes in blocks, one more means that the archive lied; their digest."""
    digest, copied = hashlib.blake2b(digest_size=16), 0
    while copied <= size and (block := source.read(min(_BLOCK, size - copied + 1))):
        copied += len(block)
        digest.update(block)
        if target is not None:
            target.write(block)
    if copied != size:
        raise ArtifactError(f"{path.name} holds another size than it claims: it is damaged.")
    return digest.hexdigest()


def _inflated(info: zipfile.ZipInfo) -> bool:
    return info.file_size > INFLATION * (info.compress_size + 1024)


def _of_this_version(document: Any, name: str) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ArtifactError(f"{name} is not a Visual Spec of Gapsphere.")
    if document.get("version") != VERSION:
        raise ArtifactError(
            f"{name} is of version {document.get('version')!r}, this Gapsphere reads {VERSION}: "
            "install the Gapsphere that wrote it, or issue the spec again."
        )
    if document.get("checkable") is False:
        raise ArtifactError(
            f"{name} was issued without embeddings, so it cannot check images: embed its dataset, "
            "run compute_coverage and issue the spec again."
        )
    return document


def _checked(content: dict[str, Any], arrays: Path, digest: str, name: str) -> SpecFile:
    try:
        found = _Document.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key, given = ".".join(map(str, first["loc"])), repr(first["input"])
        given = given if len(given) < 60 else given[:57] + "..."
        raise ArtifactError(f"{name} has {key} = {given}: {first['msg']}.") from error
    if found.reference.blake2b != digest:
        raise ArtifactError(
            f"{name} and its {REFERENCE} do not belong together: take both from the same ZIP."
        )
    rows = _reference(arrays, len(found.centre), name)
    centre = _unit_rows("centre", np.asarray([found.centre], np.float32), name)[0]
    made_by = found.encoder
    parameters = made_by.parameters if isinstance(made_by.parameters, dict) else {}
    return SpecFile(
        id=found.id,
        title=found.title,
        created=found.created,
        quantity=int(found.quantity),
        rule=Rule(found.metric, found.delta, centre, found.radius, found.radius_source),
        reference=rows,
        encoder=MadeBy(made_by.name, made_by.fingerprint, parameters),
        standing="" if found.standing is None else found.standing.sentence,
        ranges=tuple(NamedRange(**dict(each)) for each in found.ranges),
        drives=_drives(arrays, len(rows), name),
    )


def _reference(arrays: Path, dimension: int, name: str) -> NDArray[np.float32]:
    try:
        with zipfile.ZipFile(arrays) as inner:
            for info in filter(_inflated, inner.infolist()):
                raise ArtifactError(
                    f"{REFERENCE} would unpack to {info.file_size:,} bytes: no spec needs them."
                )
    except (zipfile.BadZipFile, OSError) as error:
        raise ArtifactError(f"{REFERENCE} cannot be read as .npz: {error}.") from error
    rows = read_npz(arrays, "embeddings")
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise ArtifactError(
            f"{REFERENCE} has the shape {rows.shape} where {name} has vectors of {dimension}."
        )
    rows = rows.astype(np.float32, copy=False)
    return _unit_rows(REFERENCE, rows, name) if len(rows) else rows


def _drives(arrays: Path, count: int, name: str) -> NDArray[np.int64] | None:
    """The drives of the reference; None in a spec that has none."""
    with zipfile.ZipFile(arrays) as inner:
        if "drives.npy" not in inner.namelist():
            return None
    drives = read_npz(arrays, "drives")
    if drives.shape != (count,) or drives.dtype.kind not in "iu":
        raise ArtifactError(
            f"{REFERENCE} has drives of shape {drives.shape} and type {drives.dtype} where {name} "
            f"needs a whole number for each of {count} rows."
        )
    return drives.astype(np.int64)


def _unit_rows(what: str, rows: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    try:
        return checked_rows(what, rows)
    except GapsphereError as error:
        raise ArtifactError(f"{name}: {error}") from error
