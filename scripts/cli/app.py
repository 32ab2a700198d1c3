"""``gapsphere app``: the App with the plugin in it, on this machine only by default."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...plugin.errors import InputError
from .datasets import opened
from .install import install, reachable

if TYPE_CHECKING:
    import fiftyone as fo


VIEWER = "GAPSPHERE_VIEWER"
"""What the panel reads in the App's server process: the start and its choices, as JSON."""


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
        os.environ[VIEWER] = json.dumps({"id": uuid4().hex, "choices": dict(choices)})
    if not reachable():
        print(install())
    data = None
    if dataset:
        with opened(dataset) as data:
            pass
    if host not in ("127.0.0.1", "localhost", "::1"):
        print(
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
        session = fo.launch_app(
            data, view=view, spaces=spaces, address=host, port=port, remote=True
        )
    finally:
        talk.setLevel(level)
    print(f"App: http://{host}:{port}/ (Ctrl-C ends it)", flush=True)
    session.wait(-1)


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
