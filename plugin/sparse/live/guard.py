"""Four holes in how hypercorn 0.18 handles WebSockets, closed; :func:`install` puts it in place.

A hostile client must not cost others anything.  As hypercorn comes, (1) a message over the limit
is answered by a close frame, but what still arrives goes on being stored, without end; (2) it
accepts compression, so that 64 KiB unpack to 64 MiB before any limit is looked at; (3) a client
that reads nothing keeps its task and its socket for ever, because closing first waits until all was
sent; (4) an application that ends while its queue is full waits for itself.  The classes below
differ from their parents in these points alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Event as TransportEvent
from hypercorn.events import RawData
from hypercorn.protocol import h2, h11
from hypercorn.protocol.events import Event, Request, StreamClosed
from hypercorn.protocol.ws_stream import FrameTooLargeError, WebsocketBuffer, WSStream
from wsproto.utilities import RemoteProtocolError

CLOSE_SECONDS = 2.0
"""How long a peer may take to receive the last bytes before its socket is dropped."""


class BoundedBuffer(WebsocketBuffer):
    """Refuses before it stores."""

    overflowed = False

    def extend(self, event: Any) -> None:
        if self.overflowed or self.length + len(event.data) > self.max_length:
            self.overflowed = True
            self.value = None
            raise FrameTooLargeError()
        super().extend(event)


class GuardedStream(WSStream):
    """A WebSocket that takes no compression, and that ends when it is over."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.buffer: BoundedBuffer = BoundedBuffer(self.config.websocket_max_message_size)
        self.broken = False

    async def handle(self, event: Event) -> None:
        if isinstance(event, Request):
            headers = [h for h in event.headers if h[0].lower() != b"sec-websocket-extensions"]
            await super().handle(replace(event, headers=headers))
            return
        if self.broken and not isinstance(event, StreamClosed):
            return
        broken = self.buffer.overflowed
        try:
            await super().handle(event)
            broken = self.buffer.overflowed
        except RemoteProtocolError:
            broken = True  # bytes that are no WebSocket, or text that is no UTF-8
        if broken and not self.broken and not self.closed:
            self.broken = True
            if self.app_put is not None:
                await self.app_put({"type": "websocket.disconnect", "code": 1009})
            self.task_group.spawn(self._close_soon)

    async def _close_soon(self) -> None:
        """Leave the peer a moment to read why; what it still sends is read and dropped."""
        await asyncio.sleep(CLOSE_SECONDS)
        if not self.closed:
            await self.send(StreamClosed(stream_id=self.stream_id))

    async def app_send(self, message: Any) -> None:
        if message is not None:
            await super().app_send(message)
            return
        self._stop_taking()
        if self.broken:
            return
        try:
            await asyncio.wait_for(super().app_send(None), CLOSE_SECONDS)
        except asyncio.TimeoutError:
            await self.send(StreamClosed(stream_id=self.stream_id))

    def _stop_taking(self) -> None:
        """The application is gone: drop what it would have read, and let whoever waits go on."""
        put = self.app_put
        if put is None:
            return
        queue = put.__self__  # type: ignore[attr-defined]
        self.app_put = _nowhere
        while not queue.empty():
            queue.get_nowait()


class GuardedServer(TCPServer):
    """A connection that is dropped where it cannot be closed."""

    async def protocol_send(self, event: TransportEvent) -> None:
        if isinstance(event, RawData) and self.writer.transport.is_closing():
            return  # asyncio warns of each write to a closed socket
        await super().protocol_send(event)

    async def _close(self) -> None:
        try:
            await asyncio.wait_for(super()._close(), CLOSE_SECONDS)
        except (asyncio.TimeoutError, OSError):
            self.writer.transport.abort()


async def _nowhere(message: Any) -> None:
    """Takes what nobody reads any more."""


def install() -> None:
    """Have hypercorn use the classes of this module, in this process."""
    run.TCPServer = GuardedServer  # type: ignore[misc]
    h11.WSStream = h2.WSStream = GuardedStream  # type: ignore[misc, assignment]
