"""HTTP with an end: a request that does not arrive whole in time is cut off.

uvicorn waits for a request as long as its sender likes. A thousand senders who send a byte a
minute would then hold every connection there is. And where too many are open it answers 503 to all,
also to those who came first; here it is the newest that is turned away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["protocol"]


def _is_ours(cycle: Any) -> bool:
    """Whether it is the server that has not answered yet a request that is whole."""
    return cycle is not None and not cycle.more_body and not cycle.response_complete


def protocol(seconds: float, connections: int, turn_away: Callable[[], None]) -> type[H11Protocol]:
    """The protocol of uvicorn, for connections that send a whole request within `seconds`.

    The time runs from the opening of the connection, and from the first byte of each further
    request, to the last byte of its body; what the server takes to answer does not count. A
    connection beyond the number of `connections` is closed at once, and `turn_away` called.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Patient(H11Protocol):
        _until: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > connections:
                turn_away()
                transport.abort()
            else:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._enough()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._until is None:
                self._wait()
            super().data_received(data)

        def on_response_complete(self) -> None:
            if not self.cycle.more_body:
                self._enough()
            super().on_response_complete()

        def _wait(self) -> None:
            self._until = self.loop.call_later(seconds, self._late)

        def _enough(self) -> None:
            if self._until is not None:
                self._until.cancel()
                self._until = None

        def _late(self) -> None:
            if _is_ours(self.cycle):
                self._wait()
            else:
                self._until = None
                self.transport.abort()

    return Patient
