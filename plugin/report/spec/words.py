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

    >>> sentence("headline", "en", quantity="<b>4")
    Markup('Collect &lt;b&gt;4 images like these')
    """
    filled = {name: shown(value) for name, value in values.items()}
    return escape(words(language)["sentences"][key]).format(**filled)


def term(word: str, language: Language) -> str:
    """A metadata word as a person says it, followed by the word itself where it was translated.

    >>> term("time_of_day", "en"), term("dusk", "ko"), term("dusk", "en")
    ('time of day', '해질녘 (dusk)', 'dusk')
    """
    known = words(language)["terms"].get(word)
    if known is None:
        return word.replace("_", " ")
    return known if word in UNTRANSLATED else f"{known} ({word})"
