"""HTTP with an end: a request that does not arrive whole in time is cut off.

uvicorn waits for a request as long as its sender likes. A thousand senders who send a byte a
minute would then hold every connection there is.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["protocol"]


def protocol(seconds: float) -> type[H11Protocol]:
    """The protocol of uvicorn, for connections that send a whole request within `seconds`.

    The time runs from the opening of the connection, and from the first byte of each further
    request, to the last byte of its body; what the server takes to answer does not count.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Patient(H11Protocol):
        _until: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
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
            cycle = self.cycle
            if cycle is not None and not cycle.more_body and not cycle.response_complete:
                self._wait()  # it is the server that has not answered yet
            else:
                self._until = None
                self.transport.abort()

    return Patient
