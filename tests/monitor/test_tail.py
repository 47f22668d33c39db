"""A file of events is followed to its last line, whatever is done to it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from safetycase.monitor.store import Store
from safetycase.monitor.tail import GRACE_SECONDS, ROTATED, TOO_LONG, TRUNCATED, Tail

NOW = 1_796_000_000.0


def line(name: object, **more: Any) -> str:
    body = {"source": "log", "id": str(name), "metric": "m", "at": NOW - 1, **more}
    return json.dumps(body) + "\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "events.sqlite", durable="process") as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").mkdir()
    return tmp_path / "log" / "events.jsonl"


Follow = Callable[..., Tail]


@pytest.fixture
def follow(store: Store, log: Path) -> Iterator[Follow]:
    with contextlib.ExitStack() as stack:
        yield lambda **more: stack.enter_context(Tail(log, store, **more))


def write(log: Path, *texts: str) -> None:
    with log.open("a") as file:
        file.write("".join(texts))


def ids(store: Store) -> list[str]:
    return [event.id for _, event in store.after(0, 10_000)]


def read(tail: Tail, now: float = NOW) -> None:
    while tail.step(now):
        pass


def test_what_is_appended_is_read_once(store: Store, log: Path, follow: Follow) -> None:
    tail = follow()
    assert tail.step(NOW) is None  # there is no file yet
    write(log, line(1), line(2))
    read(tail)
    write(log, line(3), "\n", "nonsense\n", line(4, value="x"))
    read(tail)
    assert tail.step(NOW) is None
    assert ids(store) == ["1", "2", "3"]
    assert store.counts().known == 0
    assert store.counts().refused == {"it is not JSON": 1, "`value` is not a number": 1}


def test_half_a_line_waits_for_its_other_half(store: Store, log: Path, follow: Follow) -> None:
    tail = follow()
    write(log, line(1), line(2)[:20])
    read(tail)
    assert ids(store) == ["1"]
    write(log, line(2)[20:])
    read(tail)
    assert ids(store) == ["1", "2"]
    assert store.counts().refused == {}


def test_it_goes_on_where_it_stood_after_a_restart(store: Store, log: Path, follow: Follow) -> None:
    write(log, line(1), line(2)[:9])
    read(follow())
    write(log, line(2)[9:], line(3))
    read(follow())
    assert ids(store) == ["1", "2", "3"]
    assert store.counts().known == 0


def test_a_rotated_file_is_read_to_its_end_before_the_new_one(
    store: Store, log: Path, follow: Follow
) -> None:
    tail = follow()
    write(log, line(1))
    read(tail)
    write(log, line(2))
    old = log.rename(log.with_name("events.jsonl.1"))
    write(log, line(4))
    read(tail)
    write(old, line(3).rstrip("\n"))  # its writer has not noticed, and ends without a newline
    read(tail, NOW + 1)
    assert ids(store) == ["1", "2"]
    read(tail, NOW + 1 + GRACE_SECONDS)
    read(tail, NOW + 2 + GRACE_SECONDS)
    assert ids(store) == ["1", "2", "3", "4"]
    assert store.counts().refused == {}


def test_rotations_while_nobody_watched_are_made_up_for(
    store: Store, log: Path, follow: Follow
) -> None:
    write(log, line(1))
    read(follow())
    write(log, line(2))
    for n in (1, 2):
        log.rename(log.with_name(f"events.jsonl.{3 - n}"))
        os.utime(log.with_name(f"events.jsonl.{3 - n}"), (NOW + n, NOW + n))
        write(log, line(2 + n))
    tail = follow()
    for n in range(6):
        read(tail, NOW + n * (GRACE_SECONDS + 1))
    assert ids(store) == ["1", "2", "3", "4"]
    assert store.counts().refused == {}


def test_a_file_that_is_gone_before_its_end_is_counted(
    store: Store, log: Path, follow: Follow
) -> None:
    write(log, line(1))
    read(follow())
    log.rename(log.parent.parent / "elsewhere")
    write(log, line(2))
    read(follow())
    assert ids(store) == ["1", "2"]
    assert store.counts().refused == {ROTATED: 1}


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("longer", [False, True])
def test_a_file_that_is_written_anew_is_read_anew(
    store: Store, log: Path, follow: Follow, restarted: bool, longer: bool
) -> None:
    tail = follow()
    write(log, line(1), line(2))
    read(tail)
    if restarted:
        tail = follow()
    with log.open("r+") as file:
        file.truncate(0)
        file.write("".join(line(n) for n in range(3, 9 if longer else 4)))
    for _ in range(3):
        read(tail)
    assert ids(store) == ["1", "2", *(str(n) for n in range(3, 9 if longer else 4))]
    assert store.counts().refused == {TRUNCATED: 1}


def test_a_line_without_end_takes_no_memory_and_the_next_is_read(
    store: Store, log: Path, follow: Follow
) -> None:
    tail = follow(chunk=1000)
    write(log, line(1), "x" * 5500, "\n", line(2), line(3))
    for _ in range(12):
        tail.step(NOW)
    assert ids(store) == ["1", "2", "3"]
    assert store.counts().refused == {TOO_LONG: 1}


def test_a_disk_that_fails_loses_no_line(
    store: Store, log: Path, follow: Follow, monkeypatch: Any
) -> None:
    tail = follow()
    write(log, line(1), line(2))

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(store, "add", fail)
        with pytest.raises(OSError, match="no space"):
            tail.step(NOW)
    read(tail)
    assert ids(store) == ["1", "2"]
