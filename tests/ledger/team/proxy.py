"""A wire between a client and the server that can be cut at a chosen message."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Literal

Cut = Literal["", "before", "after"]

_EXECUTE = b"E\0\0\0\x09"
"""Execute (PostgreSQL manual, "Message Formats"): what was parsed and bound happens now."""


class Wire:
    """Forwards bytes to `port`; `cut` breaks the connection around the next COMMIT.

    `before`: the server never sees it. `after`: the server commits, the answer is lost. `down`
    refuses new connections. With `tls` the wire speaks TLS to the client, as a server would.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.tls = tls
        self.encrypted = 0
        self.cut: Cut = ""
        self.down = False
        self.cuts = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.own_port = int(self._listening.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, run: object, *words: object) -> None:
        thread = threading.Thread(target=run, args=words, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.down:
                client.close()
                continue
            if self.tls is not None:
                try:
                    client = self._encrypt(client, self.tls)
                except OSError:
                    client.close()
                    continue
            server = socket.create_connection(("127.0.0.1", self.port))
            mute, answered = threading.Event(), threading.Event()
            self._start(self._to_server, client, server, mute, answered)
            self._start(self._to_client, client, server, mute, answered)

    def _encrypt(self, client: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        """Answer an SSLRequest (PostgreSQL manual, "SSL Session Encryption")."""
        if client.recv(8) != b"\0\0\0\x08\x04\xd2\x16\x2f":
            raise ConnectionError("the client asks for no encryption")
        client.sendall(b"S")
        wrapped = tls.wrap_socket(client, server_side=True)
        self.encrypted += 1
        return wrapped

    def _to_server(
        self,
        client: socket.socket,
        server: socket.socket,
        mute: threading.Event,
        answered: threading.Event,
    ) -> None:
        with contextlib.suppress(OSError):
            parsed = False
            while data := client.recv(65536):
                parsed |= self.cut != "" and b"commit\0" in data.lower()
                if parsed and _EXECUTE in data:
                    cut, self.cut = self.cut, ""
                    self.cuts += 1
                    if cut == "after":
                        mute.set()
                        server.sendall(data)
                        assert answered.wait(20)
                    break
                server.sendall(data)
        _end(client, server)

    def _to_client(
        self,
        client: socket.socket,
        server: socket.socket,
        mute: threading.Event,
        answered: threading.Event,
    ) -> None:
        with contextlib.suppress(OSError):
            while True:
                if not server.recv(1, socket.MSG_PEEK):
                    break
                if mute.is_set():  # this is the answer to COMMIT, and nobody will hear it
                    answered.set()
                    return
                client.sendall(server.recv(65536))
        _end(client, server)


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextlib.contextmanager
def wire(port: int, tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    made = Wire(port, tls)
    try:
        yield made
    finally:
        made.close()
