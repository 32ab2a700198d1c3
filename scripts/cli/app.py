"""``gapsphere app``: the App with the plugin in it, on this machine only by default."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...plugin.errors import InputError, first_line
from ...plugin.settings.viewer import VIEWER_VARIABLE
from .datasets import opened
from .install import install, reachable
from .say import say

if TYPE_CHECKING:
    import fiftyone as fo

ANSWERS_IN = 2.0
"""Seconds in which a server on an address of this machine takes a connection."""
STARTS_IN = 60.0
"""Seconds to wait for the App's server; after that FiftyOne says itself that it does not answer."""


def open_app(
    dataset: str | None,
    *,
    host: str = "127.0.0.1",
    port: int = 5151,
    choices: Mapping[str, Any] | None = None,
) -> None:
    """Open the App, on the dataset of that name if any, until it is closed or Ctrl-C is pressed.

    The panel starts from ``choices``.
    """
    if choices:
        os.environ[VIEWER_VARIABLE] = json.dumps({"id": uuid4().hex, "choices": dict(choices)})
    if not reachable():
        say(install())
    data = None
    if dataset:
        with opened(dataset) as data:
            pass
    if host not in ("127.0.0.1", "localhost", "::1"):
        say(
            f"The App on {host} serves every file this account can read to everyone who reaches "
            f"it: keep the port behind a firewall or a tunnel."
        )
    wait_for_app(data, host, port)


def wait_for_app(
    data: fo.Dataset | None, host: str, port: int, *, view: fo.DatasetView | None = None
) -> None:
    """Open the Gap Explorer beside the grid (of ``view``) and stay until the App ends."""
    from ...plugin.dataset.store.connection import connected
    from ...plugin.dataset.store.workspaces import WORKSPACE, save_workspace

    fo = connected()
    if _taken(host, port):
        raise InputError(f"Port {port} on {host} is in use: choose another with --port.")
    spaces = None
    if data is not None:
        save_workspace(data)
        spaces = data.load_workspace(WORKSPACE)
    # FiftyOne explains remote sessions and itself, twice; what is wanted is the address.
    talk = logging.getLogger("fiftyone")
    level = talk.level
    talk.setLevel(logging.WARNING)
    try:
        # Its session prints that it cannot connect to a server that is still starting.
        with redirect_stdout(io.StringIO()):
            session = fo.launch_app(
                data, view=view, spaces=spaces, address=host, port=port, remote=True
            )
            _wait_until_taken(host, port)
    finally:
        talk.setLevel(level)
    say(f"App: http://{host}:{port}/ (Ctrl-C ends it)", flush=True)
    session.wait(-1)


def _wait_until_taken(host: str, port: int) -> None:
    until = time.monotonic() + STARTS_IN
    while not _taken(host, port) and time.monotonic() < until:
        time.sleep(0.1)


def _taken(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), ANSWERS_IN):
            return True
    except (socket.gaierror, UnicodeError) as error:  # the second is of names too long for any
        raise InputError(
            f"{host!r} is not an address ({first_line(error)}): give one of this machine with "
            "--host, such as 127.0.0.1."
        ) from error
    except OSError:
        return False
