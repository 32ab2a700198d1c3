"""A Visual Spec read back, from a ZIP or its unpacked folder, as if a stranger had sent it.

Nothing is unpacked to disk by its own name and nothing is unpickled: two members are looked for,
their sizes are checked before and while they are read, and every number is checked before it is
believed.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..coverage.rows import Metric, checked_rows
from ..errors import ArtifactError, GapsphereError, InputError
from ..interchange.files import read_npz
from .spec_rule import Rule
from .visual_spec import FORMAT, REFERENCE, VERSION

JSON_LIMIT = 256 << 20
"""Bytes of ``spec.json`` at most: some half a million candidates."""
REFERENCE_LIMIT = 16 << 30
"""Bytes of ``reference.npz`` at most."""
INFLATION = 50
"""How many times larger a member may become: embeddings do not compress, bombs do."""
MEMBERS = 100_000
_BLOCK = 1 << 22


@dataclass(frozen=True, eq=False)
class SpecFile:
    """What checking needs of a spec: the rule, the rows of S that decide, the encoder."""

    id: str
    title: str
    created: str
    quantity: int
    rule: Rule
    reference: NDArray[np.float32]
    encoder: str
    fingerprint: str
    encoder_params: Mapping[str, Any] = field(default_factory=dict)


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
    if not path.is_file():
        raise InputError(f"There is no {path}: give a Visual Spec's ZIP, or its spec.json.")
    if zipfile.is_zipfile(path):
        return _from_zip(path)
    document = _parsed(_limited(path), path.name)
    beside = path.parent / REFERENCE
    if not beside.is_file():
        raise ArtifactError(
            f"{REFERENCE} is missing beside {path}: unpack the whole ZIP, or give the ZIP itself."
        )
    with beside.open("rb") as file:
        digest = _digest(file)
    return _checked(document, beside, digest, str(path))


def _limited(path: Path) -> bytes:
    if path.stat().st_size > JSON_LIMIT:
        raise ArtifactError(f"{path.name} is larger than {JSON_LIMIT >> 20} MiB: no spec is.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read ({error.strerror}).") from error


def _from_zip(path: Path) -> SpecFile:
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            if len(archive.infolist()) > MEMBERS:
                raise ArtifactError(f"{path.name} has more than {MEMBERS:,} members: no spec has.")
            with _member(archive, "spec.json", JSON_LIMIT, path) as (file, size):
                document = _parsed(_bounded(file, size, path), "spec.json")
            target = Path(folder) / REFERENCE
            with (
                _member(archive, REFERENCE, REFERENCE_LIMIT, path) as (file, size),
                target.open("w+b") as copy,
            ):
                digest = _copy(file, copy, size, path)
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
    if info.file_size > limit or info.file_size > INFLATION * (info.compress_size + 1024):
        raise ArtifactError(
            f"{path.name}: {name} would unpack to {info.file_size:,} bytes, which no spec needs."
        )
    with archive.open(info) as file:
        yield file, info.file_size


def _bounded(file: IO[bytes], size: int, path: Path) -> bytes:
    """``size`` bytes; one more means that the archive lied."""
    content = file.read(size + 1)
    if len(content) != size:
        raise ArtifactError(f"{path.name} holds another size than it claims: it is damaged.")
    return content


def _copy(source: IO[bytes], target: IO[bytes], size: int, path: Path) -> str:
    digest, copied = hashlib.blake2b(digest_size=16), 0
    while block := source.read(min(_BLOCK, size - copied + 1)):
        copied += len(block)
        if copied > size:
            raise ArtifactError(f"{path.name} holds another size than it claims: it is damaged.")
        digest.update(block)
        target.write(block)
    target.flush()
    return digest.hexdigest()


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _parsed(content: bytes, name: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        document = json.loads(content.decode("utf-8-sig"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{name} cannot be read as JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ArtifactError(f"{name} is no Visual Spec of Gapsphere.")
    if document.get("version") != VERSION:
        raise ArtifactError(
            f"{name} is of version {document.get('version')!r}, this Gapsphere reads {VERSION}: "
            "install the Gapsphere that wrote it, or issue the spec again."
        )
    return document


def _checked(document: dict[str, Any], arrays: Path, digest: str, name: str) -> SpecFile:
    ask = _Asker(document, name)
    metric: Metric = (
        "euclidean" if ask.one_of("metric", ("cosine", "euclidean")) == "euclidean" else "cosine"
    )
    encoder, reference = ask.mapping("encoder"), ask.mapping("reference")
    if reference.words("blake2b") != digest:
        raise ArtifactError(
            f"{name} and its {REFERENCE} do not belong together: take both out of one ZIP."
        )
    centre = ask.vector("centre")
    rule = Rule(
        metric,
        ask.number("delta", 0, 2),
        centre,
        ask.number("radius", 0, 2),
        ask.one_of("radius_source", ("candidates", "delta", "given")),
    )
    rows = _reference(arrays, len(centre), name)
    parameters = encoder.document.get("parameters")
    return SpecFile(
        ask.words("id"),
        ask.words("title"),
        ask.words("created"),
        int(ask.number("quantity", 1, 1e9)),
        rule,
        rows,
        encoder.words("name"),
        encoder.words("fingerprint"),
        parameters if isinstance(parameters, dict) else {},
    )


def _reference(arrays: Path, dimension: int, name: str) -> NDArray[np.float32]:
    try:
        with zipfile.ZipFile(arrays) as inner:
            for info in inner.infolist():
                if info.file_size > INFLATION * (info.compress_size + 1024):
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
    if not len(rows):
        return np.empty((0, dimension), np.float32)
    try:
        return checked_rows(REFERENCE, rows.astype(np.float32, copy=False))
    except GapsphereError as error:
        raise ArtifactError(f"{name}: {error}") from error


@dataclass(frozen=True)
class _Asker:
    """Values out of a JSON object, each checked, with the sentence for what is wrong."""

    document: Mapping[str, Any]
    name: str

    def _refuse(self, key: str, expected: str) -> ArtifactError:
        got = repr(self.document.get(key))
        got = got if len(got) < 60 else got[:57] + "..."
        return ArtifactError(f"{self.name} has {key} = {got}; it must be {expected}.")

    def words(self, key: str) -> str:
        value = self.document.get(key)
        if not isinstance(value, str) or len(value) > 10_000:
            raise self._refuse(key, "text")
        return value

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.document.get(key)
        if value not in choices:
            raise self._refuse(key, " or ".join(choices))
        return str(value)

    def number(self, key: str, low: float, high: float) -> float:
        value = self.document.get(key)
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not known or not low <= float(value) <= high or not math.isfinite(value):  # type: ignore[arg-type]
            raise self._refuse(key, f"a number from {low:g} to {high:g}")
        return float(value)  # type: ignore[arg-type]

    def mapping(self, key: str) -> _Asker:
        value = self.document.get(key)
        if not isinstance(value, dict):
            raise self._refuse(key, "an object")
        return _Asker(value, f"{self.name}, {key}")

    def vector(self, key: str) -> NDArray[np.float32]:
        value = self.document.get(key)
        numbers = isinstance(value, list) and all(type(item) in (int, float) for item in value)
        if not numbers or not value:
            raise self._refuse(key, "a list of numbers")
        try:
            return checked_rows(key, np.asarray([value], np.float32))[0]
        except (GapsphereError, OverflowError) as error:
            raise ArtifactError(f"{self.name}: {error}") from error
