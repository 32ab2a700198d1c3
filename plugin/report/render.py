"""HTML pages from the templates in ``templates/``.

Whatever comes from outside (file names, fields, titles) is escaped by Jinja, and :func:`shown`
replaces control and direction marks in every value on its way into the page.
"""

from __future__ import annotations

import base64
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..coverage.words import capital, decimals

LONGEST = 96
"""Characters of a value that are shown; a longer one loses its middle."""


def shown(value: object, longest: int = LONGEST) -> str:
    r"""Text without control or direction marks and of a limited length; markup stays as it is.

    >>> shown("<b>\u202e"), shown("x" * 200, 9), shown("9.41\u202fAM") == "9.41\u202fAM"
    ('<b>\ufffd', 'xxx…xxxxxx', True)
    """
    if isinstance(value, Markup):
        return value
    text = str(value)
    if len(text) > longest:
        text = f"{text[: longest // 3]}…{text[-(2 * longest // 3) :]}"
    return "".join(c if _is_seen(c) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _is_seen(character: str) -> bool:
    """Whether it is printed; other spaces than ours are, as in screenshots' names and in Korean."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def file_name(path: str) -> str:
    """A file's name with its folder: enough to find it without the whole path.

    >>> file_name("/data/drive/0001.jpg")
    'drive/0001.jpg'
    """
    return "/".join(path.replace("\\", "/").rstrip("/").split("/")[-2:])


def distance(value: float | None) -> str:
    """Three decimals, or a dash."""
    return "–" if value is None else decimals(value)


def percent(value: float) -> str:
    """A percentile, below 100 unless it is 100.

    >>> percent(99.97), percent(100), percent(12)
    ('99.9', '100', '12')
    """
    return f"{min(value, 99.9) if value < 100 else 100:.1f}".removesuffix(".0")


def jpeg_uri(content: bytes) -> Markup:
    """A JPEG as an address that needs no other file."""
    return Markup("data:image/jpeg;base64,") + base64.b64encode(content).decode("ascii")


@cache
def _templates() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        finalize=shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (shown, capital, file_name, distance, percent, jpeg_uri)
    templates.filters |= {function.__name__: function for function in filters}
    return templates


def render(template: str, **values: Any) -> str:
    """Fill a template."""
    return _templates().get_template(template).render(values)
