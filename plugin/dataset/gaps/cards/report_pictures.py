"""Pictures as reports hold them: small JPEGs inside the page."""

from __future__ import annotations

import io

from PIL import Image

from ....embeddings.images import open_rgb
from ....errors import GapsphereError
from ....report.spec.page import Picture

SIDE, QUALITY = 480, 82
"""Longest side in pixels, and JPEG quality."""


def report_picture(path: str | None, side: int = SIDE) -> Picture:
    """The picture as a page holds it; nothing where the file cannot be read."""
    try:
        small = open_rgb(path or "")
    except GapsphereError:
        return Picture(None)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return Picture(buffer.getvalue(), None, small.width, small.height)
