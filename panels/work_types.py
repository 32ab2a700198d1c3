"""Work on a dataset as every panel shows it, for their contracts."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

WorkState = Literal["running", "done", "stopped", "failed", "interrupted"]
WorkAct = Literal["stop", "dismiss", "again", "form"]
"""`again` goes on with it; `form` does so once the App shows the view that it is of."""


class Work(TypedDict):
    """Long work that runs, or the last word of what has ended."""

    id: str
    label: str
    state: WorkState
    stage: str
    """The part that runs; empty before the first."""
    done: int
    total: int
    left: float | None
    """Seconds that the stage still takes at the pace so far."""
    text: str
    """Its result, or the sentence of its error."""
    then: str
    """What to do next; may be empty."""
    file: str
    """A file that it wrote; empty where there is none."""
    again: bool
    """Whether there is something left to do, and an operator that goes on with it."""


class WorkAnswer(TypedDict):
    """What came of one."""

    changing: bool
    """The grid's view is being set: `form` is to be asked for once it is shown."""
