"""``gapsphere`` in this process: a new one would import FiftyOne again, some four seconds."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple


class Done(NamedTuple):
    """What a command left: its exit code, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def gapsphere(*arguments: Any) -> Done:
    """Run a command as the console script does; a wrong option is exit code 2 as in a shell."""
    from gapsphere.scripts.cli.main import main

    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())
