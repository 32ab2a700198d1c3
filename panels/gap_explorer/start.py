"""The choices that ``gapsphere app`` starts the panel from, handed to the App's server process.

They come through the environment, which the server inherits: panel state would change the session
(:mod:`.memory` says why), and the browser keeps what a person chooses later.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ...plugin.settings.viewer import VIEWER_VARIABLE


def start() -> dict[str, Any] | None:
    """``id`` and ``choices`` of this start of the App; None where nothing was given."""
    try:
        found = json.loads(os.environ.get(VIEWER_VARIABLE, "null"))
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("choices"), dict):
        return None
    return {"id": str(found.get("id")), "choices": found["choices"]}
