"""Files that were met and not used, by the reason: nothing is left out in silence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...errors import ArtifactError
from .checked import LIST_LIMIT, read_json, write_json
from .listed_paths import local_path


@dataclass
class LeftOut:
    """Paths by reason; a reason is a noun in the plural, or an ending.

    >>> left = LeftOut()
    >>> left.add(".heic", "/drive/p.heic")
    >>> left.add(".heic", "/drive/q.HEIC")
    >>> left.add("unreadable folders", "/drive/locked")
    >>> print(left)
    left out: 2 .heic (p.heic, q.HEIC), 1 unreadable folder (locked)
    """

    SHOWN = 3
    """Names shown of one reason."""
    REASONS = 12
    """Reasons shown, those with most files first."""

    paths: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, *paths: str) -> None:
        """Note ``paths`` under ``reason``."""
        if paths:
            self.paths.setdefault(reason, []).extend(paths)

    def update(self, others: Iterable[LeftOut]) -> None:
        """Take over what ``others`` hold."""
        for other in others:
            for reason, paths in other.paths.items():
                self.add(reason, *paths)

    @property
    def counts(self) -> dict[str, int]:
        """Files by reason, the most frequent first."""
        found = {reason: len(paths) for reason, paths in self.paths.items()}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write every path as JSON, ``{reason: [path, ...]}``, in place of an earlier list."""
        refuse_other_file(path)
        write_json(
            local_path(path),
            {reason: [shown_path(each) for each in paths] for reason, paths in self.paths.items()},
        )

    def __len__(self) -> int:
        return sum(map(len, self.paths.values()))

    def __str__(self) -> str:
        return f"left out: {', '.join(self._parts())}" if self.paths else ""

    def _parts(self) -> Iterator[str]:
        for number, (reason, count) in enumerate(self.counts.items()):
            if number == self.REASONS:
                yield f"and {len(self.paths) - number} reasons more"
                return
            paths = self.paths[reason]
            names = [shown_path(os.path.basename(path)) for path in paths[: self.SHOWN]]
            more = ["…"] if count > self.SHOWN else []
            noun = reason.removesuffix("s") if count == 1 and reason[0] != "." else reason
            yield f"{count:,} {noun} ({', '.join(names + more)})"


def refuse_other_file(path: str | os.PathLike[str]) -> None:
    """Stop where a list of left out files would replace another file.

    Raises
    ------
    ArtifactError
        There is a file, and it is no such list.
    """
    file = local_path(path)
    if not file.is_file() or not file.stat().st_size:
        return
    try:
        held = read_json(file, limit=LIST_LIMIT)
    except ArtifactError:
        held = None
    lists = list(held.values()) if isinstance(held, dict) else [held]
    if not all(isinstance(one, list) and all(isinstance(p, str) for p in one) for one in lists):
        raise ArtifactError(
            f"{file} is there already and is no list of left out files: choose another name."
        )


def shown_path(path: str) -> str:
    r"""A path as text that can be printed, whatever its bytes are.

    >>> shown_path("\udcbe.png"), shown_path("\ud800.png"), shown_path("two\nlines.png")
    ('\\xbe.png', '\\ud800.png', 'two\\nlines.png')
    """
    try:
        text = os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a sign, which JSON can hold and no system names a file by
        text = path.encode("utf-8", "backslashreplace").decode()
    return "".join(s if s.isprintable() else s.encode("unicode_escape").decode() for s in text)
