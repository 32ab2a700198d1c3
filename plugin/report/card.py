"""A readable card in place of an image that is not on this machine.

Text is drawn in grey, on a darker ground in the band at the top, and coloured by a palette of
sixteen: small files, quickly drawn.  Each text takes the first font that has all of its
characters, among those that matplotlib finds on this system and brings along.
"""

from __future__ import annotations

import hashlib
import textwrap
import unicodedata
from dataclasses import astuple, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from ..interchange.files.checked import write_whole

WIDTH, HEIGHT, MARGIN, BAND = 320, 240, 16, 38
PAPER, INK, WHITE = (250, 250, 247), (32, 34, 40), (255, 255, 255)
# Okabe and Ito (2008), darkened below white text: distinct for every kind of colour vision
BANDS = {
    "misclassified": (178, 71, 0),
    "correct": (0, 106, 78),
    "ambiguous": (120, 84, 140),
    "unknown": (96, 96, 96),
}
VERSION = "4"
"""Raise it when the drawing changes: a card's file is named after what it shows."""
TEXT_LIMIT = 300
"""Characters of a text that are looked at: a card has room for fewer."""
FAMILIES = ("Noto Sans", "DejaVu Sans", "Noto Sans CJK KR", "NanumGothic", "Arial", "Malgun Gothic")
"""Fonts that read well, tried first."""
_TO_SIXTEEN = [value // 16 for value in range(256)]


@dataclass(frozen=True)
class Card:
    """The content of a card; ``status`` gives its colour."""

    name: str
    label: str
    status: str
    score: float | None = None

    def file_name(self) -> str:
        """Name of the card's file: new content has a new name, so nothing stale is shown."""
        digest = hashlib.blake2b(repr((VERSION, astuple(self))).encode("utf-8", "replace"))
        name = digest.hexdigest()[:32]
        return f"{name[:2]}/{name}.png"


def draw_card(card: Card, path: str | Path) -> None:
    """Write the card as PNG, whole or not at all."""
    image = paint(card)
    write_whole(
        Path(path), lambda file: image.save(file, "PNG", bits=4, compress_level=1), durable=False
    )


def paint(card: Card) -> Image.Image:
    """The card as a palette image of 320 x 240.

    >>> paint(Card("0001.jpg", "Heathland", "misclassified", 0.8)).size
    (320, 240)
    """
    grey = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(grey)
    draw.rectangle((0, 0, WIDTH, BAND - 1), 128)
    _write(draw, 8, card.status, 18, fill=255)
    if card.score is not None:
        _write(draw, 8, f"score {card.score:.4g}", 18, fill=255, right=True)
    label = _wrapped(card.label, 26, 3)
    for number, text in enumerate(label):
        _write(draw, BAND + 14 + 34 * number, text, 26)
    top = max(BAND + 22 + 34 * len(label), BAND + 78)
    for number, text in enumerate(_wrapped(card.name, 16, (HEIGHT - 30 - top) // 22)):
        _write(draw, top + 22 * number, text, 16)
    # The App lays its labels over the lower left corner.
    _write(draw, HEIGHT - 24, "no image on this machine", 12, right=True)
    image = grey.point(_TO_SIXTEEN)
    band = BANDS.get(card.status, BANDS["unknown"])
    image.putpalette([*_ramp(PAPER, INK), *_ramp(band, WHITE)])
    return image


def _ramp(first: tuple[int, ...], last: tuple[int, ...]) -> list[int]:
    """Eight colours from one to another, channel by channel."""
    return [
        round(a + (b - a) * step / 7) for step in range(8) for a, b in zip(first, last, strict=True)
    ]


def _write(
    draw: ImageDraw.ImageDraw, y: int, text: str, size: int, *, fill: int = 127, right: bool = False
) -> None:
    font = _font(text, size)
    x = WIDTH - MARGIN - font.getlength(text) if right else MARGIN
    draw.text((x, y + size), text, fill, font=font, anchor="ls")


@lru_cache(maxsize=1024)  # classes come again and again
def _wrapped(text: str, size: int, most: int) -> list[str]:
    """Lines that fit the card; the last ends in … where something is left over."""
    printable = (c if unicodedata.category(c)[0] != "C" else " " for c in text[:TEXT_LIMIT])
    text = " ".join("".join(printable).split())
    room, font = WIDTH - 2 * MARGIN, _font(text, size)
    width = min(len(text), int(1.3 * room * len(text) / max(font.getlength(text), 1)))
    for characters in range(max(width, 1), 0, -1):
        lines = textwrap.wrap(text, characters)
        if len(lines) > most:
            lines = [*lines[: most - 1], lines[most - 1][: characters - 1].rstrip() + "…"]
        if all(font.getlength(line) <= room for line in lines):
            return lines
    return []


def _font(text: str, size: int) -> Any:
    beyond = frozenset(ord(c) for c in text if not c.isascii())
    return _sized(_file_for(beyond), size)


_sized = cache(ImageFont.truetype)


@cache
def _file_for(characters: frozenset[int]) -> str:
    """The font file that has most of the characters beyond ASCII, the first of several."""
    if not characters:
        return _fonts()[0]
    return max(_fonts(), key=lambda font: len(characters & _characters(font)))


@cache
def _characters(path: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


@cache
def _fonts() -> tuple[str, ...]:
    """Upright font files, families that read well first."""
    from matplotlib.font_manager import fontManager

    upright = [font for font in fontManager.ttflist if font.style == "normal"]
    upright.sort(
        key=lambda font: (
            FAMILIES.index(font.name) if font.name in FAMILIES else len(FAMILIES),
            abs(int(font.weight) - 400) if str(font.weight).isdigit() else 400,
            font.name,
        )
    )
    plain = [font.fname for font in upright if "LastResort" not in font.fname]
    return tuple(dict.fromkeys(plain))
