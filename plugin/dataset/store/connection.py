"""How long the database is waited for.

The driver waits 30 s for a server at each attempt, and FiftyOne makes several: a command would
hang for a minute and a half before it could say that mongod is away.  Where FiftyOne has not
connected yet, the driver's defaults are made shorter (what the database's URI says still counts);
where it has, :func:`~.fiftyone_internals.impatient` shortens the wait while a step runs.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType

from pymongo import MongoClient, common

from ...errors import DatabaseError

WAIT = 3
"""Seconds that a server which does not answer is waited for."""
BEAT = 2
"""Seconds between two looks at the server, so that one that stands still is noticed."""


def shorten_waits() -> None:
    """Shorten the driver's defaults, for connections that FiftyOne makes after this."""
    if "fiftyone" not in sys.modules:
        common.SERVER_SELECTION_TIMEOUT = WAIT
        common.CONNECT_TIMEOUT = WAIT
        common.HEARTBEAT_FREQUENCY = BEAT


def connected() -> ModuleType:
    """FiftyOne, connected to its database.

    Raises
    ------
    DatabaseError
        There is no database to connect to.
    """
    shorten_waits()
    try:
        _ping()
        import fiftyone
        from fiftyone.core.odm import get_db_conn

        get_db_conn()
    except Exception as error:
        if not _of_the_connection(error):
            raise
        raise DatabaseError(
            f"FiftyOne cannot connect to its database ({_first_line(error)}). Start it, or set "
            "FIFTYONE_DATABASE_URI to a MongoDB server that runs."
        ) from error
    return fiftyone


def _ping() -> None:
    """Ask a server that was named before FiftyOne is imported, which takes longer."""
    named = os.environ.get("FIFTYONE_DATABASE_URI")
    if named and "fiftyone" not in sys.modules:
        client: MongoClient[dict[str, object]] = MongoClient(named)
        with client:
            client.admin.command("ping")


def _of_the_connection(error: BaseException) -> bool:
    """Whether FiftyOne or the driver failed at the database, rather than at something of ours."""
    chain = [error, error.__cause__, error.__context__]
    modules = [type(each).__module__ for each in chain if each is not None]
    return isinstance(error, ConnectionError) or any(
        module.startswith(("pymongo", "mongoengine", "fiftyone")) for module in modules
    )


def _first_line(error: BaseException) -> str:
    said = str(error).split(" (configured timeouts")[0].split(", Timeout:")[0].strip()
    return (said or type(error).__name__).splitlines()[0].rstrip(".")
