"""A recorded stream in slices: its own clock, its gaps, and what is no event."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.watching import START, signer, stream, throws, told, watched_case

from safetycase.monitor.replay import StreamRefused, first_instant, pace, replay, slices
from safetycase.monitor.service import Service
from safetycase.monitor.store import Store
from safetycase.workspace.monitored import monitored

ZERO = START.timestamp()


def lines(*offsets: float) -> list[bytes]:
    return [
        json.dumps(
            {"source": "s", "id": str(which), "metric": "m", "at": ZERO + offset, "value": 1}
        ).encode()
        for which, offset in enumerate(offsets)
    ]


def nows(*offsets: float, seconds: float, until: float | None = None) -> list[float]:
    end = None if until is None else ZERO + until
    return [part.now - ZERO for part in slices(lines(*offsets), seconds=seconds, until=end)]


def test_the_clock_goes_on_through_a_gap_and_to_the_end() -> None:
    assert nows(0, 1, 2, seconds=10) == [2]
    assert nows(0, 35, seconds=10) == [0, 10, 20, 30, 35]
    assert nows(0, seconds=10, until=25) == [0, 10, 20, 25]
    assert nows(0, 5, seconds=10, until=3) == [5]
    assert list(slices([], seconds=10, until=ZERO)) == []


def test_what_comes_late_does_not_turn_the_clock_back() -> None:
    parts = list(slices(lines(0, 50, 20, 60), seconds=30))
    assert [part.now - ZERO for part in parts] == sorted(part.now - ZERO for part in parts)
    assert [event.id for part in parts for event in part.events] == ["0", "1", "2", "3"]


def test_a_gap_of_a_thousand_years_ends() -> None:
    year = 365.25 * 86400
    assert len(nows(0, 1000 * year, seconds=1.0)) < 200_000


@given(st.lists(st.floats(0, 500), max_size=30), st.floats(1, 100))
def test_every_event_is_in_one_slice_in_its_order(offsets: list[float], seconds: float) -> None:
    given_lines = lines(*offsets)
    parts = list(slices(given_lines, seconds=seconds))
    assert [e.id for p in parts for e in p.events] == [str(n) for n in range(len(offsets))]
    clocks = [part.now for part in parts]
    assert clocks == sorted(clocks)
    for part in parts:
        assert all(event.at <= part.now for event in part.events)


def test_what_is_no_event_is_counted_with_its_source() -> None:
    bad = [b"not JSON", b"[" * 100_000, b"", b'{"source": "s"}', b"1" * 2_000_000]
    (part,) = slices([*lines(0), *bad], seconds=10)
    assert len(part.events) == 1
    assert sum(part.refused.values()) == 4
    assert any(source == "s" for source, _ in part.refused)
    assert first_instant([*bad, *lines(7)]) == ZERO + 7
    assert first_instant(bad) is None


def test_a_stopped_replay_goes_on_to_the_same_record(tmp_path: Path) -> None:
    rows = throws(60, share=0.7)
    path = stream(tmp_path / "bad.jsonl", rows)
    whole, halves = watched_case(tmp_path / "whole"), watched_case(tmp_path / "halves")
    run(whole, path)
    left = 5

    def pause(_: float) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    with opened(halves) as (store, service):
        replay(path, store, service, seconds=600, pause=pause)
        service.close()
    assert len(told(halves)) < len(told(whole))
    run(halves, path)
    assert told(halves) == told(whole)


def test_an_earlier_stream_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    run(folder, stream(tmp_path / "now.jsonl", throws(10, share=0.1)))
    later = throws(10, share=0.1, since=START + timedelta(days=1), first=11)
    run(folder, stream(tmp_path / "later.jsonl", later))
    earlier = throws(3, share=0.1, since=START - timedelta(days=1), source="other")
    with pytest.raises(StreamRefused, match="replay it in a copy"):
        run(folder, stream(tmp_path / "earlier.jsonl", earlier))


def test_the_pace_follows_the_shortest_time_that_is_spoken_of(tmp_path: Path) -> None:
    found = monitored(watched_case(tmp_path / "case"))
    assert pace(found.indicators) == 150
    assert pace([]) == 150


class opened:  # noqa: N801 - a context manager
    """A store and a service on a case, as the command opens them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> tuple[Store, Service]:
        self.store = Store(self.folder / "live" / "events.sqlite", durable="process")
        found = monitored(self.folder)
        return self.store, Service(self.store, found.indicators, signer(self.folder), now=ZERO)

    def __exit__(self, *_: object) -> None:
        self.store.close()


def run(folder: Path, path: Path) -> None:
    with opened(folder) as (store, service):
        replay(path, store, service, seconds=600)
        service.close()
