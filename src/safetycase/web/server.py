"""The application in a uvicorn server that ends what it streams when it is asked to end."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from safetycase.monitor.patience import protocol

if TYPE_CHECKING:
    from uvicorn import Server

__all__ = ["server_of"]

_SECONDS = 15.0
_CONNECTIONS = 400


def server_of(app: Any, *, seconds: float = _SECONDS, connections: int = _CONNECTIONS) -> Server:
    """The application in a server, not yet running: call its `run` with a socket that listens.

    A request has `seconds` to arrive whole, and so many connections may be open: the newest beyond
    them is closed.
    """
    import uvicorn

    class Ending(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.bell.close()  # else the streams of open pages would hold it up
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        http=protocol(seconds, connections, lambda: None),
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        backlog=256,
    )
    return Ending(config)
