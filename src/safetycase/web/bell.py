"""News for whoever waits: the case changed, or a run went on."""

from __future__ import annotations

import asyncio

__all__ = ["Bell"]


class Bell:
    """Rings for everybody who waits at that moment; once closed it rings for ever.

    Its methods are called on the loop of the server alone.
    """

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self.closed = False

    def ring(self) -> None:
        """Wake whoever waits."""
        self._next.set()
        if not self.closed:
            self._next = asyncio.Event()

    def close(self) -> None:
        """Wake everybody for good: nobody waits any more."""
        self.closed = True
        self._next.set()

    async def wait(self, seconds: float) -> bool:
        """Whether it rang within so many seconds."""
        try:
            await asyncio.wait_for(self._next.wait(), seconds)
        except TimeoutError:
            return False
        return True
