"""Text in the order that people expect: numbers in it are numbers, so 2 comes before 10."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)


def natural(text: str) -> list[Any]:
    """A key that sorts ``frame_10`` after ``frame_9``.

    >>> sorted(["frame_10", "frame_9", "frame_09b"], key=natural)
    ['frame_9', 'frame_09b', 'frame_10']
    """
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d{1,4000})", text)]


def numbers_of(texts: Sequence[str]) -> list[Decimal] | None:
    """The numbers that all texts are; None where one is something else.

    >>> numbers_of(["0.25", "10"]), numbers_of(["frame 1"])
    ([Decimal('0.25'), Decimal('10')], None)
    """
    words = [text.strip() for text in texts]
    if not all(_DECIMAL.fullmatch(word) for word in words):
        return None
    return [Decimal(word) for word in words]


def order_keys(texts: Sequence[str]) -> list[Any]:
    """Keys that sort texts: by their values where all are numbers, else naturally.

    >>> order_keys(["0.5", "0.25"]) == order_keys(["0.50", "0.250"])
    True
    """
    return numbers_of(texts) or [natural(text) for text in texts]
