"""Run the live server on uvicorn, in this thread or in one of its own.

A hostile client must not cost others anything: uvicorn and websockets refuse a message over the
limit before they store it, the kernel drops a client that does not read, and a connection that does
not become a WebSocket is closed after :data:`HTTP_SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from ...errors import GapsphereError, InputError
from ...settings.serving import ServeParams
from ...settings.sparse import SparseParams
from ..network.registry import ModelRegistry
from .server import Server

log = logging.getLogger(__name__)

UNREAD_BYTES = 128 * 1024
"""What the kernel holds for a client that does not read, until ``send_seconds`` (on Linux)."""

HTTP_SECONDS = 30.0
"""How long a connection may stay without becoming a WebSocket."""


def serve(
    params: ServeParams,
    sampling: SparseParams | None = None,
    *,
    ready: Callable[[str], object] | None = None,
    counted: Callable[[int], object] | None = None,
    stop: threading.Event | None = None,
    registry: ModelRegistry | None = None,
) -> None:
    """Serve until a signal comes; in a thread, where none arrives, until ``stop`` is set.

    ``ready`` is called with the address, ``http://host:port``, once connections are taken;
    ``counted`` with the number of sessions whenever that is another one.
    InputError where the address cannot be listened on.
    """
    listening = _listen(params)
    try:
        asyncio.run(_serve(params, sampling, registry, listening, ready, counted, stop))
    finally:
        listening.close()


@contextlib.contextmanager
def running(
    params: ServeParams | None = None,
    sampling: SparseParams | None = None,
    registry: ModelRegistry | None = None,
) -> Iterator[str]:
    """A server in a thread, for a notebook or a test; gives its address.

    Examples
    --------
    >>> with running(ServeParams(port=0)) as address:
    ...     address.startswith("http://127.0.0.1:")
    True
    """
    up: Future[str] = Future()
    stop = threading.Event()
    settings = params or ServeParams(port=0)
    with ThreadPoolExecutor(1, "sparse-server") as pool:
        serving = pool.submit(
            serve, settings, sampling, ready=up.set_result, stop=stop, registry=registry
        )
        either: list[Future[Any]] = [up, serving]
        wait(either, return_when=FIRST_COMPLETED)
        if not up.done():
            serving.result()  # raises why
        try:
            yield up.result()
        finally:
            stop.set()
        serving.result()


async def _serve(
    params: ServeParams,
    sampling: SparseParams | None,
    registry: ModelRegistry | None,
    listening: socket.socket,
    ready: Callable[[str], object] | None,
    counted: Callable[[int], object] | None,
    stop: threading.Event | None,
) -> None:
    server, stopping = Server(params, sampling, registry), asyncio.Event()
    if stop is None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    config = uvicorn.Config(
        ending_quietly(server.app, lambda: server.closing),
        http=_BriefHttp,
        ws="websockets-sansio",
        ws_max_size=params.max_message_kb * 1024,  # refused before it is stored
        ws_per_message_deflate=False,  # 64 KiB would unpack to 64 MiB before a limit is looked at
        ws_ping_interval=None,  # idle_seconds is for that
        lifespan="off",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    web = _Uvicorn(config)
    serving = asyncio.create_task(web.serve([listening]))
    while not web.started and not serving.done():
        await asyncio.sleep(0.01)
    if serving.done():
        await serving  # raises why
        return
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if ready is not None:
        ready(address)
    log.info("Listening on %s", address)
    sessions = 0
    while not (stopping.is_set() or serving.done() or (stop is not None and stop.is_set())):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stopping.wait(), 0.1)
        if counted is not None and sessions != len(server.sessions):
            sessions = len(server.sessions)
            try:
                await asyncio.to_thread(counted, sessions)
            except GapsphereError as error:  # a full disk ends no session
                log.warning("The number of sessions could not be noted: %s", error)
    await server.close()
    web.should_exit = True
    await serving


def ending_quietly(app: ASGIApp, closing: Callable[[], bool]) -> ASGIApp:
    """``app``, whose requests end without an error in the log when the server cancels them.

    uvicorn cancels what a client that does not read has kept open, and logs it as a defect.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            if not closing():
                raise

    return answer


class _Uvicorn(uvicorn.Server):
    """Leaves signals to :func:`_serve`, which closes the clients' sessions first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _BriefHttp(H11Protocol):
    """Drops a connection that is still HTTP after :data:`HTTP_SECONDS`, however little it sends."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(HTTP_SECONDS, self._end)

    def _end(self) -> None:
        if self.transport.get_protocol() is self:
            self.transport.abort()


def _listen(params: ServeParams) -> socket.socket:
    family = socket.AF_INET6 if ":" in params.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = int(1000 * min(params.send_seconds, 1e6))
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        listening.bind((params.host, params.port))
    except OSError as error:
        listening.close()
        raise InputError(
            f"Cannot listen on {params.host}, port {params.port}: {error.strerror}. Choose another "
            "port; 0 takes a free one."
        ) from error
    return listening
