"""The object that answers, in a text with thoughts, drafts and code blocks around it.

It is the last complete object that has a score or a rationale, after everything that is marked as
thinking.  Objects are read as JSON, then as Python's own notation, which ``str(answer)`` leaves in
a table.  Text that is made to hurt costs little: nesting, length and tries are bounded.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KEYS = frozenset(["score", "rationale"])
LITERAL_LIMIT = 20_000
"""Characters up to which Python's notation is tried: its parser is slow on long input."""
DEPTH_LIMIT = 50
TRIES = 200
"""Opening braces that are tried, the last of the text."""
_WORDS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis"
_CLOSING = re.compile(rf"</(?:{_WORDS})>|\[/THINK\]|<\|/think\|>|◁/think▷", re.IGNORECASE)
_OPENING = re.compile(rf"<(?:{_WORDS})>|\[THINK\]|<\|think\|>|◁think▷", re.IGNORECASE)
_FENCE_BEFORE = re.compile(r"\s*(?:```[\w-]*)?\s*")
_FENCE_AFTER = re.compile(r"\s*(?:```)?\s*")
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[{}\[\]()]", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)  # models put line breaks into their strings


@dataclass(frozen=True)
class Answer:
    """``value``: what was found, None where there is nothing complete.

    ``whole``: it is all that was sent, but for a code block around it.  ``rest``: what was sent
    without the thoughts; ``later``: what came after the value.
    """

    value: Any = None
    whole: bool = False
    rest: str = ""
    later: str = ""


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    value: dict[Any, Any]


def find_answer(sent: str) -> Answer:
    """The last complete object that fits.  Never raises.

    >>> find_answer('<think>{"score": 0.1}?</think> {"score": 0.9}').value
    {'score': 0.9}
    """
    value = read_json_text(sent.strip())
    if isinstance(value, dict) and _fits(value):
        return Answer(value, True)
    objects = list(_objects(sent))
    start, end = _said(sent, objects)
    said = [each for each in objects if start <= each.start < end]
    fitting = [each for each in said if _keys(each.value) >= KEYS]
    fitting = fitting or [each for each in said if _fits(each.value)]
    if fitting:
        last = fitting[-1]
        before, after = sent[: last.start], sent[last.end :]
        whole = bool(_FENCE_BEFORE.fullmatch(before) and _FENCE_AFTER.fullmatch(after))
        return Answer(last.value, whole, sent[start:end], sent[last.end : end])
    inner = [fit for each in said if (fit := _inside(each.value)) is not None]
    if inner:
        return Answer(inner[-1], False, sent[start:end])
    if value is not None:
        return Answer(value, True, sent[start:end])
    rest = sent[start:end]
    if said and not re.search(r"[\"'](?:score|rationale)[\"']\s*:", rest):
        return Answer(said[-1].value, False, rest)
    return Answer(rest=rest)


def read_json_text(text: str) -> Any:
    """The value that a text is as JSON; None where it is none."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _said(sent: str, objects: list[_Found]) -> tuple[int, int]:
    """Where the answer may stand: after the last thought, before one that has no end.

    Tags within an object are its text.
    """

    def outside(pattern: re.Pattern[str]) -> list[re.Match[str]]:
        tags = pattern.finditer(sent)
        return [t for t in tags if not any(o.start < t.start() < o.end for o in objects)]

    closing = outside(_CLOSING)
    start = closing[-1].end() if closing else 0
    opening = [tag.start() for tag in outside(_OPENING) if tag.start() >= start]
    return start, opening[0] if opening else len(sent)


def _objects(sent: str) -> Iterator[_Found]:
    """Complete objects that do not overlap, in their order."""
    braces = [found.start() for found in re.finditer(r"\{", sent)][-TRIES:]
    end = 0
    for start in braces:
        if start < end:
            continue
        found = _json_at(sent, start) or _python_at(sent, start)
        if found is not None:
            yield found
            end = found.end


def _json_at(sent: str, start: int) -> _Found | None:
    try:
        value, end = _DECODER.raw_decode(sent, start)
    except (ValueError, RecursionError):
        return None
    return _Found(start, end, value) if isinstance(value, dict) else None


def _python_at(sent: str, start: int) -> _Found | None:
    end = _closed(sent, start)
    if end is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            value = ast.literal_eval(sent[start:end])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return _Found(start, end, value) if isinstance(value, dict) else None


def _closed(sent: str, start: int) -> int | None:
    """Where the brace at ``start`` is closed, quotes minded; None where it is not, or too deep."""
    depth = 0
    for token in _TOKEN.finditer(sent, start, start + LITERAL_LIMIT):
        sign = token.group()
        if sign in "{[(":
            depth += 1
            if depth > DEPTH_LIMIT:
                return None
        elif sign in ")]}":
            depth -= 1
            if not depth:
                return token.end()
    return None


def _keys(value: Mapping[Any, Any]) -> set[str]:
    return {str(key).strip().casefold() for key in value if isinstance(key, str)}


def _fits(value: Mapping[Any, Any]) -> bool:
    return not KEYS.isdisjoint(_keys(value))


def _inside(value: Any, depth: int = 8) -> dict[Any, Any] | None:
    """The last object that fits inside another, such as ``{"answer": {"score": ...}}``."""
    parts = list(value.values()) if isinstance(value, dict) else value
    if not depth or not isinstance(parts, list):
        return None
    for part in reversed(parts):
        if isinstance(part, dict) and _fits(part):
            return part
        found = _inside(part, depth - 1)
        if found is not None:
            return found
    return None
