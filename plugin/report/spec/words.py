"""The sentences of a Visual Spec in each language, read from ``words/``.

Every language has the same keys with the same ``{fields}``.  Its ``terms`` translate the metadata
words that driving teams use, so that a translated page does not read like a database.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from markupsafe import Markup, escape

from ...coverage.named.ranges import called
from ...coverage.words import share
from ..render import shown

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")
UNTRANSLATED = ("yes", "no", "cosine", "euclidean")
"""Terms whose own word adds nothing behind the translation."""


@cache
def words(language: Language) -> dict[str, dict[str, str]]:
    """The ``sentences`` and ``terms`` of a language."""
    path = Path(__file__).parents[1] / "words" / f"{language}.yaml"
    found: dict[str, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"sentences": found["sentences"], "terms": found.get("terms", {})}


def sentence(key: str, language: Language, **values: Any) -> Markup:
    """A sentence as HTML; the values put into it are cleaned and escaped.

    >>> sentence("headline", "en", quantity=1200), sentence("headline", "en", quantity=1)
    (Markup('Collect 1,200 images like these'), Markup('Collect 1 image like these'))
    >>> sentence("for", "en", dataset="<b>")
    Markup('Dataset &lt;b&gt;')
    """
    filled = {name: _filled(value) for name, value in values.items()}
    return escape(words(language)["sentences"][key]).format(**filled)


class _Text(str):
    """A value that says with ``{value:one|many}`` which of two words stands beside it."""

    def __format__(self, words: str) -> str:
        one, _, many = words.partition("|")
        return (one if self == "1" else many) if words else str(self)


def _filled(value: Any) -> str:
    if isinstance(value, Markup):
        return value
    return _Text(shown(f"{value:,}" if isinstance(value, int) else value))


def percentage(level: float, language: Language) -> str:
    """A level as a percentage; in Korean the sign follows the number without a space.

    >>> percentage(0.1, "en"), percentage(0.1, "ko")
    ('10 %', '10%')
    """
    return share(level) if language == "en" else share(level).replace(" ", "")


def term(word: str, language: Language) -> str:
    """A metadata word as a person says it, followed by the word itself where it was translated.

    >>> term("time_of_day", "en"), term("dusk", "ko"), term("blue_red", "en")
    ('time of day', '해 질 녘(dusk)', 'blue minus red')
    """
    known = words(language)["terms"].get(word)
    if known is None:
        return called(word)
    return known if word in UNTRANSLATED else f"{known}({word})"
