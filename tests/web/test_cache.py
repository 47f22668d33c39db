"""Pages are made once while they are the newest, for however many ask, and within bounds."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case

from safetycase.web.bell import Bell
from safetycase.web.cache import Cache


def test_a_page_that_many_ask_for_at_once_is_made_once() -> None:
    made: list[str] = []

    def make() -> str:
        time.sleep(0.05)
        made.append(threading.current_thread().name)
        return "a page"

    async def ask() -> list[bytes]:
        cache = Cache().of(1)
        found = await asyncio.gather(*(cache.later("key", make) for _ in range(20)))
        return [*found, await cache.later("key", make), cache.get("key", make)]

    assert asyncio.run(ask()) == [b"a page"] * 22
    assert len(made) == 1
    assert made[0] != threading.current_thread().name


def test_what_was_made_of_another_reading_is_never_shown() -> None:
    async def ask() -> list[bytes]:
        cache = Cache().of(1)
        slow = asyncio.ensure_future(cache.later("key", lambda: time.sleep(0.1) or "old"))
        await asyncio.sleep(0.02)
        new = await cache.of(2).later("key", lambda: "new")
        old = await slow  # who asked before gets what there was then
        return [old, new, await cache.of(2).later("key", lambda: "again")]

    assert asyncio.run(ask()) == [b"old", b"new", b"new"]


def test_a_page_that_cannot_be_made_is_tried_again() -> None:
    def fail() -> str:
        raise LookupError("no page")

    async def ask() -> bytes:
        cache = Cache().of(1)
        with pytest.raises(LookupError):
            await cache.later("key", fail)
        with pytest.raises(LookupError):
            cache.get("key", fail)
        return await cache.later("key", lambda: "there")

    assert asyncio.run(ask()) == b"there"


def test_pages_beyond_the_bound_go_the_oldest_first() -> None:
    cache = Cache(most=100).of(1)
    made: list[str] = []

    def page(name: str) -> bytes:
        return cache.get(name, lambda: made.append(name) or "x" * 40)

    for name in ("a", "b", "a", "c", "a", "b"):
        page(name)
    assert made == ["a", "b", "c", "b"]  # `a` was asked for in between and stays
    assert cache.get("large", lambda: "y" * 5_000) == b"y" * 5_000


def test_a_bell_wakes_everybody_and_a_closed_one_rings_for_ever() -> None:
    async def wait() -> list[bool]:
        bell = Bell()
        told = [await bell.wait(0.01)]
        waiting = [asyncio.ensure_future(bell.wait(5)) for _ in range(3)]
        await asyncio.sleep(0)
        bell.ring()
        told += await asyncio.gather(*waiting)
        bell.close()
        return [*told, await bell.wait(5), await bell.wait(5)]

    assert asyncio.run(wait()) == [False, True, True, True, True, True]


_FIRST = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from safetycase.report import site
from safetycase.report.environment import environment
from safetycase.web.app import Wanted, application

clock = lambda: datetime(2026, 3, 2, tzinfo=UTC)
app = application(Wanted(folder=Path(sys.argv[1]), clock=clock, secret="s"))
source = app.shared.good.made
before = {*sys.modules, *environment().cache.keys()}
live = site.Live(state="1")
pages = [site.render(source, p, live=live) for p in site.paths(source) if p.startswith("claim/")]
after = {*sys.modules, *environment().cache.keys()}
print(len(pages), sorted(map(str, after - before)))
"""


@pytest.mark.slow
def test_no_reader_waits_for_what_all_pages_share(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "head\n"})
    words = [sys.executable, "-c", _FIRST, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"[1-9]\d* \[\]\n", done.stdout), done.stdout
