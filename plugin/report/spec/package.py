"""A Visual Spec as files: one HTML page, or a ZIP with pages, pictures, table and numbers.

Pictures are read one at a time; a sentence takes the place of one that cannot be read.  Names in
the archive keep only the letters and digits of a file's own name, and a cell of the table that a
spreadsheet would take for a formula is quoted.  A file is written whole or not at all, and replaces
another only on request.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image as PillowImage

from ...attention.overlay import overlay
from ...embeddings.images import open_rgb
from ...errors import ImageError
from ...interchange.files.checked import json_text, write_text, write_whole
from ...interchange.files.report_file import report_path
from ...interchange.tables.safe_cells import escaped
from ...progress import Progress, silent
from ..pictures import Picture, jpeg, smaller
from .format import SCHEMA, schema
from .page import page
from .visual_spec import REFERENCE, Image, VisualSpec, document
from .words import LANGUAGES, Language

IN_PAGE, THUMBNAIL = 640, 240
"""Longest side in pixels of a picture in the page (sharp at half of A4, small in a mail), and of
the thumbnail beside the original in an archive."""


@dataclass(frozen=True)
class SpecFiles:
    """The file, and the images whose picture could not be read, each with its sentence."""

    path: Path
    unreadable: tuple[str, ...]


def write_spec(
    path: str | Path,
    spec: VisualSpec,
    *,
    language: Language = "en",
    opacity: float = 0.6,
    overwrite: bool = False,
    progress: Progress = silent,
) -> SpecFiles:
    """Write ``spec`` to ``path``: one page if it ends in .html, everything if it ends in .zip.

    In a folder the file is called by the spec's id.

    Parameters
    ----------
    language
        Of the page; an archive holds the page in every language.
    opacity : 0..1
        Of the heatmap over its image.

    Raises
    ------
    InputError
        Another ending, or a folder that is not there.
    ArtifactError
        The file is there and ``overwrite`` is off, or the disk says no.
    """
    path = report_path(str(path), spec.id, (".zip", ".html"), replace=overwrite)
    album = _Album(spec, opacity, progress)
    if path.suffix.lower() == ".html":
        for _ in album.read():
            pass
        write_text(path, album.page(language, archive=False))
    else:
        write_whole(path, lambda file: _archive(file, spec, album))
    return SpecFiles(path, tuple(album.unreadable))


class _Album:
    """The pictures of a spec, read one by one."""

    def __init__(self, spec: VisualSpec, opacity: float, progress: Progress) -> None:
        self.spec, self.opacity, self.progress = spec, opacity, progress
        self.unreadable: list[str] = []
        self.candidates: dict[int, Picture] = {}
        self.owned: list[Picture] = []

    def read(self) -> Iterator[tuple[str, int, Image, dict[str, PillowImage.Image]]]:
        """Read every picture; yields kind, number, image and its views at full size."""
        total = len(self.spec.shown) + len(self.spec.owned)
        for number, row in enumerate(self.spec.shown, 1):
            image = self.spec.candidates[row]
            views = self._views(image)
            self.candidates[row] = _picture(views)
            yield "do", number, image, views
            self.progress(number, total)
        for number, image in enumerate(self.spec.owned, 1):
            views = self._views(image)
            self.owned.append(_picture(views))
            yield "dont", number, image, views
            self.progress(len(self.spec.shown) + number, total)

    def _views(self, image: Image) -> dict[str, PillowImage.Image]:
        try:
            original = open_rgb(image.path)
        except ImageError as error:
            self.unreadable.append(str(error))
            return {}
        views = {"original": original, "thumbnail": smaller(original, THUMBNAIL)}
        if image.heat is not None:
            views["overlay"] = overlay(original, image.heat, opacity=self.opacity)
        return views

    def page(self, language: Language, *, archive: bool) -> str:
        """The page, once every picture was read."""
        return page(self.spec, self.candidates, self.owned, language=language, archive=archive)


def _picture(views: dict[str, PillowImage.Image]) -> Picture:
    if not views:
        return Picture(None)
    small = smaller(views["original"], IN_PAGE)
    heat = jpeg(smaller(views["overlay"], IN_PAGE)) if "overlay" in views else None
    return Picture(jpeg(small), heat, small.width, small.height)


def _archive(file: IO[bytes], spec: VisualSpec, album: _Album) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, number, image, views in album.read():
            for view, pixels in views.items():
                if kind == "dont" and view == "original":
                    continue  # S has the file already
                buffer = io.BytesIO()
                pixels.save(buffer, "PNG")
                name = f"{spec.id}/{kind}/{number:03d}_{safe_name(image.path)}_{view}.png"
                archive.writestr(name, buffer.getvalue(), zipfile.ZIP_STORED)
        for language in LANGUAGES:
            html = album.page(language, archive=True)
            archive.writestr(f"{spec.id}/visual-spec.{language}.html", html)
        archive.writestr(f"{spec.id}/candidates.csv", candidates_csv(spec).encode("utf-8-sig"))
        with archive.open(f"{spec.id}/{REFERENCE}", "w", force_zip64=True) as member:
            numbers = _Digested(member)
            arrays: dict[str, Any] = {
                "embeddings": np.ascontiguousarray(spec.reference, np.float32)
            }
            if spec.rule.checkable:
                arrays["candidates"] = np.ascontiguousarray(spec.rule.candidates, np.float32)
            if len(spec.rule.others):
                arrays["others"] = np.ascontiguousarray(spec.rule.others, np.float32)
            if (novelty := spec.rule.novelty) is not None:
                arrays["mean"], arrays["components"] = novelty.space.mean, novelty.space.components
            if spec.reference_drives is not None:
                arrays["drives"] = spec.reference_drives
            np.savez(numbers, **arrays)
        archive.writestr(f"{spec.id}/{SCHEMA}", json_text(schema()))
        archive.writestr(
            f"{spec.id}/spec.json", json_text(document(spec, numbers.digest.hexdigest()))
        )


class _Digested(io.RawIOBase):
    """Passes on what is written to it and digests it, so that nothing is held twice."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target = target
        self.digest = hashlib.blake2b(digest_size=16)

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        self.digest.update(block)
        return self.target.write(block)


def safe_name(path: str) -> str:
    """Letters and digits of a file's name, for a name in an archive on any system.

    >>> safe_name("/data/../<img src=x>.jpg"), safe_name("서울.png")
    ('img_src_x', 'image')
    """
    stem = path.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_-")[:48] or "image"


def _cell(value: str) -> str:
    return escaped(value.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def candidates_csv(spec: VisualSpec) -> str:
    """All candidates as a table: a line each, with its metadata and its whole path."""
    fields = sorted({name for image in spec.candidates for name, _ in image.facts})
    numbers = {row: number for number, row in enumerate(spec.shown, 1)}
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer)
    measured = sorted({name for image in spec.candidates for name in image.attributes})
    heads = ["picture", "id", "path", "dist_to_S", "percentile", "dist_to_centre"]
    heads += ["support", "support_drives", *(f"attributes.{name}" for name in measured), *fields]
    table.writerow([_cell(head) for head in heads])
    for row, image in enumerate(spec.candidates):
        facts = dict(image.facts)
        texts = [image.id, image.path]
        figures = [image.to_owned, image.percentile, image.to_centre]
        table.writerow(
            [
                numbers.get(row, ""),
                *map(_cell, texts),
                *("" if value is None else f"{value:.6f}" for value in figures),
                *("" if n is None else n for n in (image.support, image.support_drives)),
                *(_number(image.attributes.get(name)) for name in measured),
                *(_cell(facts.get(name, "")) for name in fields),
            ]
        )
    return buffer.getvalue().encode("utf-8", "replace").decode("utf-8")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
