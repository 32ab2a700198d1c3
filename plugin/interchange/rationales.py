"""What a language model said of one image, read out of the text it really sent.

The projects that write these files ask for ``{"score": ..., "rationale": "..."}``.  Models wrap it
in a code block, stop in the middle, write Python in place of JSON, or answer something else: what
can be understood is taken, and whenever anything is lost by that the raw text is kept.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

EMPTY = "empty"
LITERAL_LIMIT = 20_000
"""Characters up to which Python's own notation is tried: its parser is slow on long input."""
_FENCE = re.compile(r"```[a-zA-Z0-9_-]*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_SCORE = re.compile(
    r'["\']score["\']\s*:\s*["\']?(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=["\',}\s]|\Z)'
)
_TEXT = re.compile(r'["\']rationale["\']\s*:\s*(["\'])')
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class Rationale:
    """One answer.

    ``score`` is finite where there is one; ``raw`` is the text as sent, kept where ``score`` and
    ``text`` do not tell all of it; ``problem`` says in a word or two what was wrong, "" if nothing.
    """

    score: float | None = None
    text: str | None = None
    raw: str | None = None
    problem: str = ""


def parse_rationale(sent: str) -> Rationale:
    r"""Read one cell of the column ``rationale``.  Never raises.

    >>> parse_rationale('{"score": 0.8, "rationale": "grass behind a fence"}')
    Rationale(score=0.8, text='grass behind a fence', raw=None, problem='')
    >>> parse_rationale('```json\n{"score": "high", "rationale": "grass"}\n```').problem
    'score is not a number'
    """
    if not sent.strip():
        return Rationale(raw=sent or None, problem=EMPTY)
    found, whole = _value(sent)
    if found is None:
        score, text = _salvaged(sent)
        return Rationale(score, text, sent, "broken JSON")
    if not isinstance(found, dict):
        return Rationale(raw=sent, problem="not an object")
    score, text = _score(found.get("score")), found.get("rationale")
    if text is not None and not isinstance(text, str):
        return Rationale(score, json.dumps(text, ensure_ascii=False), sent, "rationale is not text")
    if score is None:
        problem = "score is not a number" if "score" in found else "no score"
        return Rationale(None, text, sent, problem)
    if text is None:
        return Rationale(score, None, sent, "no rationale")
    lossless = whole and found.keys() == {"score", "rationale"}
    return Rationale(score, text, None if lossless else sent)


def _value(sent: str) -> tuple[Any, bool]:
    """The JSON value in a text, None if there is none; and whether it is all that was sent.

    A code block around it loses nothing; words before or after it do.
    """
    for text, whole in _places(sent):
        for read in (_json, _python):
            value = read(text)
            if value is not None:
                return value, whole
    return None, False


def _places(sent: str) -> Iterator[tuple[str, bool]]:
    """Where a value may stand: everything, a code block, from the first brace to the last."""
    yield sent.strip(), True
    fenced = _FENCE.search(sent)
    if fenced:
        around = sent[: fenced.start()] + sent[fenced.end() :]
        yield fenced.group(1).strip(), not around.strip()
    start, end = sent.find("{"), sent.rfind("}")
    if 0 <= start < end:
        yield sent[start : end + 1], False


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)  # models put line breaks into their strings
    except (ValueError, RecursionError):
        return None


def _python(text: str) -> Any:
    """A dictionary as Python prints it: what ``str(answer)`` leaves in a CSV."""
    if not text.startswith("{") or len(text) > LITERAL_LIMIT:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _salvaged(sent: str) -> tuple[float | None, str | None]:
    """Score and the beginning of the text of an object that was cut off."""
    score, opening = _SCORE.search(sent), _TEXT.search(sent)
    text = None
    if opening:
        quote = opening.group(1)
        body = re.match(rf"(?:[^{quote}\\]|\\.)*", sent[opening.end() :], re.DOTALL)
        text = body.group(0) if body else ""
        read = _json(f'"{text}"') if quote == '"' else None
        text = read if isinstance(read, str) else text
    return (_score(score.group(1)) if score else None), text or None


def _score(value: Any) -> float | None:
    """A finite number; a number in quotes counts, a truth value does not."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        score = float(value)
    except (OverflowError, ValueError):
        return None
    return score if math.isfinite(score) else None
