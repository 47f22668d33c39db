"""What the addresses of one server share: how it was started, the case, the pages, the runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetycase.web.bell import Bell
from safetycase.web.cache import Cache
from safetycase.web.keeper import Keeper, Reading
from safetycase.web.runs import Runs

__all__ = ["Shared", "Wanted", "wall"]


def wall() -> datetime:
    """The time that it is, whatever time the case is judged at."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the server was started with.

    `run_command` starts the verb `run` on the case, None where no page may run anything.
    """

    folder: Path
    clock: Callable[[], datetime]
    secret: str
    token: str | None = None
    names: frozenset[str] = frozenset()
    cookie: str = "safetycase"
    run_command: tuple[str, ...] | None = None
    may_review: bool = False


class Shared:
    """One server: made before it listens, closed when it has ended."""

    def __init__(self, wanted: Wanted, make: Callable[..., Any]) -> None:
        self.wanted = wanted
        self.bell = Bell()
        self.keeper = Keeper(folder=wanted.folder, clock=wanted.clock, bell=self.bell, make=make)
        self.cache = Cache()
        self.streams = 0
        self.runs = (
            Runs(wanted.run_command, self.bell, wall, self.keeper.renew)
            if wanted.run_command
            else None
        )

    @property
    def reading(self) -> Reading:
        """The newest reading."""
        return self.keeper.reading

    @property
    def good(self) -> Reading | None:
        """The newest reading that was a case."""
        return self.keeper.good

    @property
    def broken(self) -> bool:
        """Whether the file cannot be read as a case now."""
        return self.reading.assessment is None

    def kept(self) -> Cache:
        """The pages of the newest reading."""
        return self.cache.of(self.reading.serial)
