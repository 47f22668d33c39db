"""The body of a request, read within bounds: of bytes, of time, of what it unpacks to."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Gone", "Limits", "Rejected", "Room", "header", "read_body", "unpacked"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the server takes at once.

    `body` and `unpacked` bound one body in bytes, as sent and after gzip; `buffered` the bodies
    of all requests together. `events` bounds one request, `queue` the events that wait for the
    disk. A request has `seconds` to arrive whole; `connections` may be open.
    """

    body: int = 8 * 2**20
    unpacked: int = 16 * 2**20
    buffered: int = 48 * 2**20
    events: int = 20_000
    queue: int = 50_000
    seconds: float = 15.0
    connections: int = 800


class Rejected(Exception):
    """The request is answered with `status`, and `reason` says why and what would help.

    `counted` is what it is counted under, where the reason has words of this request alone.
    """

    def __init__(
        self, status: int, reason: str, *, after: int | None = None, counted: str | None = None
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.after = status, reason, after
        self.counted = counted or reason


class Gone(Exception):
    """The sender went away before its request was whole."""


class Room:
    """How many bytes of bodies are in memory, of how many that may be."""

    def __init__(self, most: int) -> None:
        self.most, self.used = most, 0

    def take(self, count: int) -> None:
        """Claim room; raises `Rejected` if there is none, so that the memory stays bounded."""
        if self.used and self.used + count > self.most:
            raise Rejected(429, "too many requests at once; send it again later", after=1)
        self.used += count

    def give(self, count: int) -> None:
        """Return what was claimed."""
        self.used -= count


def header(scope: Scope, name: bytes) -> str:
    """The value of a header, or an empty text."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1").strip()
    return ""


async def read_body(scope: Scope, receive: Receive, limits: Limits, room: Room) -> bytes:
    """The body as sent. Its bytes are claimed from `room`; the caller gives them back.

    Raises `Rejected` (413 for one that is too long, before more of it is kept), `Gone`.
    """
    told = header(scope, b"content-length")
    if told.isascii() and told.isdigit() and (len(told) > 18 or int(told) > limits.body):
        raise Rejected(413, f"the body is longer than {limits.body} bytes; send less at once")
    body = bytearray()  # not a list of parts, which may be many and of one byte each
    claimed = 0
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            if claimed + len(part) > limits.body:
                raise Rejected(
                    413, f"the body is longer than {limits.body} bytes; send less at once"
                )
            room.take(len(part))
            claimed += len(part)
            if not message.get("more_body", False):
                return bytes(part) if claimed == len(part) else bytes(body + part)
            body += part
    except BaseException:
        room.give(claimed)
        raise


def unpacked(data: bytes, coding: str, most: int) -> bytes:
    """The body without its `Content-Encoding`. Raises `Rejected`."""
    if coding.casefold() in ("", "identity"):
        return data
    if coding.casefold() not in ("gzip", "x-gzip"):
        raise Rejected(415, "send the body as it is, or with Content-Encoding: gzip")
    parts: list[bytes] = []
    length = 0
    while data:
        stream = zlib.decompressobj(_GZIP)
        try:
            part = stream.decompress(data, most + 1 - length)
        except zlib.error:
            raise Rejected(400, "the body is not gzip") from None
        length += len(part)
        if length > most:
            raise Rejected(413, f"the body unpacks to more than {most} bytes; send less at once")
        if not stream.eof:
            raise Rejected(400, "the gzip of the body ends too early")
        parts.append(part)
        data = stream.unused_data
        if len(parts) > _MEMBERS:
            raise Rejected(400, f"the body has more than {_MEMBERS} gzip members")
    return b"".join(parts)


_GZIP: Final = 16 + zlib.MAX_WBITS
_MEMBERS: Final = 64
