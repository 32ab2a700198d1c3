"""What a language model said of one image, read out of the text it really sent.

The projects that write these files ask for ``{"score": ..., "rationale": "..."}``.  Models think
aloud, revise themselves, wrap the answer in a code block, stop in the middle, write Python in place
of JSON, or answer something else.  The answer is the last complete object that fits
(:mod:`.answers`); whenever anything is lost by reading it the raw text is kept.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..files.file_names import is_utf8
from .answers import find_answer, read_json_text

EMPTY = "empty"
_QUOTED_LIMIT = 100_000
_SCORE_KEY = re.compile(
    r'["\']score["\']\s*:\s*["\']?(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=["\',}\s]|\Z)'
)
_TEXT_KEY = re.compile(r'["\']rationale["\']\s*:\s*(["\'])')
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?"
_PLAIN = re.compile(_NUMBER, re.ASCII)
_PERCENT = re.compile(rf"({_NUMBER}|[+-]?\d+,\d+)\s*%", re.ASCII)
_SHARE = re.compile(rf"({_NUMBER})\s*(?:/|of|out of)\s*({_NUMBER})", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)


@dataclass(frozen=True)
class Rationale:
    """One answer.

    ``score`` is finite where there is one; ``raw`` is the text as sent, kept where ``score`` and
    ``text`` do not tell all of it; ``problem`` says in a word or two what was wrong, "" if nothing;
    ``note`` says what was understood rather than read.
    """

    score: float | None = None
    text: str | None = None
    raw: str | None = None
    problem: str = ""
    note: str = ""


def parse_rationale(sent: str) -> Rationale:
    r"""Read one cell of the column ``rationale``.  Never raises.

    >>> parse_rationale('{"score": 0.8, "rationale": "grass"}')
    Rationale(score=0.8, text='grass', raw=None, problem='', note='')
    >>> parse_rationale('```json\n{"score": "high", "rationale": "grass"}\n```').problem
    'score is not a number'
    >>> parse_rationale('{"score": "85 %", "rationale": "grass"}').note
    "scores read from another notation ('85 %')"
    """
    if not sent.strip():
        return Rationale(raw=sent or None, problem=EMPTY)
    answer = find_answer(sent)
    if answer.value is None:
        score, text = _salvaged(answer.rest)
        return Rationale(score, text, sent, "broken JSON" if answer.rest.strip() else "no answer")
    if not isinstance(answer.value, dict):
        return Rationale(raw=sent, problem="not an object")
    return _read(sent, answer.value, answer.whole, _salvaged(answer.later) != (None, None))


def _read(sent: str, found: Mapping[Any, Any], whole: bool, cut_off: bool) -> Rationale:
    value, text = _get(found, "score"), _get(found, "rationale")
    score, note = _score(value)
    problem = ""
    if text is None:
        problem = "no rationale"
    elif not isinstance(text, str):
        text, problem = _as_text(text), "rationale is not text"
    if text is not None:
        text, halves = _characters(text)
        problem = problem or ("half a character in it" if halves else "")
    if score is None and problem in ("", "no rationale"):
        problem = "no score" if value is None else "score is not a number"
    if cut_off and not problem:
        problem = "a later object is broken"
    lossless = whole and not problem and not note and found.keys() == {"score", "rationale"}
    return Rationale(score, text, None if lossless else sent, problem, note)


def _get(found: Mapping[Any, Any], name: str) -> Any:
    """A value by its key, however the key is written."""
    if name in found:
        return found[name]
    like = [value for key, value in found.items() if str(key).strip().casefold() == name]
    return like[-1] if like else None


def _as_text(value: Any) -> str | None:
    if value is ...:
        return "..."  # as it was sent, and not by Python's name for it
    try:
        return json.dumps(value, ensure_ascii=False, default=_told)
    except (TypeError, ValueError, RecursionError):
        try:
            return repr(value)
        except (ValueError, RecursionError):
            return None


def _told(value: Any) -> str:
    return "..." if value is ... else repr(value)


def _characters(text: str) -> tuple[str, bool]:
    """Halves of a character joined; whether one had no other half, which no database takes."""
    if is_utf8(text):
        return text, False
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined, joined.count("\ufffd") > text.count("\ufffd")


def _salvaged(sent: str) -> tuple[float | None, str | None]:
    """Score and text of an object that was cut off, or holds quotes that are not escaped."""
    score, opening = _SCORE_KEY.search(sent), _TEXT_KEY.search(sent)
    text = None
    if opening:
        text = _quoted(sent[opening.end() : opening.end() + _QUOTED_LIMIT], opening.group(1))
        text = _characters(text)[0]
    return (_score(score.group(1))[0] if score else None), text or None


def _quoted(rest: str, quote: str) -> str:
    """A text up to the quote that ends it: before the next key, or the end of the object."""
    ends = (
        rf"(.*?){quote}\s*,\s*[\"']\w+[\"']\s*:",
        rf"(.*){quote}\s*}}",
        rf"((?:[^{quote}\\]|\\.)*)",
    )
    for end in ends:
        if found := re.match(end, rest, re.DOTALL):
            body = found.group(1)
            read = read_json_text(f'"{body}"') if quote == '"' else None
            return read if isinstance(read, str) else body
    return ""


def _score(value: Any) -> tuple[float | None, str]:
    """A finite number, and a note where it was written in another notation.

    A number in quotes counts, also ``85 %``, ``8/10`` and ``0,85``; a truth value does not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, ""
    try:
        score, plain = _written(value.strip()) if isinstance(value, str) else (float(value), True)
    except (OverflowError, ValueError, ZeroDivisionError):
        return None, ""
    if not math.isfinite(score):
        return None, ""
    return score, "" if plain else f"scores read from another notation ({str(value)[:40]!r})"


def _written(text: str) -> tuple[float, bool]:
    """The number that a text is, and whether it is written as one; ValueError where it is none."""
    if len(text) > 400:
        raise ValueError(text)
    if _PLAIN.fullmatch(text):
        return float(text), True
    if found := _PERCENT.fullmatch(text):
        return float(found[1].replace(",", ".")) / 100, False
    if found := _SHARE.fullmatch(text):
        return float(found[1]) / float(found[2]), False
    if _COMMA.fullmatch(text) and not _GROUPED.fullmatch(text):
        return float(text.replace(",", ".")), False
    raise ValueError(text)
