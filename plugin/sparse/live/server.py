"""What the live server answers: WebSockets for frames, HTTP for health, metrics and sessions.

The event loop does no arithmetic: frames are worked on, and pictures made, in a small pool of
threads, where each session has one frame at most, so that all sessions get their turn.

========================================  ======================================================
``/ws/stream``                            sessions; see :mod:`.protocol` and :mod:`.binary`
``GET /api/health``                       that it is alive, without a token
``GET /api/metrics``                      Prometheus
``GET /api/sessions``, ``.../{id}``       what runs, and one of them
``GET /api/sessions/{id}/frame.png``      the last reconstruction; ``importance.png`` the last map
``DELETE /api/sessions/{id}``             end one
========================================  ======================================================
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ...errors import MessageError
from ...settings.serving import ServeParams
from ...settings.sparse import SparseParams
from ..loop.build import hyper_parameters, make_loop
from ..loop.state import Step
from ..network.importance import stretched
from ..network.registry import ModelRegistry
from .background import Background
from .connection import Connection, Waiting
from .gate import refusal
from .metrics import Metrics
from .monitoring import open_monitor
from .protocol import PROTOCOL_VERSION, Code, SessionStart
from .recorder import Recorder, png
from .session import Session, open_session

log = logging.getLogger(__name__)

R = TypeVar("R")

EXTRA_CONNECTIONS = 32
"""Sockets beyond ``max_sessions`` that may be open at once: some are on their way in or out."""


class Server:
    """Everything that sessions share.  Make it inside a running event loop.

    ``sampling`` is what sessions start from; each may override some of it for itself.  InputError
    or CheckpointError where its model is unknown or cannot be used, its settings contradict one
    another, or sessions cannot be recorded.
    """

    def __init__(
        self,
        params: ServeParams,
        sampling: SparseParams | None = None,
        registry: ModelRegistry | None = None,
    ) -> None:
        self.params = params
        self.sampling = sampling or SparseParams()
        self.registry = registry or ModelRegistry(params.model_files, device=params.device)
        # Defaults that cannot be would fail every session that sets no others.
        make_loop(self.sampling, self.registry.get(self.sampling.checkpoint_key).model)
        self.metrics = Metrics()
        self.closing = False
        self.started = time.time()
        self._pool = ThreadPoolExecutor(params.workers, thread_name_prefix="sparse")
        self._connections: dict[str, Connection] = {}
        self._opening = 0  # sessions that are being made
        self._recorder = None
        if params.record:
            self._recorder = Recorder(params.record, most_bytes=params.record_mb * 1_000_000)
        self._monitor = open_monitor(params.monitor, params.monitor_folder, params.monitor_every)
        if self._monitor is not None:
            self._monitor.settings(hyper_parameters(self.sampling))
        self.background = Background(self.metrics.dropped.inc)
        self.app = Starlette(
            routes=[
                WebSocketRoute("/ws/stream", self._stream),
                Route("/api/health", self._health),
                Route("/api/metrics", self._guarded(self._metrics)),
                Route("/api/sessions", self._guarded(self._list)),
                Route("/api/sessions/{id}", self._guarded(self._one), methods=["GET", "DELETE"]),
                Route("/api/sessions/{id}/{picture}.png", self._guarded(self._picture)),
            ]
        )

    @property
    def sessions(self) -> dict[str, Session]:
        every = (connection.session for connection in self._connections.values())
        return {session.id: session for session in every if session is not None}

    def greeting(self) -> dict[str, Any]:
        """The payload of ``connection_ack``."""
        params = self.params
        return {
            "protocol": PROTOCOL_VERSION,
            "encodings": ["json", "binary"],
            "models": list(self.registry.keys),
            "limits": {
                "message_bytes": params.max_message_kb * 1024,
                "pixels": params.max_pixels,
                "samples": params.max_samples,
                "messages_per_second": params.max_fps,
                "idle_seconds": params.idle_seconds,
            },
        }

    async def open(self, connection: Connection, wishes: SessionStart) -> Session:
        before = connection.session
        if before is None and len(self.sessions) + self._opening >= self.params.max_sessions:
            raise MessageError(
                Code.SERVER_OVERLOAD,
                f"All {self.params.max_sessions} sessions are in use; try again later.",
            )
        self._opening += before is None
        try:
            session = await self.in_pool(
                open_session, wishes, self.registry, self.sampling, self.params
            )
        finally:
            self._opening -= before is None
        self.metrics.started.inc()
        if before is None:
            self.metrics.sessions.inc()
        else:
            self._forget(before)
        if self._recorder is not None:
            about = {**session.acknowledgement(), "opened": session.opened}
            about["settings"] = hyper_parameters(session.params)
            self.background.submit(self._recorder.begin, session.id, about)
        return session

    async def in_pool(self, call: Callable[..., R], *arguments: Any) -> R:
        """What a call returns that would hold up the other clients here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, call, *arguments)

    def record(self, session: Session, work: Waiting, step: Step) -> None:
        frame = work.frame
        if self._recorder is not None:
            self.background.submit(
                self._recorder.add, session.id, frame.frame_id, work.samples, step, frame.timestamp
            )
        if self._monitor is not None:
            self.background.submit(self._monitor.add, session.id, step)

    def forget(self, connection: Connection) -> None:
        if self._connections.pop(connection.client_id, None) is not None:
            self.metrics.connections.dec()
        if connection.session is not None:
            self.metrics.sessions.dec()
            self._forget(connection.session)

    async def close(self) -> None:
        """Close all connections, and write what is left."""
        self.closing = True
        for connection in self._connections.values():
            connection.end(1001, Code.SHUTTING_DOWN, "The server is shutting down.")
        deadline = time.monotonic() + 5
        while self._connections and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self._pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self.background.close)
        if self._monitor is not None:
            await asyncio.to_thread(self._monitor.close)

    def _forget(self, session: Session) -> None:
        if self._monitor is not None:
            self._monitor.forget(session.id)

    async def _stream(self, socket: WebSocket) -> None:
        refused = self._refused(socket)
        most = self.params.max_sessions + EXTRA_CONNECTIONS
        if refused is None and len(self._connections) >= most:
            refused = (503, "overload")
        if refused is None and self.closing:
            refused = (503, "closing")
        if refused is not None:
            status, reason = refused
            self.metrics.refused.labels(reason).inc()
            await socket.send_denial_response(PlainTextResponse(f"{reason}\n", status))
            return
        connection = Connection(self, socket)
        self._connections[connection.client_id] = connection
        self.metrics.connections.inc()
        await connection.run()

    def _refused(self, connection: HTTPConnection) -> tuple[int, str] | None:
        token = connection.query_params.get("token")
        return refusal(self.params, connection.headers, token)

    def _guarded(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            refused = self._refused(request)
            if refused is not None:
                self.metrics.refused.labels(refused[1]).inc()
                return PlainTextResponse(f"{refused[1]}\n", refused[0])
            return await answer(request)

        return guarded

    async def _health(self, _: Request) -> Response:
        status = "closing" if self.closing else "ok"
        return JSONResponse({"status": status, "protocol": PROTOCOL_VERSION})

    async def _metrics(self, _: Request) -> Response:
        return Response(self.metrics.text(), media_type=self.metrics.content_type)

    async def _list(self, _: Request) -> Response:
        every = [session.summary() for session in self.sessions.values()]
        return JSONResponse({"started": self.started, "sessions": every})

    async def _one(self, request: Request) -> Response:
        name = request.path_params["id"]
        for connection in self._connections.values():
            session = connection.session
            if session is not None and session.id == name:
                if request.method == "DELETE":
                    connection.end(1000, Code.SESSION_EXPIRED, "The session was ended.")
                return JSONResponse(session.summary())
        return _no_session()

    async def _picture(self, request: Request) -> Response:
        session = self.sessions.get(request.path_params["id"])
        step = None if session is None else session.last
        content = None
        if step is not None:
            content = await self.in_pool(_drawn, step, request.path_params["picture"])
        if content is None:
            return _no_session()
        return Response(content, media_type="image/png", headers={"Cache-Control": "no-store"})


def _drawn(step: Step, picture: str) -> bytes | None:
    """A picture of a step as PNG; None where the step has no such picture."""
    if picture == "frame":
        return png(step.frame)
    if picture == "importance" and step.importance is not None:
        return png(stretched(step.importance))
    return None


def _no_session() -> Response:
    return JSONResponse({"code": Code.NO_SESSION.value}, 404)
