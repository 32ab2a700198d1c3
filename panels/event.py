"""Events of a panel whose refusals come back as a sentence instead of a page of traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import fiftyone.operators as foo

from ..plugin.dataset.store.database import database_failures
from ..plugin.errors import GapsphereError, OutdatedError

Self = TypeVar("Self")


def answered(
    event: Callable[[Self, foo.ExecutionContext], dict[str, Any]],
) -> Callable[[Self, foo.ExecutionContext], dict[str, Any]]:
    """Answer ``{"error": sentence}`` where the event refuses; unexpected exceptions propagate.

    ``outdated`` says that the panel has only to be filled again.
    """

    @wraps(event)
    def run(self: Self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        try:
            with database_failures():
                return event(self, ctx)
        except OutdatedError as error:
            return {"error": str(error), "outdated": True}
        except GapsphereError as error:
            return {"error": str(error)}

    return run
