"""Pages as they were rendered, kept while the reading that they show is the newest."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

__all__ = ["Cache"]

MOST: Final = 64 * 2**20
"""Bytes of pages that are kept."""


class Cache:
    """Pages by key; the one that was not asked for the longest goes first.

    A page that several readers ask for at once is made once. Used on the loop of the server alone.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._making: dict[Hashable, asyncio.Future[bytes]] = {}
        self._of: int | None = None

    def of(self, serial: int) -> Cache:
        """The same, without what was made of another reading."""
        if serial != self._of:
            self._kept.clear()
            self._making.clear()
            self._size, self._of = 0, serial
        return self

    def get(self, key: Hashable, make: Callable[[], str]) -> bytes:
        """The page, made here and now if need be."""
        found = self._kept.get(key)
        if found is None:
            found = make().encode("utf-8", "replace")
            self._keep(key, found)
        else:
            self._kept.move_to_end(key)
        return found

    async def later(self, key: Hashable, make: Callable[[], str]) -> bytes:
        """The page, made on another thread if need be, so that others are answered meanwhile."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        making, of = self._making.get(key), self._of
        if making is None:
            making = asyncio.ensure_future(asyncio.to_thread(_encoded, make))
            self._making[key] = making
            making.add_done_callback(lambda done: self._made(key, done, of))
        return await asyncio.shield(making)

    def _made(self, key: Hashable, done: asyncio.Future[bytes], of: int | None) -> None:
        if self._of != of:
            return
        self._making.pop(key, None)
        if not done.cancelled() and done.exception() is None:
            self._keep(key, done.result())

    def _keep(self, key: Hashable, page: bytes) -> None:
        self._size += len(page) - len(self._kept.get(key, b""))
        self._kept[key] = page
        while self._size > self._most and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone)


def _encoded(make: Callable[[], str]) -> bytes:
    return make().encode("utf-8", "replace")
