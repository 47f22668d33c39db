"""Nothing acknowledged is lost, whatever the disk does: the lives of many seeds, repeated exactly.

The full bar (50,000 crashes) is `benchmarks/reliability.py`; a seed that ever failed is kept here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.ledger.simulation.disk import SimulatedDisk, SimulatedHandle
from tests.ledger.simulation.life import Violation, cheap_signatures, live
from tests.sweeps import only_whole

from safetycase.ledger.errors import LedgerWriteError
from safetycase.ledger.home import FolderHome
from safetycase.ledger.mark import Mark

FAILED_ONCE = {
    995: "a line whose flush had failed was adopted and marked without being written again",
    5037: "the same, after a kill",
    5323: "the same, after a second failed flush",
}


@pytest.fixture(autouse=True)
def _cheap() -> Iterator[None]:
    with cheap_signatures():
        yield


@pytest.mark.parametrize("seed", FAILED_ONCE)
def test_a_seed_that_failed_once_holds(seed: int) -> None:
    live(seed)


@pytest.mark.slow
def test_two_thousand_crashes_cost_nothing_that_was_acknowledged() -> None:
    crashes = appends = seed = 0
    while crashes < 2_000:
        life = live(seed)
        seed, crashes, appends = seed + 1, crashes + life.crashes, appends + life.appends
    assert appends > 1_000


@only_whole
@pytest.mark.slow
def test_five_thousand_more() -> None:
    crashes, seed = 0, 100_000
    while crashes < 5_000:
        seed, crashes = seed + 1, crashes + live(seed).crashes


def test_a_seed_is_one_life() -> None:
    first, second = live(7), live(7)
    assert first.disk.operations == second.disk.operations > 100
    assert first.kept == second.kept
    assert first.aside == second.aside


# --- the simulation can fail: each promise, once broken, is noticed ------------------------------


class ForgetfulDisk(SimulatedDisk):
    """Flushes no names."""

    def sync_folder(self, path: object) -> None:
        self.step()


class NoSyncHome(FolderHome):
    """Acknowledges before the line is flushed."""

    def add(self, line: bytes) -> None:
        sync = SimulatedHandle.sync
        SimulatedHandle.sync = lambda self: None  # type: ignore[method-assign]
        try:
            super().add(line)
        finally:
            SimulatedHandle.sync = sync  # type: ignore[method-assign]


class NoMarkHome(FolderHome):
    """Does not know what was acknowledged."""

    @property
    def acknowledged(self) -> Mark | None:
        return None


class EagerHome(FolderHome):
    """Marks what an earlier writer left behind without writing it again."""

    def _adopt(self, file: object) -> None:
        self._opened().sync()
        self._marker.write(self._here)
        self._marked = self._here


class MarkFirstHome(FolderHome):
    """Counts a line before it is flushed."""

    def add(self, line: bytes) -> None:
        self._promised = True
        try:
            self._marker.write(self._here.behind(line))
        except OSError as error:
            raise LedgerWriteError(self.path, error) from error
        super().add(line)


def many(**more: Any) -> None:
    for seed in [*FAILED_ONCE, *range(2_000)]:
        live(seed, **more)


@pytest.mark.parametrize(
    ("home", "why"),
    [
        (NoSyncHome, "is gone|acknowledged on this disk|does not open"),
        (NoMarkHome, "does not open"),
        (EagerHome, "does not open"),
        (MarkFirstHome, "acknowledged on this disk|does not open"),
    ],
)
def test_a_home_that_breaks_its_promise_is_noticed(home: type[FolderHome], why: str) -> None:
    with pytest.raises(Violation, match=why):
        many(home=home)


def test_a_name_that_is_not_flushed_is_noticed() -> None:
    with pytest.raises(Violation, match=r"is gone|is missing"):
        many(disk=ForgetfulDisk)
