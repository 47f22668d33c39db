"""HTTP with an end: a request that does not arrive whole in time is cut off.

uvicorn waits for a request as long as its sender likes. A thousand senders who send a byte a
minute would then hold every connection there is. And where too many are open it answers 503 to all,
also to those who came first; here it is the newest that is turned away.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["protocol"]


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
    request, to the last byte of its body; what the server takes to answer does not count. A
    connection beyond the number of `connections` is closed at once, and `turn_away` called.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Patient(H11Protocol):
        _deadline: _Deadline

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            _answer_at_once(transport.get_extra_info("socket"))
            self._deadline = _Deadline(self, seconds)
            if len(self.connections) > connections:
                turn_away()
                transport.abort()
            else:
                self._deadline.start()

        def connection_lost(self, exc: Exception | None) -> None:
            self._deadline.stop()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            self._deadline.start()
            super().data_received(data)

        def on_response_complete(self) -> None:
            if not self.cycle.more_body:
                self._deadline.stop()
            super().on_response_complete()

    return Patient
