"""How a table of text was written: its encoding, what separates its cells, a line ``sep=;``.

Both are read off the file where they leave no doubt.  An encoding shows itself by a byte order
mark, by the zero bytes of UTF-16, or by being valid UTF-8; Windows-1252 and its many relatives
cannot be told from one another and are refused.  The separator is the one under which the header
has the columns that are needed.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import ArtifactError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SNIFFED = 4096
"""Bytes that are looked at for the encoding."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark begins this one
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a ZIP file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow or Feather file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"\x1f\x8b": "a gzip file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"BZh": "a bzip2 file",
    b"version https://git-lfs": "a pointer of Git LFS (git lfs pull fetches the table)",
}
_SEP_LINE = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """``skipped``: lines before the header, of which Excel writes one."""

    encoding: str = "utf-8-sig"
    separator: str = ","
    skipped: int = 0

    @property
    def decimal_comma(self) -> bool:
        """Whether a comma may begin decimals."""
        return self.separator != ","

    @property
    def said(self) -> str:
        """The separator in words."""
        return SEPARATORS.get(self.separator, repr(self.separator))


PLAIN = Dialect()


def possible_dialects(path: Path) -> list[Dialect]:
    """The dialects that a file may have, which differ in the separator; one that it names alone.

    Raises
    ------
    ArtifactError
        It cannot be read, or is no text.
    """
    try:
        with path.open("rb") as file:
            start = file.read(SNIFFED)
        encoding = _encoding(start, path)
        with path.open(encoding=encoding, newline="") as text:
            first = text.readline(SNIFFED)
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        first = ""  # whoever reads on meets the byte and says where it is
    named = _SEP_LINE.fullmatch(first)
    if named:
        return [Dialect(encoding, named[1], 1)]
    return [Dialect(encoding, separator) for separator in SEPARATORS]


def _encoding(start: bytes, path: Path) -> str:
    for mark, kind in _FOREIGN.items():
        if start.startswith(mark):
            raise ArtifactError(f"{path} is {kind}, not a CSV: save the table as CSV (UTF-8).")
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) // 4:  # Latin letters leave every other byte of UTF-16 zero
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8-sig"
