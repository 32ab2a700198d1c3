"""What the panel shows of the live server: whether one runs, its address and its sessions."""

from __future__ import annotations

from typing import Any

from ...plugin.dataset.store.places import sparse_server
from ...plugin.sparse.live.state import ask, running_servers

COMMAND = "gapsphere sparse serve"
ANSWER_SECONDS = 0.5


def live_server() -> dict[str, Any] | None:
    """The latest server started on this machine, None without one; ``sessions`` None: no answer."""
    servers = running_servers(sparse_server())
    if not servers:
        return None
    answer = ask(servers[-1], "sessions", timeout=ANSWER_SECONDS)
    return {
        "stream": servers[-1].stream,
        "sessions": None if answer is None else len(answer["sessions"]),
    }
