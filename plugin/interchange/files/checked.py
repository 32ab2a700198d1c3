"""Arrays and JSON in files of any origin, checked before they are used.

The header of an array is read first and compared with the size of the file, so that a false header
costs neither memory nor a crash; nothing is ever unpickled.  Errors name the file.  Writing
replaces a file whole or leaves the old one.
"""

from __future__ import annotations

import io
import json
import lzma
import math
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArtifactError
from . import temporary

Array = NDArray[Any]

ARRAY_LIMIT = 64 << 30
"""Bytes of one array at most."""
HEADER_LIMIT = 10_000
"""Bytes of an array's header at most, as numpy has it."""
NAME_KEPT = 48
"""Letters of a file's name in that of its temporary file: a name has 255 bytes at most."""
JSON_LIMIT = 16 << 20
"""Bytes of one JSON file at most."""
LIST_LIMIT = 1 << 30
"""Bytes of one JSON list at most: some five million paths."""
JSON_PARTS = 32
"""A JSON file may hold a value in so many bytes of its limit: a value takes up to 72 in memory."""
SHORTEST_PARTS = 5
"""And one in so many of its own bytes, beyond the first million: a path or a row is longer."""
FEW_PARTS = 1 << 20
LISTING_LIMIT = 8 << 20
"""Bytes of a ZIP's list of members at most: some hundred thousand of them."""
INFLATION = 50
"""How many times larger a large member may become: embeddings do not compress, bombs do."""
SMALL_MEMBER = 64 << 20
"""Bytes up to which a member may become any times larger."""
ZIP_DAMAGE = (
    zipfile.BadZipFile,
    NotImplementedError,  # packed in a way that is unknown
    RuntimeError,  # encrypted
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,  # a name or a place that cannot be
)
"""What :mod:`zipfile` raises of a ZIP that is damaged or of another kind, beside OSError."""

_ZIP_TAIL = (1 << 16) + 22 + 20 + 56
"""The end of a ZIP with the longest comment, and what stands before it in a large one."""
_KINDS = {
    stat.S_IFIFO: "named pipes",
    stat.S_IFSOCK: "sockets",
    stat.S_IFCHR: "devices",
    stat.S_IFBLK: "devices",
}


def kind_of(path: str | os.PathLike[str]) -> str:
    """What a path is that is neither a file nor missing, in the plural; "" for those two.

    >>> kind_of("/"), kind_of("/no such file")
    ('folders', '')
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ""
    return "folders" if stat.S_ISDIR(mode) else _KINDS.get(stat.S_IFMT(mode), "")


def refuse_no_file(path: str | os.PathLike[str]) -> None:
    """Refuse what is there and no file: a named pipe would be waited for without an end.

    Raises
    ------
    ArtifactError
        ``path`` is a folder, a named pipe, a socket or a device.
    """
    kind = kind_of(path)
    if kind:
        raise ArtifactError(f"{path} is a {kind.removesuffix('s')}, not a file: give a file.")


def write_whole(
    path: Path,
    write: Callable[[IO[bytes]], object],
    *,
    private: bool = False,
    durable: bool = True,
) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then move it there in one step.

    A missing folder is made.

    Parameters
    ----------
    private
        Only the owner can read the file.
    durable
        Wait until the content is on the disk, so that a power cut cannot leave an empty file; off
        for files that are cheap to make again.

    Raises
    ------
    ArtifactError
        The disk is full or the folder cannot be written to; the old file is left as it was.
    """
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.sweep(path.parent)
        start = temporary.prefix(f".{path.name[:NAME_KEPT]}.")
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=start)
        partial = Path(name)
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if not private:  # as a temporary file is
            partial.chmod(0o666 & ~_umask())
        os.replace(partial, path)
        partial = None
    except OSError as error:
        raise ArtifactError(
            f"{path} could not be written ({error.strerror}); make room or choose another folder."
        ) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole."""
    content = text.encode()
    write_whole(path, lambda file: file.write(content))


def json_text(value: Any) -> str:
    """JSON as readable text; names that are not valid Unicode survive as escapes.

    Raises
    ------
    TypeError, ValueError
        ``value`` holds something JSON cannot express, such as NaN.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, allow_nan=False, indent=1)
    return text


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole."""
    try:
        text = json_text(value)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{path.name} cannot be written as JSON: {error}.") from error
    write_text(path, text + "\n")


def read_json(path: Path, *, limit: int = JSON_LIMIT) -> Any:
    """Parse a JSON file of at most ``limit`` bytes; see :func:`parse_json`.

    It is looked through a block at a time before any of it is held.
    """
    refuse_no_file(path)
    try:
        size = path.stat().st_size
        if size > limit:
            raise ArtifactError(f"{path.name} is larger than {limit >> 20} MiB; split it.")
        with path.open("rb") as file:
            _refuse_many(iter(partial(file.read, 1 << 20), b""), size, limit, path.name)
        return parse_json(path.read_bytes(), path.name, limit=limit)
    except OSError as error:
        raise ArtifactError(f"{path.name} cannot be read: {error.strerror}.") from error


def _refuse_many(blocks: Iterable[bytes], size: int, limit: int, name: str) -> None:
    values = nested = 0
    for block in blocks:
        inside = block.count(b"[") + block.count(b"{")
        nested += inside
        values += inside + block.count(b",")
        if (
            values > min(limit // JSON_PARTS, FEW_PARTS + size // SHORTEST_PARTS)
            or nested > FEW_PARTS + size // JSON_PARTS
        ):
            raise ArtifactError(f"{name} holds more values than such a file has: it is not read.")


def parse_json(content: bytes, name: str, *, limit: int = JSON_LIMIT) -> Any:
    """Parse JSON; NaN, Infinity, bottomless nesting and too many values are refused."""
    _refuse_many([content], len(content), limit, name)

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=refuse)
    except RecursionError as error:
        raise ArtifactError(f"{name} is nested too deeply for such a file.") from error
    except ValueError as error:
        raise ArtifactError(f"{name} cannot be read as JSON: {error}.") from error


def read_npy(path: Path) -> Array:
    """A numeric array out of a ``.npy`` file."""
    refuse_no_file(path)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            return _read_array(file, size, path.name)
    except OSError as error:
        raise ArtifactError(f"{path.name} cannot be read: {error.strerror}.") from error


def read_npz(path: Path, preferred: str) -> Array:
    """The array called ``preferred`` of a ``.npz`` file, or its only one, or its only matrix."""
    refuse_no_file(path)
    try:
        with open_zip(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            _refuse_inflated(archive, path.name)
            wanted = f"{preferred}.npy"
            if wanted not in names:
                alone = names if len(names) == 1 else _matrices(archive, names)
                wanted = alone[0] if len(alone) == 1 else ""
            if not wanted:
                held = ", ".join(sorted(name[:-4] for name in names)[:8]) or "nothing"
                raise ArtifactError(
                    f"{path.name} has to hold one array, one matrix among others, or one array "
                    f"called {preferred!r}; it holds {held}."
                )
            info = archive.getinfo(wanted)
            with archive.open(wanted) as file:
                return _read_array(file, info.file_size, path.name)
    except (OSError, *ZIP_DAMAGE) as error:
        raise ArtifactError(f"{path.name} cannot be read as .npz: {error}.") from error


def _refuse_inflated(archive: zipfile.ZipFile, name: str) -> None:
    for info in archive.infolist():
        if info.file_size > max(SMALL_MEMBER, INFLATION * info.compress_size):
            raise ArtifactError(
                f"{name} would unpack to {info.file_size:,} bytes from {info.compress_size:,}, as "
                "no such array does: it is not read."
            )


def _matrices(archive: zipfile.ZipFile, names: list[str]) -> list[str]:
    """Those of the arrays that have two dimensions, by their headers; paths and labels have one."""
    found = []
    for name in names:
        with archive.open(name) as file:
            try:
                shape, _, dtype = _header(file)
            except Exception:  # noqa: BLE001  numpy parses it as Python: anything may come
                continue
            if len(shape) == 2 and dtype.kind in "fiu":
                found.append(name)
    return found


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read_header, width = {
        (1, 0): (np.lib.format.read_array_header_1_0, 2),
        (2, 0): (np.lib.format.read_array_header_2_0, 4),
    }.get(version, (None, 0))
    if read_header is None:
        raise ValueError(f"version {version} of the format is not known")
    length = file.read(width)
    if int.from_bytes(length, "little") > HEADER_LIMIT:  # numpy reads it whole before it refuses
        raise ValueError("its header is too long for one array")
    return read_header(io.BytesIO(length + file.read(int.from_bytes(length, "little"))))


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP whose list of members is not itself a flood.

    Raises
    ------
    ArtifactError
        The list is longer than :data:`LISTING_LIMIT`.
    OSError and :data:`ZIP_DAMAGE`
        As :class:`zipfile.ZipFile`.
    """
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _ZIP_TAIL))
        tail = file.read()
    listed = 0
    for mark, length, place, number in ((b"PK\5\6", 22, 12, "<I"), (b"PK\6\6", 56, 40, "<Q")):
        at = tail.rfind(mark)
        if 0 <= at <= len(tail) - length:
            (size,) = struct.unpack_from(number, tail, at + place)
            listed = size if size != 0xFFFFFFFF else listed
    if listed > LISTING_LIMIT:
        raise ArtifactError(
            f"{path.name} lists members in {listed:,} bytes, which no file of ours needs: it is "
            "not read."
        )
    with zipfile.ZipFile(path) as archive:
        yield archive


def _read_array(file: IO[bytes], size: int, name: str) -> Array:
    """Check the header against ``size`` bytes, then read; C order, this machine's byte order."""
    try:
        shape, fortran, dtype = _header(file)
    except Exception as error:  # numpy parses the header as Python, so anything may come
        raise ArtifactError(f"{name} is not a NumPy array file: {error}.") from error
    if dtype.hasobject or dtype.kind not in "fiu":
        raise ArtifactError(
            f"{name} holds {dtype}, not numbers; save it again as float32 without pickling."
        )
    if any(length < 0 for length in shape):
        raise ArtifactError(f"{name} claims the impossible shape {shape}.")
    expected = math.prod(shape) * dtype.itemsize
    held = size - file.tell()
    if expected > ARRAY_LIMIT:
        raise ArtifactError(f"{name} claims {expected >> 30} GiB, more than is read.")
    if held != expected:
        raise ArtifactError(
            f"{name} claims the shape {shape} of {dtype}, {expected} bytes, and holds {held}; it "
            "is cut off or damaged: copy it again."
        )
    raw = np.empty(expected, np.uint8)  # takes memory as it fills, whatever was claimed
    view, filled = raw.data, 0
    while filled < expected:
        part = file.read(min(expected - filled, 1 << 26))
        if not part:
            raise ArtifactError(f"{name} ends after {filled} of {expected} bytes; copy it again.")
        view[filled : filled + len(part)] = part
        filled += len(part)
    array = raw.view(dtype).reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="), order="C", copy=False)
