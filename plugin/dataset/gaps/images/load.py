"""``load_images``: files become samples tagged S and U.

The absolute path, links among its folders followed, is the key: loading again adds only what is
new.  Only image headers are read (size and type, in parallel); pixels wait until something needs
them.  A table's columns are written to new and to known images; what differs from a known one is
counted.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import fiftyone as fo
from PIL import Image

from ....coverage.words import counted
from ....errors import InputError
from ....interchange.files.checked import kind_of
from ....interchange.files.file_names import RealPaths
from ....interchange.files.left_out import LeftOut
from ....interchange.files.listed_paths import without_scheme
from ....interchange.files.walk import ending_reason
from ....progress import Progress, silent
from ....results import Result
from ...store.leases import LOADING, holds_lease
from ...store.names import OWNED_TAG, POOL_TAG, SEQUENCE
from ...store.samples import flat, reloaded
from ...store.sets import tagged
from ...store.sets.door import is_image, refuse_additions
from .pattern import by_folder
from .recordings import with_frames
from .sources import Listing, Source, is_video, list_csv, list_images
from .tagging import Retagging, refuse_locked
from .update import Changes, changes, refuse_other_types, write_changes

log = logging.getLogger(__name__)

WRITE_BLOCK = 1000


@dataclass(frozen=True, repr=False)
class LoadResult(Result):
    """What ``load_images`` did: counts by role; ``unreadable`` lists paths without a header.

    ``left_out`` holds the paths of files that were met and are no images, by reason.
    """

    added: dict[str, int]
    known: dict[str, int]
    moved: dict[str, int]
    unreadable: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=LeftOut)
    notes: list[str] = field(default_factory=list)
    """What was understood of a table, or is wrong with a recording, a line for each kind."""
    changed: Changes = field(default_factory=Changes)
    """What the table says otherwise of images that were there."""
    updated: bool = True
    """Whether that was written."""
    stayed: int = 0
    """Owned images among the files of the pool: they stay in S."""

    def __str__(self) -> str:
        lines = [
            f"{role}: {self.added[role]} added, {self.known[role]} already there"
            + (f", {self.moved[role]} moved here from the other set" if self.moved[role] else "")
            for role in self.added
        ]
        if self.stayed:
            lines.append(
                f"{counted(self.stayed, 'image')} of the pool stayed in S, tagged so before: a "
                "table or tag_samples makes candidates of owned images"
            )
        if self.unreadable:
            lines.append(
                f"{counted(len(self.unreadable), 'unreadable file')} added (e.g. "
                f"{self.unreadable[0]}): embedding skips and tags what cannot be read."
            )
        if self.changed.samples:
            written = "updated" if self.updated else "not updated, though the table says otherwise:"
            lines.append(f"{written} {self.changed}")
        lines += [str(self.left_out)] if self.left_out else []
        lines += [f"column {old!r} became the field {new!r}" for old, new in self.renamed.items()]
        lines += self.notes
        return "\n".join(lines)


@holds_lease("load_images", LOADING)
def load_images(
    dataset: fo.Dataset,
    owned: Source | None = None,
    pool: Source | None = None,
    *,
    csv: str | None = None,
    frames_per_second: float = 1.0,
    camera_topics: str = "",
    num_workers: int = 4,
    update_known: bool = True,
    keep_missing: bool = False,
    progress: Progress = silent,
) -> LoadResult:
    """Add images to ``dataset``, tagged ``S`` (owned) and ``U`` (pool).

    Parameters
    ----------
    owned, pool
        A folder, a glob, a JSON list, a video, an MCAP file, or a list of paths.  Parts of a path
        may be called by the field that they fill: ``drives/{sequence}/{camera}_*.jpg``.
        Known images that are named, or lie where ``owned`` is searched, move to that set; an owned
        image that lies where ``pool`` is searched stays in S.
    csv
        In their place or beside them: a CSV with ``filename``, ``split`` and further columns.
    frames_per_second
        Frames taken from each second of a recording, of each camera; they are written below
        FiftyOne's dataset folder.
    camera_topics
        Cameras of MCAP files: topics or patterns with commas between them; all where empty.
    update_known
        Write the columns of the CSV, and fields of a path, to images that are there already.  An
        empty cell leaves what is there.
    keep_missing
        Add images whose files are not on this machine; they are left out otherwise.

    Raises
    ------
    InputError
        Nothing was given, a path does not exist, no image of a list is on this machine, or one is
        listed as both S and U.
    ArtifactError
        The CSV cannot be read, or a cell does not fit the field that the dataset has.
    """
    dataset, real = reloaded(dataset), RealPaths()
    refuse_additions(dataset)
    files, ids = dataset.values(["filepath", "id"])
    known = dict(zip(map(real, files), ids, strict=True))
    listings = {
        role: _usable(listing, role, known, real, keep_missing=keep_missing)
        for role, listing in _listings(dataset, owned, pool, csv).items()
    }
    listings = with_frames(dataset, listings, frames_per_second, camera_topics, progress)
    listings = {role: _joined([listing], real) for role, listing in listings.items()}
    both = set(map(real, listings[OWNED_TAG].paths)) & set(map(real, listings[POOL_TAG].paths))
    if both:
        raise InputError(
            f"{counted(len(both), 'image', 'is|are')} listed as both S and U, such as {min(both)}; "
            f"an owned image is not a candidate."
        )
    refuse_other_types(dataset, *(listing.columns for listing in listings.values()))
    changed = Changes()
    for listing in listings.values():
        rows = {known[real(p)]: row for row, p in enumerate(listing.paths) if real(p) in known}
        columns = {n: cells for n, cells in listing.columns.items() if n in listing.named}
        changed = changed.joined(changes(dataset, rows, columns))
    plans, again = {}, {}
    listed: set[str] = set()
    for role, listing in listings.items():
        old = [known[real(path)] for path in listing.paths if real(path) in known]
        listed.update(old)
        keep = role == POOL_TAG and csv is None and _is_walked(pool)
        plans[role], again[role] = Retagging.of(dataset, old, role, keep=keep), len(old)
    refuse_locked(dataset, plans.values())
    if update_known:
        write_changes(dataset, changed)
    if any(plan.off for plan in plans.values()) and tagged.tagged_by(dataset):
        both_sets = flat(dataset).match_tags([OWNED_TAG, POOL_TAG]).values("id")
        if listed.issuperset(both_sets):  # who is S and who is U is told anew, by no field
            tagged.note(dataset, {OWNED_TAG: (), POOL_TAG: ()})
    total = sum(len(listing.paths) for listing in listings.values())
    added, unreadable, done = {}, [], 0
    for role, listing in listings.items():
        new = [row for row, path in enumerate(listing.paths) if real(path) not in known]
        plans[role].write(dataset)
        done += again[role]
        added[role] = 0
        for block in _samples(listing, new, role, num_workers):
            dataset.add_samples(block, progress=False)
            unreadable += [sample.filepath for sample in block if sample.metadata is None]
            added[role] += len(block)
            done += len(block)
            progress(done, total)
    renamed = {old: new for listing in listings.values() for old, new in listing.renamed.items()}
    left_out = LeftOut()
    left_out.update(listing.left_out for listing in listings.values())
    notes = list(dict.fromkeys(n for listing in listings.values() for n in listing.notes))
    for role, source in ((OWNED_TAG, owned), (POOL_TAG, pool)):
        if csv is None and added[role] and SEQUENCE not in listings[role].columns:
            notes += [f"{role}: {note}" for note in by_folder(source, listings[role].paths)]
    moved = {role: len(plan.off) for role, plan in plans.items()}
    stayed = sum(plan.stayed for plan in plans.values())
    return LoadResult(
        added, again, moved, unreadable, renamed, left_out, notes, changed, update_known, stayed
    )


def _listings(
    dataset: fo.Dataset, owned: Source | None, pool: Source | None, csv: str | None
) -> dict[str, Listing]:
    if owned is None and pool is None and csv is None:
        raise InputError("Give images to load: S, U, or a CSV with `filename` and `split`.")
    parts = {
        OWNED_TAG: [list_images(owned, dataset)] if owned is not None else [],
        POOL_TAG: [list_images(pool, dataset)] if pool is not None else [],
    }
    if csv is not None:
        for role, listing in zip((OWNED_TAG, POOL_TAG), list_csv(csv, dataset), strict=True):
            parts[role].append(listing)
    real = RealPaths()
    return {role: _joined(listings, real) for role, listings in parts.items()}


def _joined(listings: list[Listing], real: RealPaths) -> Listing:
    """One listing of several; a file named twice counts once, its first cell of a column wins."""
    rows: dict[str, tuple[str, dict[str, Any]]] = {}
    names: dict[str, None] = {}
    left_out = LeftOut()
    left_out.update(listing.left_out for listing in listings)
    for listing in listings:
        names.update(dict.fromkeys(listing.columns))
        for row, path in enumerate(listing.paths):
            cells = {name: column[row] for name, column in listing.columns.items()}
            _, kept = rows.setdefault(real(path), (path, cells))
            if kept is not cells:  # a table beside a folder tells of the folder's files
                kept.update(cells | kept)
    return Listing(
        [path for path, _ in rows.values()],
        {name: [cells.get(name) for _, cells in rows.values()] for name in names},
        {old: new for listing in listings for old, new in listing.renamed.items()},
        left_out,
        list(dict.fromkeys(note for listing in listings for note in listing.notes)),
        {path: why for listing in listings for path, why in listing.absent.items()},
        frozenset(name for listing in listings for name in listing.named),
    )


def _usable(
    listing: Listing,
    role: str,
    known: Mapping[str, str],
    real: RealPaths,
    *,
    keep_missing: bool,
) -> Listing:
    """The listing without what cannot be added.

    That is: files that FiftyOne does not take for images, and files that are nowhere here, unless
    the dataset has them.
    """
    gone = LeftOut()
    for path in listing.paths:
        if path in listing.absent and (not keep_missing or is_video(path)):
            if real(path) not in known:
                gone.add(listing.absent[path], path)
        elif not is_image(path) and not is_video(path):
            gone.add(ending_reason(path, ()), path)
    if not gone:
        return listing
    out = {path for paths in gone.paths.values() for path in paths}
    rows = [row for row, path in enumerate(listing.paths) if path not in out]
    if not rows or keep_missing:
        raise InputError(
            f"{'No image' if not rows else 'Not every image'} listed as {role} can be used here "
            f"({gone}): give images on this machine, with endings such as .png, and paths that "
            "count from the folder of the list."
        )
    listing.left_out.update([gone])
    columns = {name: [cells[row] for row in rows] for name, cells in listing.columns.items()}
    return replace(listing, paths=[listing.paths[row] for row in rows], columns=columns)


def _samples(
    listing: Listing, rows: list[int], role: str, num_workers: int
) -> Iterator[list[fo.Sample]]:
    with ThreadPoolExecutor(num_workers) as workers:
        for start in range(0, len(rows), WRITE_BLOCK):
            block = rows[start : start + WRITE_BLOCK]
            headers = workers.map(_header, [listing.paths[row] for row in block])
            yield [
                fo.Sample(
                    filepath=listing.paths[row],
                    tags=[role],
                    metadata=header,
                    **{
                        n: cells[row]
                        for n, cells in listing.columns.items()
                        if cells[row] is not None
                    },
                )
                for row, header in zip(block, headers, strict=True)
            ]


def _header(path: str) -> fo.ImageMetadata | None:
    """Size and type from the file's header, or None: the decoder will say what is wrong."""
    if kind_of(path):  # a named pipe would block for ever
        return None
    try:
        return fo.ImageMetadata.build_for(path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.info("%s: no image header (%s)", path, error)
        return None


def _is_walked(source: Source | None) -> bool:
    """Whether files are found in a folder or by a pattern, and not named."""
    if not isinstance(source, str | os.PathLike):
        return False
    return not os.path.isfile(os.path.expanduser(without_scheme(os.fspath(source))))
