"""Who is let in, and what every answer says to a browser.

A server on this machine is reached by every page that a browser of this machine has open. So a
request has to name this machine (no name that a stranger's page chose leads here), may not come
from another site, and changes something only with a token that stands in our own forms. From other
machines nothing is answered without the token of the server.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from safetycase.monitor.bodies import Message, Receive, Rejected, Scope, Send, header
from safetycase.monitor.webhook import is_loopback

__all__ = ["HEADERS", "POLICY", "Door", "Guarded", "host_name"]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # With `no-referrer` a browser would hide the origin of our own forms from us.
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)

_READING: Final = frozenset(("GET", "HEAD"))


def host_name(value: str) -> str:
    """The name in a `Host` header without its port, in lower case; empty if it is none."""
    value = value.strip().casefold()
    if value.startswith("["):
        name, bracket, port = value[1:].partition("]")
        return name if bracket and (not port or _is_port(port)) else ""
    name, colon, port = value.partition(":")
    return name if not colon or _is_port(f":{port}") else ""


def _is_port(text: str) -> bool:
    return text[:1] == ":" and text[1:].isascii() and text[1:].isdigit()


def _is_address(name: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who is answered. `token` is that of the server, None where only this machine can reach it.

    `names` are host names, in lower case, that it answers to beside this machine's own. `secret`
    stands in every form; `cookie` is the name of the cookie, which differs from port to port since
    a browser shows the cookies of one port to all others.
    """

    token: str | None
    secret: str
    names: frozenset[str] = frozenset()
    cookie: str = "safetycase"

    def named(self, scope: Scope) -> None:
        """Raise `Rejected` if the request does not name this machine."""
        if not self._knows(host_name(header(scope, b"host"))):
            raise Rejected(
                421,
                "This server does not answer to the name in the address. Open it by the address "
                "that `safetycase serve` printed, or start it with --allow-host NAME.",
            )

    def check(self, scope: Scope) -> None:
        """Raise `Rejected` with the reason if the request is not to be answered."""
        self._apart(scope)
        if scope["method"] not in _READING:
            self._ours(scope)
        if self.token is not None and not self._known(scope):
            raise Rejected(
                401,
                "This server asks for its token: open the whole address that `safetycase serve` "
                "printed once, or send Authorization: Bearer TOKEN.",
            )

    def _knows(self, name: str) -> bool:
        if not name:
            return False
        # No page can make a browser send an address that it did not connect to: only names lie.
        return is_loopback(name) or name in self.names or (bool(self.token) and _is_address(name))

    def _apart(self, scope: Scope) -> None:
        """Other sites may link here; they may not fetch, embed or send anything."""
        site = header(scope, b"sec-fetch-site")
        if site in ("", "same-origin", "none"):
            return
        follows = (
            scope["method"] in _READING
            and header(scope, b"sec-fetch-mode") == "navigate"
            and header(scope, b"sec-fetch-dest") in ("", "document")
        )
        if not follows:
            raise Rejected(403, "Another site asked for this, so it is not given.")

    def _ours(self, scope: Scope) -> None:
        """What changes something comes from a page of this server, as the browser says."""
        origin = header(scope, b"origin").casefold()
        host = header(scope, b"host").casefold()
        if origin == "null" and header(scope, b"sec-fetch-site") == "same-origin":
            return  # a browser that was told to keep quiet about where it comes from
        if origin and origin not in (f"http://{host}", f"https://{host}"):
            raise Rejected(403, "Another site sent this, so nothing was changed.")

    def _known(self, scope: Scope) -> bool:
        assert self.token is not None
        kind, _, given = header(scope, b"authorization").partition(" ")
        if kind.casefold() == "bearer" and same(given.strip(), self.token):
            return True
        return any(same(value, self.pass_word) for value in _cookies(scope, self.cookie))

    @property
    def pass_word(self) -> str:
        """What the cookie holds: it follows from the token, which does not follow from it."""
        return hmac.new(
            (self.token or "").encode(), b"safetycase cookie", hashlib.sha256
        ).hexdigest()

    def form(self, given: str) -> None:
        """Raise `Rejected` unless a form carries the secret of this server."""
        if not same(given, self.secret):
            raise Rejected(
                403,
                "This form is not one of this server, or of an earlier start of it. Load its page "
                "again; nothing was changed.",
            )

    def entered(self, scope: Scope) -> str | None:
        """The address to go on to, for a request that shows the right token in its address."""
        if self.token is None or scope["method"] != "GET":
            return None
        words = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not any(name == "token" and same(value, self.token) for name, value in words):
            return None
        rest = urlencode([(name, value) for name, value in words if name != "token"])
        path = scope.get("raw_path", b"/").decode("latin-1").lstrip("/\\")
        return f"/{path}" + (f"?{rest}" if rest else "")


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def _cookies(scope: Scope, name: str) -> Iterator[str]:
    """Every value that a browser shows under a name, whatever stands in cookies beside it.

    All servers of this machine set cookies for one host: some are malformed, and some may have our
    name for a narrower path and come first.
    """
    for key, value in scope["headers"]:
        if key == b"cookie":
            for part in bytes(value).decode("latin-1").split(";"):
                word, _, held = part.partition("=")
                if word.strip() == name:
                    yield held.strip()


class Guarded:
    """An ASGI application behind a door; whatever it answers carries the headers above."""

    def __init__(self, inner: Any, door: Door, refusal: Any, welcome: Any) -> None:
        """`refusal(status, reason)` and `welcome(address)` give the bytes of a page."""
        self._inner, self._door = inner, door
        self._refusal, self._welcome = refusal, welcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take one message of the server."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*_without(message), *HEADERS]}
            await send(message)

        try:
            self._door.named(scope)
            if (address := self._door.entered(scope)) is not None:
                await self._enter(dressed, address)
                return
            self._door.check(scope)
        except Rejected as rejected:
            await _page(dressed, rejected.status, self._refusal(rejected.status, rejected.reason))
            return
        await self._inner(scope, receive, dressed)

    async def _enter(self, send: Send, address: str) -> None:
        """Hand out the cookie on a page that goes on by itself.

        After a redirect a browser that followed a link from elsewhere would not show the cookie.
        """
        value = f"{self._door.cookie}={self._door.pass_word}; HttpOnly; SameSite=Strict; Path=/"
        await _page(send, 200, self._welcome(address), (b"set-cookie", value.encode()))


def _without(message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    names = {name for name, _ in HEADERS}
    return [
        (name, value) for name, value in message.get("headers", ()) if name.lower() not in names
    ]


async def _page(send: Send, status: int, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
