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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ...coverage.named.ranges import NamedRange
from ...coverage.nearest.rows import checked_rows
from ...coverage.novelty import Subspace
from ...embeddings.images import open_rgb
from ...errors import ArtifactError, GapsphereError, ImageError, InputError
from ...interchange.files import temporary
from ...interchange.files.checked import (
    INFLATION,
    ZIP_DAMAGE,
    open_zip,
    parse_json,
    read_json,
    read_npz,
    refuse_no_file,
)
from ...interchange.files.listed_paths import local_path
from ..copies import Print, picture_print
from .format import FORMAT, SCHEMA, VERSION, Needed
from .rule import Novelty, Rule
from .visual_spec import REFERENCE, MadeBy

JSON_LIMIT = 64 << 20
"""Bytes of ``spec.json`` at most: some hundred thousand candidates."""
REFERENCE_LIMIT = 16 << 30
"""Bytes of ``reference.npz`` at most."""
DEEPEST = 3
"""Folders that a spec may be packed in or below: a ZIP of a folder of a ZIP is usual."""
SPEC = "spec.json"
PICTURE_LIMIT = 1 << 20
"""Bytes of one small picture at most: 240 pixels a side."""
EXAMPLES = 300
"""Pictures looked at: as many as a spec may show."""
_PICTURES = "*_thumbnail.png"
_BLOCK = 1 << 22


@dataclass(frozen=True, eq=False)
class SpecFile:
    """What checking needs of a spec: the rule, the rows of S that decide, the encoder.

    ``standing`` says what δ is worth, "" where the spec does not; ``ranges`` are those of S;
    ``drives`` int64 (m,) numbers the drives of ``reference``, None where the spec has none;
    ``examples`` are prints of the pictures in it, of candidates and of S.
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
    examples: tuple[Print, ...] = ()


def read_spec(path: str | Path) -> SpecFile:
    """Read ``spec.json`` and ``reference.npz``.

    Parameters
    ----------
    path
        The ZIP, also one that was packed again; a folder that holds it unpacked; or ``spec.json``
        or another file beside it, such as the page.

    Raises
    ------
    InputError
        There is no such file, or a folder holds no spec, or several.
    ArtifactError
        It is not a Visual Spec, or is damaged, oversized or inconsistent; the sentence says where.
    """
    path = local_path(path)
    if path.is_dir():
        path = _in_folder(path)
    refuse_no_file(path)
    if not path.is_file():
        raise InputError(f"There is no {path}: give a Visual Spec's ZIP, or its {SPEC}.")
    if zipfile.is_zipfile(path) and path.name != REFERENCE:
        return _from_zip(path)
    if path.name.lower() != SPEC:
        other = path.suffix.lower() != ".json" or path.name == SCHEMA
        if not (path.parent / SPEC).is_file() and other:
            raise ArtifactError(
                f"{path.name} is not a Visual Spec, and there is no {SPEC} beside it: give the "
                f"spec's ZIP, or the folder with {SPEC} and {REFERENCE}."
            )
        path = path.parent / SPEC if other else path
    document = _of_this_version(read_json(path, limit=JSON_LIMIT), path.name)
    beside = path.parent / REFERENCE
    if not beside.is_file():
        raise ArtifactError(
            f"{REFERENCE} is missing beside {path}: unpack the whole ZIP, or give the ZIP itself."
        )
    with beside.open("rb") as file:
        digest = _copied(file, None, beside.stat().st_size, path)
    pictures = [each for kind in ("do", "dont") for each in (path.parent / kind).glob(_PICTURES)]
    examples = _prints(sorted(pictures)[:EXAMPLES])
    return replace(_checked(document, beside, digest, str(path)), examples=examples)


def _in_folder(folder: Path) -> Path:
    """The one ``spec.json`` in a folder or a few folders down; else the one ZIP in it."""
    level, found = [folder], list[Path]()
    for _ in range(DEEPEST + 1):
        found = [place / SPEC for place in level if (place / SPEC).is_file()]
        level = [inner for place in level for inner in _folders(place)]
        if found:
            break
    packed = [] if found else sorted(folder.glob("*.zip"))
    if len(found or packed) != 1:
        listed = ", ".join(str(each.relative_to(folder)) for each in (found or packed)[:5])
        said = f"holds several: {listed}; give one of them" if listed else f"holds no {SPEC}"
        raise InputError(f"{folder} {said}. A Visual Spec is its ZIP, or the folder of {SPEC}.")
    return (found or packed)[0]


def _folders(place: Path) -> list[Path]:
    try:
        inside = list(islice(place.iterdir(), 10_000))
    except OSError:
        return []
    return sorted(each for each in inside if _is_wanted(each.name) and each.is_dir())


def _is_wanted(name: str) -> bool:
    """Whether a name is not one that macOS adds to what it packs."""
    return name != "__MACOSX" and not name.startswith(".")


def _from_zip(path: Path) -> SpecFile:
    try:
        temporary.sweep(Path(tempfile.gettempdir()))
        start = temporary.prefix()
        with open_zip(path) as archive, tempfile.TemporaryDirectory(prefix=start) as folder:
            document_info, reference_info = _members(archive, path)
            content = io.BytesIO()
            with _member(archive, document_info, JSON_LIMIT, path) as file:
                _copied(file, content, document_info.file_size, path)
            parsed = parse_json(content.getvalue(), SPEC, limit=JSON_LIMIT)
            document = _of_this_version(parsed, SPEC)
            target = Path(folder) / REFERENCE
            with (
                _member(archive, reference_info, REFERENCE_LIMIT, path) as file,
                target.open("wb") as copy,
            ):
                digest = _copied(file, copy, reference_info.file_size, path)
            examples = _prints(_unpacked(archive, document_info, Path(folder)))
            return replace(_checked(document, target, digest, str(path)), examples=examples)
    except (OSError, *ZIP_DAMAGE) as error:
        raise ArtifactError(f"{path} cannot be read as a ZIP: {error}.") from error


def _members(archive: zipfile.ZipFile, path: Path) -> tuple[zipfile.ZipInfo, zipfile.ZipInfo]:
    """``spec.json`` and the reference beside it, at the top or some folders down."""
    members: dict[tuple[str, ...], list[zipfile.ZipInfo]] = {}
    for info in archive.infolist():
        parts = tuple(info.filename.replace("\\", "/").split("/"))
        if len(parts) <= DEEPEST + 1 and all(map(_is_wanted, parts)):
            members.setdefault((*parts[:-1], parts[-1].lower()), []).append(info)
    found = [parts for parts in members if parts[-1] == SPEC]
    count = sum(len(members[parts]) for parts in found)
    if count != 1:
        what = f"has {count} of {SPEC}: unpack it and give the folder of one" if count else ""
        packed = [parts[-1] for parts in members if parts[-1].endswith(".zip")]
        inner = f"; unpack it and give the {packed[0]} in it" if packed else ""
        lacks = f"has no {SPEC}: it is not a Visual Spec's ZIP{inner}"
        raise ArtifactError(f"{path.name} {what or lacks}.")
    folder = found[0][:-1]
    beside = members.get((*folder, REFERENCE), [])
    if len(beside) != 1:
        what = "has no" if not beside else f"has {len(beside)} of"
        raise ArtifactError(f"{path.name} {what} {REFERENCE} beside {SPEC}: pack it whole.")
    return members[found[0]][0], beside[0]


def _unpacked(archive: zipfile.ZipFile, document: zipfile.ZipInfo, folder: Path) -> Iterator[Path]:
    """The pictures beside ``spec.json``, one at a time in a file that the next one replaces."""
    beside = document.filename[: -len(SPEC)]
    target = folder / "picture.png"
    pictures = [
        info
        for info in archive.infolist()
        if info.filename.startswith((f"{beside}do", f"{beside}dont"))
        and fnmatch(info.filename, _PICTURES)
        and info.file_size <= PICTURE_LIMIT
    ]
    for info in pictures[:EXAMPLES]:
        try:
            with archive.open(info) as file:
                target.write_bytes(file.read(PICTURE_LIMIT))
        except ZIP_DAMAGE:
            continue  # as a picture that cannot be decoded
        yield target


def _prints(pictures: Iterable[Path]) -> tuple[Print, ...]:
    """Prints of the pictures that can be read; one that cannot is no example."""
    found = []
    for path in pictures:
        with suppress(ImageError):
            found.append(picture_print(open_rgb(path)))
    return tuple(found)


@contextmanager
def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int, path: Path
) -> Iterator[IO[bytes]]:
    """A member whose size is bounded."""
    if info.file_size > limit or _inflated(info):
        raise ArtifactError(
            f"{path.name}: {info.filename} would unpack to {info.file_size:,} bytes, which no spec "
            "needs."
        )
    with archive.open(info) as file:
        yield file


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
    version = document.get("version")
    if version not in range(1, VERSION + 1) or isinstance(version, bool):
        raise ArtifactError(
            f"{name} is of version {version!r}, this Gapsphere reads 1 to {VERSION}: "
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
        found = Needed.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key, given = ".".join(map(str, first["loc"])), repr(first["input"])
        given = given if len(given) < 60 else given[:57] + "..."
        raise ArtifactError(f"{name} has {key} = {given}: {first['msg']}.") from error
    if found.reference.blake2b != digest:
        raise ArtifactError(
            f"{name} and its {REFERENCE} do not belong together: take both from the same ZIP."
        )
    rows = _reference(arrays, "embeddings", len(found.centre), name)
    candidates = np.empty((0, len(found.centre)), np.float32)
    if content["version"] > 1:
        candidates = _reference(arrays, "candidates", len(found.centre), name)
        if not len(candidates):
            raise ArtifactError(f"{REFERENCE} has no candidates: issue the spec again.")
    centre = _unit_rows("centre", np.asarray([found.centre], np.float32), name)[0]
    made_by = found.encoder
    parameters = made_by.parameters if isinstance(made_by.parameters, dict) else {}
    return SpecFile(
        id=found.id,
        title=found.title,
        created=found.created,
        quantity=int(found.quantity),
        rule=Rule(
            found.metric,
            found.delta,
            centre,
            found.radius,
            found.radius_source,
            candidates,
            found.radius_level,
            found.radius_drives,
            *_of_version_3(found, arrays, name, content["version"]),
        ),
        reference=rows,
        encoder=MadeBy(made_by.name, made_by.fingerprint, parameters),
        standing="" if found.standing is None else found.standing.sentence,
        ranges=tuple(NamedRange(**dict(each)) for each in found.ranges),
        drives=_drives(arrays, len(rows), name),
    )


def _reference(arrays: Path, member: str, dimension: int, name: str) -> NDArray[np.float32]:
    try:
        with open_zip(arrays) as inner:
            for info in filter(_inflated, inner.infolist()):
                raise ArtifactError(
                    f"{REFERENCE} would unpack to {info.file_size:,} bytes: no spec needs them."
                )
    except (OSError, *ZIP_DAMAGE) as error:
        raise ArtifactError(f"{REFERENCE} cannot be read as .npz: {error}.") from error
    rows = read_npz(arrays, member)
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise ArtifactError(
            f"{REFERENCE} has {member} of shape {rows.shape} where {name} has vectors of "
            f"{dimension}."
        )
    rows = rows.astype(np.float32, copy=False)
    return _unit_rows(REFERENCE, rows, name) if len(rows) else rows


def _of_version_3(
    found: Needed, arrays: Path, name: str, version: int
) -> tuple[Novelty | None, NDArray[np.float32]]:
    """What decides who is new, where δ does not, and images of other requests."""
    dimension = len(found.centre)
    if version < 3 or not found.others:
        others = np.empty((0, dimension), np.float32)
    else:
        others = _reference(arrays, "others", dimension, name)
    return _novelty(found, arrays, name) if version > 2 else None, others


def _novelty(found: Needed, arrays: Path, name: str) -> Novelty | None:
    """What decides who is new, in a spec that does not leave it to δ."""
    if found.novelty is None:
        return None
    mean, components = (read_npz(arrays, member) for member in ("mean", "components"))
    dimension = len(found.centre)
    if mean.shape != (dimension,) or components.shape[1:] != (dimension,):
        raise ArtifactError(
            f"{REFERENCE} has a mean of shape {mean.shape} and components of {components.shape} "
            f"where {name} has vectors of {dimension}."
        )
    mean, components = mean.astype(np.float64), components.astype(np.float64)
    products = components @ components.T
    if not (np.isfinite(mean).all() and np.allclose(products, np.eye(len(products)), atol=1e-4)):
        raise ArtifactError(
            f"{REFERENCE} has components whose rows are not orthonormal: issue the spec again."
        )
    return Novelty(found.novelty.beyond, Subspace(mean, components))


def _drives(arrays: Path, count: int, name: str) -> NDArray[np.int64] | None:
    """The drives of the reference; None in a spec that has none."""
    with open_zip(arrays) as inner:
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
