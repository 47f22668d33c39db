"""HTTP with an end: a request that does not arrive whole in time is cut off, and an unread answer.

uvicorn waits for a request as long as its sender likes. A thousand senders who send a byte a
minute would then hold every connection there is. And where too many are open it answers 503 to all,
also to those who came first; here it is the newest that is turned away.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["protocol"]

READING: Final = 4
"""How many times longer an answer may go unread than a request may take to arrive.

The system tells of room for more only after a third of what it holds was read, some megabyte.
"""


class _Deadline:
    """The time a sender has to send a whole request; at its end the connection is cut."""

    def __init__(self, connection: H11Protocol, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Let the time run, if it does not run already."""
        if self._handle is None:
            self._handle = self._connection.loop.call_later(self._seconds, self._late)

    def stop(self) -> None:
        """The request is whole, or the connection gone."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _late(self) -> None:
        self._handle = None
        cycle = self._connection.cycle
        if cycle is not None and not cycle.more_body and not cycle.response_complete:
            self.start()  # it is the server that has not answered yet
        else:
            self._connection.transport.abort()


class _Unread:
    """Watches an answer that waits to be read; where nobody goes on reading, the connection is cut.

    Else whoever asks for large pages and reads none of them holds a connection for each, for ever.
    """

    def __init__(self, connection: H11Protocol, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self._handle: asyncio.TimerHandle | None = None
        self._waiting = 0

    def start(self) -> None:
        """More is to be sent than goes on the wire."""
        self._waiting = self._connection.transport.get_write_buffer_size()
        self._handle = self._connection.loop.call_later(self._seconds, self._late)

    def stop(self) -> None:
        """It was read, or the connection is gone."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _late(self) -> None:
        left = self._connection.transport.get_write_buffer_size()
        if left >= self._waiting:
            self._connection.transport.abort()
        else:
            self.start()


def _answer_at_once(connected: socket.socket | None) -> None:
    """Send the parts of an answer as they come.

    asyncio sees to it only for listening sockets that name their protocol, and others wait 40 ms
    for the sender to acknowledge the head of the answer before its body leaves.
    """
    if connected is not None and connected.family in (socket.AF_INET, socket.AF_INET6):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def protocol(seconds: float, connections: int, turn_away: Callable[[], None]) -> type[H11Protocol]:
    """The protocol of uvicorn, for connections that send a whole request within `seconds`.

    The time runs from the opening of the connection, and from the first byte of each further
    request, to the last byte of its body; what the server takes to answer does not count. An answer
    that is too large to be sent at once has to be read on, within `READING` times as long. A
    connection beyond the number of `connections` is closed at once, and `turn_away` called.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Patient(H11Protocol):
        _deadline: _Deadline
        _unread: _Unread

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            _answer_at_once(transport.get_extra_info("socket"))
            self._deadline = _Deadline(self, seconds)
            self._unread = _Unread(self, READING * seconds)
            if len(self.connections) > connections:
                turn_away()
                transport.abort()
            else:
                self._deadline.start()

        def connection_lost(self, exc: Exception | None) -> None:
            self._deadline.stop()
            self._unread.stop()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._unread.start()

        def resume_writing(self) -> None:
            self._unread.stop()
            super().resume_writing()

        def data_received(self, data: bytes) -> None:
            self._deadline.start()
            super().data_received(data)

        def on_response_complete(self) -> None:
            if not self.cycle.more_body:
                self._deadline.stop()
            super().on_response_complete()

    return Patient
