"""Pictures as reports hold them: small JPEGs inside the page."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from ..embeddings.images import open_rgb
from ..errors import GapsphereError

SIDE, QUALITY = 480, 82
"""Longest side in pixels, and JPEG quality."""


@dataclass(frozen=True)
class Picture:
    """JPEG bytes of one image as the page shows it; ``photo`` None where it could not be read."""

    photo: bytes | None
    overlay: bytes | None = None
    width: int = 4
    height: int = 3


def report_picture(path: str | None, side: int = SIDE) -> Picture:
    """The picture as a page holds it; nothing where the file cannot be read."""
    try:
        small = smaller(open_rgb(path or ""), side)
    except GapsphereError:
        return Picture(None)
    return Picture(jpeg(small), None, small.width, small.height)


def smaller(image: Image.Image, side: int) -> Image.Image:
    """A copy whose longest side is at most ``side``."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small


def jpeg(image: Image.Image) -> bytes:
    """The image as a page holds it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()
