"""A dataset is made once for a module; each test that changes it takes a copy.

A copy costs a tenth of loading, embedding and measuring again, and has the runs and vectors too.
"""

from collections.abc import Iterator
from typing import Any


def copied(made: Any) -> Iterator[Any]:
    """Body of a fixture, ``yield from copied(made)``: a copy that is deleted after its test."""
    copy = made.clone()
    yield copy
    if not copy.deleted:
        copy.delete()
