"""Signals are signed exactly once, whatever happens between any two steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.monitor.watching import (
    START,
    WATCHED,
    key,
    reviewer,
    signals,
    signer,
    stream,
    throws,
    told,
    watched_case,
)

from safetycase.ledger import LedgerDamaged, RecordRefused, fold, open_writer, read
from safetycase.monitor.replay import replay
from safetycase.monitor.service import Reported, Service, StateUnread
from safetycase.monitor.signing import Signer
from safetycase.monitor.store import Store
from safetycase.workspace.monitored import monitored


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


class Fuse:
    """Blows at the n-th point that is passed."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class FusedStore(Store):
    """A store in which the process ends before or after a transaction."""

    fuse: Callable[[], None] = staticmethod(lambda: None)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        self.fuse()
        done = super().add(*args, **kwargs)
        self.fuse()
        return done


class FusedSigner(Signer):
    """A signer in which the process ends before anything is appended, or right after."""

    fuse: Callable[[], None] = staticmethod(lambda: None)

    def append(self, waiting: Any) -> Any:
        self.fuse()
        if len(waiting) > 1:  # the first of several is on the disk, the others are not
            done = super().append(waiting[:1])
            self.fuse()
        done = super().append(waiting)
        self.fuse()
        return done


def watch(folder: Path, path: Path, fuse: Callable[[], None]) -> None:
    """Replay a stream as the command does, with a fuse in everything that touches a disk."""
    found = monitored(folder)
    assert found.problem == ""

    def report(_: Reported) -> None:
        fuse()

    with FusedStore(folder / "live" / "events.sqlite", durable="process") as store:
        store.fuse = fuse  # type: ignore[method-assign]
        signing = FusedSigner(folder / "ledger", key(folder), lambda: START + timedelta(days=400))
        signing.fuse = fuse  # type: ignore[method-assign]
        service = Service(
            store, found.indicators, signing, now=START.timestamp(), report=report, root=store.root
        )
        replay(path, store, service, seconds=1800.0)
        service.close()


@pytest.fixture
def drifting(tmp_path: Path) -> Path:
    good = throws(30, share=0.1)
    bad = throws(40, share=0.8, since=START + timedelta(hours=3), first=31, seed=2)
    return stream(tmp_path / "drifting.jsonl", [*good, *bad])


def points() -> Iterator[int]:
    yield from range(1, 16)
    yield from range(16, 120, 7)


@pytest.mark.slow
def test_ended_at_any_point_the_record_is_the_same(tmp_path: Path, drifting: Path) -> None:
    whole = watched_case(tmp_path / "whole")
    watch(whole, drifting, lambda: None)
    expected = told(whole)
    assert [state for _, state, *_ in expected].count("alarm") == 1
    ended = 0
    for point in points():
        folder = watched_case(tmp_path / f"at-{point}")
        try:
            watch(folder, drifting, Fuse(point))
        except Killed:
            ended += 1
            watch(folder, drifting, lambda: None)
        assert told(folder) == expected, point
        names = [r.body["watch"] for r in read(folder / "ledger").records if r.kind == "signal"]
        assert len(set(names)) == len(names)
    assert ended > 20


@pytest.mark.slow
def test_a_signal_that_waits_for_a_busy_record_is_signed_later(
    tmp_path: Path, drifting: Path
) -> None:
    folder = watched_case(tmp_path / "case")
    found = monitored(folder)
    with Store(folder / "live" / "events.sqlite", durable="process") as store:
        service = Service(store, found.indicators, signer(folder), now=START.timestamp())
        with open_writer(folder / "ledger", key(folder)):
            replay(drifting, store, service, seconds=1800.0)
            assert service.waiting
            assert "is being written by process" in service.problem
        waiting = len(service.waiting)
        service.step(service.now)
        assert (service.waiting, service.problem) == ([], "")
        assert len(signals(folder)) == waiting


@pytest.mark.slow
def test_a_signal_written_under_the_name_of_an_alarm_does_not_silence_it(
    tmp_path: Path, drifting: Path
) -> None:
    folder = watched_case(tmp_path / "case")
    found = monitored(folder)
    with Store(folder / "live" / "events.sqlite", durable="process") as store:
        service = Service(store, found.indicators, signer(folder), now=START.timestamp())
        with open_writer(folder / "ledger", key(folder)) as writer:
            replay(drifting, store, service, seconds=1800.0)
            (alarm,) = [one for one in service.waiting if one.body["state"] == "alarm"]
            forged = {**alarm.body, "state": "quiet", "watch": alarm.name}
            number = writer.append("signal", forged, at="2031-05-01T00:00:00Z").seq
        waiting = len(service.waiting)
        service.step(service.now)
        assert service.waiting == []
        assert [s.state for s in signals(folder) if s.seq == number] == ["quiet"]
        assert len(signals(folder)) == waiting + 1
        assert any(s.state == "alarm" for s in signals(folder))


@pytest.mark.slow
def test_a_resolved_alarm_starts_the_next_segment_once(tmp_path: Path, drifting: Path) -> None:
    folder = watched_case(tmp_path / "case")
    watch(folder, drifting, lambda: None)
    alarm = next(s for s in signals(folder) if s.state == "alarm")
    with open_writer(folder / "ledger", reviewer(folder)) as writer:
        for outcome in ("confirmed", "false-alarm", "answered"):
            body = {"signal": alarm.seq, "outcome": outcome, "by": "Grace", "reason": "looked"}
            writer.append("resolution", body, at="2031-05-01T00:00:00Z")
    more = throws(40, share=0.8, since=START + timedelta(hours=8), first=71, seed=3)
    path = stream(tmp_path / "more.jsonl", more)
    watch(folder, path, lambda: None)
    alarms = [s for s in signals(folder) if s.state == "alarm"]
    assert [s.segment for s in alarms] == [alarm.segment, alarm.segment + 1]
    # What is left of the budget is less, so more evidence is asked for.
    first, second = (float(s.alarm_at or 0) for s in alarms)
    assert second > first


def test_a_changed_monitor_begins_anew_and_the_others_go_on(tmp_path: Path) -> None:
    text = WATCHED + WATCHED[WATCHED.index("  - monitor: M-HEADS") :].replace("M-HEADS", "M-TWO")
    folder = watched_case(tmp_path / "case", text)
    path = stream(tmp_path / "few.jsonl", throws(10, share=1.0))
    found = monitored(folder)
    with Store(folder / "live" / "events.sqlite", durable="process") as store:
        service = Service(store, found.indicators, signer(folder), now=START.timestamp())
        replay(path, store, service, seconds=600.0)
        before = {one["monitor"]: one for one in map(vars_of, signals(folder))}
        changed = (folder / "case.yaml").read_text("utf-8").replace("> 0.20", "> 0.25", 1)
        (folder / "case.yaml").write_text(changed, "utf-8")
        assert service.redefine(monitored(folder).indicators, service.now) == ("M-HEADS",)
        state = service.engine.state()["monitors"]
        assert state["M-HEADS"]["digest"] != state["M-TWO"]["digest"]
    assert set(before) <= {"M-HEADS", "M-TWO"}


def vars_of(signal: Any) -> dict[str, Any]:
    return {"monitor": signal.monitor, "state": signal.state}


def test_a_key_that_may_not_run_is_refused_at_the_start(tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    signing = Signer(folder / "ledger", reviewer(folder), lambda: START)
    with pytest.raises(RecordRefused, match="does not have the role `runner`"):
        signing.check()
    signer(folder).check()


def test_a_damaged_record_is_refused_at_the_start(tmp_path: Path, drifting: Path) -> None:
    folder = watched_case(tmp_path / "case")
    watch(folder, drifting, lambda: None)
    path = folder / "ledger" / "log.jsonl"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(LedgerDamaged):
        signer(folder).check()


def test_what_is_signed_names_its_events(tmp_path: Path, drifting: Path) -> None:
    folder = watched_case(tmp_path / "case")
    watch(folder, drifting, lambda: None)
    with Store(folder / "live" / "events.sqlite") as store:
        roots = {store.root(row) for row in range(store.row + 1)}
        last = store.root()
    found = signals(folder)
    assert {s.root for s in found} <= roots
    assert found[-1].root == last
    assert fold(read(folder / "ledger")).problems == ()


def test_the_saved_state_is_json(tmp_path: Path, drifting: Path) -> None:
    folder = watched_case(tmp_path / "case")
    watch(folder, drifting, lambda: None)
    with Store(folder / "live" / "events.sqlite") as store:
        saved = store.load("watch")
        assert saved is not None
        assert saved["waiting"] == []
        assert saved["row"] == store.row
        assert json.loads(json.dumps(saved)) == saved


def test_a_state_of_another_version_is_refused_in_words(tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    found = monitored(folder)
    with Store(folder / "live" / "events.sqlite") as store:
        Service(store, found.indicators, signer(folder), now=START.timestamp())
        saved = store.load("watch")
        assert saved is not None
        store.save("watch", {**saved, "engine": {**saved["engine"], "version": -1}})
        with pytest.raises(StateUnread, match="move the `live` folder away"):
            Service(store, found.indicators, signer(folder), now=START.timestamp())
