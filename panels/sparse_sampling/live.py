"""What the panel tells of the live server: whether it runs, where, and for how many."""

from __future__ import annotations

from typing import Any

from ...plugin.dataset.store.places import sparse_server

ANSWER_SECONDS = 0.5


def live_server() -> dict[str, Any] | None:
    """The server started on this machine, None where none runs; ``sessions`` None: it is silent."""
    folder = sparse_server()
    if not (folder / "state.json").is_file():
        return None
    # Only now: it brings torch, which an App that serves nobody should not load to say so.
    from ...plugin.sparse.live.process import ask, read_state

    state = read_state(folder)
    if state is None:
        return None
    answer = ask(state, "sessions", timeout=ANSWER_SECONDS)
    return {
        "stream": state.stream,
        "sessions": None if answer is None else len(answer["sessions"]),
    }
