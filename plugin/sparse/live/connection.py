"""One WebSocket: a task reads, a task has frames processed, a task writes; none waits for another.

Between them are single places, not queues: the newest frame replaces one that waits to be
processed, the newest answer one that waits to be sent.  So a client that is faster than the loop,
or slower than its own answers, costs a bounded amount of memory and does not slow other clients.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from ...errors import GapsphereError, MessageError
from ..frames.samples import Samples
from ..loop.state import Step
from . import binary, protocol
from .protocol import Code, FrameData, UvCoordinates
from .recorder import png
from .session import Session

if TYPE_CHECKING:
    from .server import Server

log = logging.getLogger(__name__)

PAYLOAD_SHOWN = 500
"""Characters of a client's wishes in the log."""
MOST_UNREAD = 64
"""Errors and acknowledgements a client may leave unread."""


@dataclass(frozen=True)
class Waiting:
    """A frame that waits to be worked on."""

    session: Session
    frame: FrameData
    samples: Samples
    arrived: float


class _Answer(NamedTuple):
    """What one frame is answered with; sent together or not at all."""

    messages: tuple[str | bytes, ...]
    arrived: float | None


class _End(Exception):  # noqa: N818  an end is not always an error
    """The connection is over; ``error`` is sent first, unless the peer is gone."""

    def __init__(self, close_code: int | None, error: MessageError | None = None) -> None:
        super().__init__(close_code)
        self.close_code, self.error = close_code, error


class Connection:
    """A client's socket, and its session once there is one."""

    def __init__(self, host: Server, socket: WebSocket) -> None:
        self.client_id = uuid.uuid4().hex[:12]
        self.session: Session | None = None
        self._host, self._socket = host, socket
        self._waiting: Waiting | None = None
        self._arrived = asyncio.Event()
        self._unread: deque[str] = deque()
        self._answer: _Answer | None = None
        self._outgoing = asyncio.Event()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        params = host.params
        self._messages = TokenBucket(params.max_fps, params.max_fps)
        rate = params.max_kb_per_second * 1024
        self._bytes = TokenBucket(rate, max(rate, params.max_message_kb * 1024))
        self._warned = 0.0

    def end(self, close_code: int, code: Code, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(_End(close_code, MessageError(code, why)))

    async def run(self) -> None:
        await self._socket.accept()
        log.info("Client %s connected.", self.client_id)
        self._say("connection_ack", {"client_id": self.client_id, **self._host.greeting()})
        tasks: list[asyncio.Future[None]] = [
            self._ended,
            *map(asyncio.create_task, (self._read(), self._work(), self._write())),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            end = _why(done)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._host.forget(self)
            log.info("Client %s disconnected.", self.client_id)
        await self._say_goodbye(end)

    async def _read(self) -> None:
        params = self._host.params
        deadline = time.monotonic() + params.start_seconds
        while True:
            timeout = params.idle_seconds
            if self.session is None:
                timeout = max(0.0, deadline - time.monotonic())
            try:
                with anyio.fail_after(timeout):
                    message = await self._socket.receive()
            except TimeoutError:
                raise self._timed_out() from None
            if message["type"] == "websocket.disconnect":
                raise _End(None)
            text, data = message.get("text"), message.get("bytes") or b""
            size = len(data) if text is None else len(text)
            form = "binary" if text is None else "json"
            self._host.metrics.received.labels(form).inc(size)
            try:
                await self._throttle(size)
                if text is not None:
                    await self._take_text(text)
                else:
                    resolution = self._needed_session().wishes.resolution
                    self._take_frame(binary.read_frame_data(data, resolution))
            except MessageError as error:
                self._tell(error)

    def _timed_out(self) -> _End:
        params = self._host.params
        if self.session is None:
            why = f"No session_start within {params.start_seconds:g} s."
            return _End(1008, MessageError(Code.TIMEOUT, why))
        why = f"No message for {params.idle_seconds:g} s; start a new session."
        return _End(1008, MessageError(Code.SESSION_EXPIRED, why))

    async def _throttle(self, size: int) -> None:
        """Read a client no faster than it may send; the rest waits at its end."""
        pause = max(self._messages.take(1), self._bytes.take(size))
        if pause <= 0:
            return
        now = time.monotonic()
        if now - self._warned > 1:
            self._warned = now
            self._tell(
                MessageError(Code.RATE_LIMITED, "Messages come faster than this server reads them.")
            )
        await asyncio.sleep(pause)

    async def _take_text(self, text: str) -> None:
        # Parsing keeps the interpreter's lock: in a thread it would hold up the others as long.
        kind, payload = protocol.read_envelope(text)
        if kind == "frame_data":
            session = self._needed_session()
            self._take_frame(protocol.read_frame_data(payload, session.wishes.resolution))
        elif kind == "heartbeat":
            beat = protocol.Heartbeat.read(payload)
            self._say("heartbeat_ack", {"timestamp": beat.timestamp, "server_time": time.time()})
        elif kind == "session_start":
            await self._start(protocol.SessionStart.read(payload))
        elif kind == "session_end":
            raise _End(1000)
        else:
            raise MessageError(Code.INVALID_MESSAGE, f"Unknown message type {kind[:40]!r}.")

    async def _start(self, wishes: protocol.SessionStart) -> None:
        self._waiting = self._answer = None
        asked = repr(wishes.model_dump(exclude_unset=True))[:PAYLOAD_SHOWN]
        log.info("Starting session for %s with payload: %s", self.client_id, asked)
        try:
            session = self.session = await self._host.open(self, wishes)
        except MessageError as error:
            if error.code == Code.SERVER_OVERLOAD:
                raise _End(1013, error) from error
            raise
        self._say("session_start_ack", session.acknowledgement())
        self._put(_Answer((_uv(session, session.opening()),), None))
        log.info("Session for %s configured and initial coordinates sent.", self.client_id)

    def _take_frame(self, frame: FrameData) -> None:
        session, metrics = self._needed_session(), self._host.metrics
        try:
            samples, missing = session.take(frame)
        except MessageError:
            metrics.frames.labels("invalid").inc()
            raise
        if missing:
            metrics.gaps.inc(missing)
            gap = {
                "expected_frame_id": frame.frame_id - missing,
                "received_frame_id": frame.frame_id,
                "missing": missing,
            }
            self._say("frame_gap_detected", gap)
        if self._waiting is not None:
            session.counts.superseded += 1
            metrics.frames.labels("superseded").inc()
        self._waiting = Waiting(session, frame, samples, time.monotonic())
        self._arrived.set()

    def _needed_session(self) -> Session:
        if self.session is None:
            raise MessageError(Code.NO_SESSION, "Send session_start before frames.")
        return self.session

    async def _work(self) -> None:
        metrics = self._host.metrics
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            work, self._waiting = self._waiting, None
            if work is None:
                continue
            session, frame_id = work.session, work.frame.frame_id
            try:
                step = await self._host.in_pool(session.step, frame_id, work.samples)
            except GapsphereError as error:
                self._tell(MessageError(Code.MODEL_ERROR, f"Frame {frame_id}: {error}"))
                metrics.frames.labels("failed").inc()
                continue
            metrics.step.observe(session.last_seconds)
            if step.problems:
                metrics.problems.inc(len(step.problems))
                why = f"Frame {frame_id} failed and was worked around; see the server's log."
                self._tell(MessageError(Code.MODEL_ERROR, why))
            self._host.record(session, work, step)
            picture = None
            if session.wishes.frames:
                picture = await self._host.in_pool(_reconstruction, session, frame_id, step)
            if session is self.session:
                self._put(_answer(session, work, step, picture))

    def _put(self, answer: _Answer) -> None:
        if self._answer is not None:
            self._host.metrics.frames.labels("answer_dropped").inc()
        self._answer = answer
        self._outgoing.set()

    async def _write(self) -> None:
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            while self._unread:
                await self._send(self._unread.popleft())
            answer, self._answer = self._answer, None
            if answer is None:
                continue
            for message in answer.messages:
                await self._send(message)
            if answer.arrived is not None:
                self._host.metrics.frames.labels("answered").inc()
                self._host.metrics.reply.observe(time.monotonic() - answer.arrived)

    async def _send(self, message: str | bytes) -> None:
        try:
            with anyio.fail_after(self._host.params.send_seconds):
                if isinstance(message, str):
                    await self._socket.send_text(message)
                else:
                    await self._socket.send_bytes(message)
        except TimeoutError:
            log.warning("Client %s does not read; closing its connection.", self.client_id)
            raise _End(None) from None
        form = "json" if isinstance(message, str) else "binary"
        self._host.metrics.sent.labels(form).inc(len(message))

    def _say(self, kind: str, payload: dict[str, Any]) -> None:
        self._queue(protocol.write(kind, payload))

    def _tell(self, error: MessageError) -> None:
        self._host.metrics.errors.labels(Code(error.code).value).inc()
        self._queue(protocol.write_error(error))

    def _queue(self, message: str) -> None:
        if len(self._unread) >= MOST_UNREAD:
            raise _End(None)
        self._unread.append(message)
        self._outgoing.set()

    async def _say_goodbye(self, end: _End) -> None:
        if end.close_code is None:
            return
        with anyio.move_on_after(min(2.0, self._host.params.send_seconds)):
            try:
                if end.error is not None:
                    self._host.metrics.errors.labels(Code(end.error.code).value).inc()
                    await self._socket.send_text(protocol.write_error(end.error))
                await self._socket.close(end.close_code)
            except (WebSocketDisconnect, RuntimeError):
                return  # it has already gone


class TokenBucket:
    """``rate`` a second, ``burst`` at once.

    Examples
    --------
    >>> bucket = TokenBucket(10, 1)
    >>> bucket.take(1) == 0, 0.09 < bucket.take(1) <= 0.1
    (True, True)
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst, self._left = rate, burst, burst
        self._at = time.monotonic()

    def take(self, cost: float) -> float:
        """Pay ``cost``; how many seconds to wait until it is covered."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= cost
        return max(0.0, -self._left / self._rate)


def _reconstruction(session: Session, frame_id: int, step: Step) -> str | bytes:
    in_bytes = session.wishes.encoding != "json"
    write = binary.write_reconstruction if in_bytes else protocol.write_reconstruction
    return write(frame_id, png(step.frame))


def _answer(session: Session, work: Waiting, step: Step, picture: str | bytes | None) -> _Answer:
    frame_id = work.frame.frame_id
    messages: list[str | bytes] = [_uv(session, session.answer(frame_id, step))]
    if picture is not None:
        messages.append(picture)
    if session.wishes.feedback:
        messages.append(protocol.write("reconstruction_feedback", session.feedback(step, frame_id)))
    return _Answer(tuple(messages), work.arrived)


def _uv(session: Session, message: UvCoordinates) -> str | bytes:
    if session.wishes.encoding == "json":
        return protocol.write_uv(message, session.wishes.resolution)
    return binary.write_uv(message)


def _why(done: set[asyncio.Future[None]]) -> _End:
    """The first end among finished tasks; a defect of ours closes with 1011 and is logged."""
    for task in done:
        error = task.exception()
        if isinstance(error, _End):
            return error
        if isinstance(error, WebSocketDisconnect):
            return _End(None)
        if error is not None:
            log.error("A connection failed.", exc_info=error)
            return _End(1011, MessageError(Code.SERVER_OVERLOAD, "The server failed; try again."))
    return _End(1000)
