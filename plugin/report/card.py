"""A readable card in place of an image that is not on this machine.

Text is set once in grey and then coloured through a palette of sixteen, which makes the files
small and the drawing cheap.  Fonts are looked for where systems keep them; each run of text takes
the first that has its signs, so that Korean beside Latin reads as both.
"""

from __future__ import annotations

import hashlib
import os
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN = 320, 240, 16
BAND = 30
PAPER, INK = (250, 250, 247), (32, 34, 40)
# Okabe and Ito (2008), darkened where white text stands on them: told apart by all eyes
BANDS = {
    "misclassified": (178, 71, 0),
    "correct": (0, 106, 78),
    "ambiguous": (120, 84, 140),
    "unknown": (96, 96, 96),
}
GREYS = 12
VERSION = "1"
"""Raise it when the drawing changes: cards are known by what they show."""
MAX_LINES = 3
FAMILIES = (
    "NotoSans-Regular",
    "DejaVuSans",
    "LiberationSans-Regular",
    "Arial",
    "segoeui",
    "Helvetica",
    "NotoSansCJK-Regular",
    "NotoSansKR-Regular",
    "NanumGothic",
    "AppleSDGothicNeo",
    "malgun",
    "msyh",
    "PingFang",
    "Arial Unicode",
)
FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
FONTS_TRIED = 400


@dataclass(frozen=True)
class Card:
    """What stands on a card; ``status`` gives its colour."""

    name: str
    label: str
    status: str
    score: float | None = None

    def file_name(self) -> str:
        """Name of the card's file: another content is another name, so nothing stale is shown."""
        digest = hashlib.blake2b(repr((VERSION, astuple(self))).encode("utf-8", "replace"))
        name = digest.hexdigest()[:32]
        return f"{name[:2]}/{name}.png"


def draw_card(card: Card, path: str | Path) -> None:
    """Write the card as PNG; the file appears whole or not at all."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        paint(card).save(partial, "PNG", bits=4, compress_level=1)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def paint(card: Card) -> Image.Image:
    """The card as a palette image of 320 x 240.

    >>> paint(Card("0001.jpg", "Heathland", "misclassified", 0.8)).size
    (320, 240)
    """
    grey = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(grey)
    score = "" if card.score is None else f"score {card.score:.6g}"
    _line(draw, (MARGIN, 7), card.status, 15)
    _line(draw, (WIDTH - MARGIN, 7), score, 15, right=True)
    top = BAND + 20
    for text in _wrapped(card.label, 26, MAX_LINES):
        _line(draw, (MARGIN, top), text, 26)
        top += 34
    top = max(top + 8, BAND + 84)
    for text in _wrapped(card.name, 14, MAX_LINES + 1):
        _line(draw, (MARGIN, top), text, 14)
        top += 20
    _line(draw, (MARGIN, HEIGHT - 24), "no image on this machine", 12)
    return _coloured(grey, BANDS.get(card.status, BANDS["unknown"]))


def _coloured(grey: Image.Image, band: tuple[int, int, int]) -> Image.Image:
    """Grey as ink on paper, and as paper on the band at the top, in sixteen colours."""
    tone = np.asarray(grey)
    index = np.asarray(tone.astype(np.uint16) * (GREYS - 1) // 255, np.uint8)
    index[:BAND] = GREYS + np.asarray(tone[:BAND].astype(np.uint16) * 3 // 255, np.uint8)
    image = Image.fromarray(index, "P")
    colours = [*_ramp(PAPER, INK, GREYS), *_ramp(band, (255, 255, 255), 16 - GREYS)]
    image.putpalette([channel for colour in colours for channel in colour])
    return image


def _ramp(first: tuple[int, ...], last: tuple[int, ...], steps: int) -> list[tuple[int, ...]]:
    shares = [step / (steps - 1) for step in range(steps)]
    return [
        tuple(round(a + (b - a) * share) for a, b in zip(first, last, strict=True))
        for share in shares
    ]


def _line(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, *, right: bool = False
) -> None:
    x, y = at
    if right:
        x -= _width(text, size)
    for run, font in _runs(text, size):
        draw.text((x, y + size), run, 255, font=font, anchor="ls")
        x += font.getlength(run)


def _width(text: str, size: int) -> float:
    return sum(font.getlength(run) for run, font in _runs(text, size))


def _wrapped(text: str, size: int, most: int) -> list[str]:
    """Lines that fit the card; the last ends in … where something is left over."""
    room, rest = WIDTH - 2 * MARGIN, _printable(text)
    lines: list[str] = []
    while rest and len(lines) < most:
        fits = _fitting(rest, size, room)
        if fits < len(rest):
            space = rest.rfind(" ", 1, fits + 1)
            # breaking at a space, unless that would leave the line half empty
            fits = space if space > fits // 2 else fits
        lines.append(rest[:fits].strip())
        rest = rest[fits:].strip()
    if rest and lines:
        last = lines[-1]
        while last and _width(f"{last}…", size) > room:
            last = last[:-1]
        lines[-1] = f"{last}…"
    return lines


def _fitting(text: str, size: int, room: float) -> int:
    """How many signs fit, at least one."""
    text = text[:200]
    if _width(text, size) <= room:
        return len(text)
    low, high = 1, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _width(text[:middle], size) <= room else (low, middle)
    return low


def _printable(text: str) -> str:
    """Signs that can be drawn; line breaks and control characters become spaces."""
    return " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())


def _runs(text: str, size: int) -> Iterator[tuple[str, Any]]:
    """Pieces of a text, each with a font that has its signs."""
    start, current = 0, None
    for place, sign in enumerate(text):
        number = current if current is not None and sign == " " else _font_of(sign)
        if number != current and current is not None:
            yield text[start:place], _font(current, size)
            start = place
        current = number
    if current is not None:
        yield text[start:], _font(current, size)


@cache
def _font_of(sign: str) -> int:
    """The first font that has a sign, or the first there is."""
    if sign.isascii():
        return 0
    for number in range(len(_files())):
        if _has(number, sign):
            return number
    return 0


@cache
def _font(number: int, size: int) -> Any:
    files = _files()
    if not files:
        return ImageFont.load_default(size)
    return ImageFont.truetype(files[number], size, layout_engine=_layout())


def _has(number: int, sign: str) -> bool:
    """Whether a font draws a sign otherwise than one that no font has."""
    try:
        font = _font(number, 16)
    except OSError:
        return False
    return bytes(font.getmask(sign)) != bytes(font.getmask("\U0010fffe"))


def _layout() -> Any:
    return ImageFont.Layout.BASIC


@lru_cache(maxsize=1)
def _files() -> tuple[str, ...]:
    """Font files of this system, families that read well first."""
    found: dict[str, str] = {}
    for folder in (*FOLDERS, *_bundled()):
        for root, _, names in os.walk(os.path.expanduser(folder)):
            for name in sorted(names):
                stem, ending = os.path.splitext(name)
                if ending.lower() in (".ttf", ".otf", ".ttc"):
                    found.setdefault(stem, os.path.join(root, name))
    first = [found.pop(stem) for stem in FAMILIES if stem in found]
    plain = [path for stem, path in sorted(found.items()) if "Regular" in stem or "-" not in stem]
    files = [path for path in (*first, *plain) if _opens(path)]
    return tuple(files[:FONTS_TRIED])


def _bundled() -> list[str]:
    """Fonts that come with matplotlib, which FiftyOne brings along."""
    return [
        os.path.join(place, "matplotlib", "mpl-data", "fonts", "ttf")
        for place in sys.path
        if place.endswith("site-packages")
    ]


def _opens(path: str) -> bool:
    try:
        ImageFont.truetype(path, 16)
    except OSError:
        return False
    return True
