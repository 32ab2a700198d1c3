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
from PIL import Image, ImageDraw, ImageFont, features

WIDTH, HEIGHT, MARGIN = 320, 240, 16
BAND = 38
PAPER, INK = (250, 250, 247), (32, 34, 40)
# Okabe and Ito (2008), darkened where white text stands on them: told apart by all eyes
BANDS = {
    "misclassified": (178, 71, 0),
    "correct": (0, 106, 78),
    "ambiguous": (120, 84, 140),
    "unknown": (96, 96, 96),
}
GREYS = 12
VERSION = "3"
"""Raise it when the drawing changes: cards are known by what they show."""
MAX_LINES = 3
TEXT_LIMIT, LINE_LIMIT = 2000, 200
"""Signs looked at of a text, and of a line: no card holds more."""
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
    blank, top = _template(card.status, card.label)
    grey = blank.copy()
    draw = ImageDraw.Draw(grey)
    if card.score is not None:
        _line(draw, (WIDTH - MARGIN, 8), f"score {card.score:.4g}", 18, right=True)
    for number, text in enumerate(_wrapped(card.name, 16, (HEIGHT - 30 - top) // 22)):
        _line(draw, (MARGIN, top + 22 * number), text, 16)
    return _coloured(grey, BANDS.get(card.status, BANDS["unknown"]))


@lru_cache(maxsize=512)
def _template(status: str, label: str) -> tuple[Image.Image, int]:
    """What many cards share, and where the name goes below it."""
    grey = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(grey)
    _line(draw, (MARGIN, 8), status, 18)
    lines = _wrapped(label, 26, MAX_LINES)
    for number, text in enumerate(lines):
        _line(draw, (MARGIN, BAND + 14 + 34 * number), text, 26)
    # The App lays its labels over the lower left corner.
    _line(draw, (WIDTH - MARGIN, HEIGHT - 24), "no image on this machine", 12, right=True)
    return grey, max(BAND + 22 + 34 * len(lines), BAND + 78)


def _coloured(grey: Image.Image, band: tuple[int, int, int]) -> Image.Image:
    """Grey as ink on paper, and as paper on the band at the top, in sixteen colours."""
    tone = np.asarray(grey)
    index = _SHADE[tone]
    index[:BAND] = _BAND_SHADE[tone[:BAND]]
    image = Image.fromarray(index, "P")
    colours = [*_ramp(PAPER, INK, GREYS), *_ramp(band, (255, 255, 255), 16 - GREYS)]
    image.putpalette([channel for colour in colours for channel in colour])
    return image


_SHADE = (np.arange(256) * (GREYS - 1) // 255).astype(np.uint8)
_BAND_SHADE = (GREYS + np.arange(256) * (15 - GREYS) // 255).astype(np.uint8)


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
        if len(run) < len(text):
            x += font.getlength(run)


def _width(text: str, size: int) -> float:
    return sum(font.getlength(run) for run, font in _runs(text, size))


def _wrapped(text: str, size: int, most: int) -> list[str]:
    """Lines that fit the card; the last ends in … where something is left over."""
    room, rest = WIDTH - 2 * MARGIN, _printable(text[:TEXT_LIMIT])
    lines: list[str] = []
    while rest and len(lines) < most:
        fits = _fitting(rest, size, room)
        if fits < len(rest):
            space = rest.rfind(" ", 1, fits + 1)
            # breaking at a space, unless that would leave the line nearly empty
            fits = space if space > fits // 3 else fits
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
    text = text[:LINE_LIMIT]
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
    if text.isascii():
        yield text, _font(0, size, False)
        return
    start, current = 0, _font_of(text[0])
    for place, sign in enumerate(text):
        number = current if sign == " " else _font_of(sign)
        if number != current:
            yield text[start:place], _font(current, size, True)
            start, current = place, number
    yield text[start:], _font(current, size, True)


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
def _font(number: int, size: int, shaped: bool) -> Any:
    """``shaped``: joined and reordered as Arabic or Hindi want it, where Pillow can."""
    files = _files()
    if not files:
        return ImageFont.load_default(size)
    layout = ImageFont.Layout.BASIC
    if shaped and features.check("raqm"):
        layout = ImageFont.Layout.RAQM
    return ImageFont.truetype(files[number], size, layout_engine=layout)


def _has(number: int, sign: str) -> bool:
    """Whether a font draws a sign otherwise than one that no font has."""
    try:
        font = _font(number, 16, False)
    except OSError:
        return False
    return bytes(font.getmask(sign)) != bytes(font.getmask("\U0010fffe"))


@lru_cache(maxsize=1)
def _files() -> tuple[str, ...]:
    """Font files of this system, families that read well first."""
    found: dict[str, str] = {}
    for folder in (*FOLDERS, *_bundled()):
        for root, _, names in os.walk(os.path.expanduser(folder)):
            for name in sorted(names):
                stem, ending = os.path.splitext(name)
                drawn = "LastResort" not in stem  # it has a box for every sign there is
                if drawn and ending.lower() in (".ttf", ".otf", ".ttc"):
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
