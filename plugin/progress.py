"""How long work reports itself: a function of (done, total) that may raise to stop it.

Every loop that can take more than a moment has a ``progress`` argument and calls it once a batch
or chunk.  The command line hands in a bar; work of the App one that notes how far it is, and raises
:class:`~.errors.Cancelled` once somebody has pressed stop.  Work of several stages takes a
``Reporter``: given a stage's name, it hands out that stage's ``progress``.
"""

from collections.abc import Callable

Progress = Callable[[int, int], None]
Reporter = Callable[[str], Progress]


def silent(done: int, total: int) -> None:
    """Report nothing: the default of every ``progress`` argument."""


def quiet(_stage: str) -> Progress:
    """Report no stage: the default of every ``report`` argument."""
    return silent
