"""Events of a panel whose refusals come back as a sentence instead of a page of traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import fiftyone.operators as foo

from ..plugin.dataset.store.database import database_failures
from ..plugin.errors import GapsphereError

Self = TypeVar("Self")


def answered(
    event: Callable[[Self, foo.ExecutionContext], dict[str, Any]],
) -> Callable[[Self, foo.ExecutionContext], dict[str, Any]]:
    """Answer ``{"error": sentence}`` where the event refuses; unexpected exceptions propagate."""

    @wraps(event)
    def run(self: Self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        try:
            with database_failures():
                return event(self, ctx)
        except GapsphereError as error:
            return {"error": str(error)}

    return run
