"""`watch` as it runs: events from other processes, and everything that can go wrong with them."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import Ran
from tests.monitor.live import Watching, until, watching
from tests.monitor.watching import WATCHED, signals, throws, watched_case

from safetycase.ledger import load_or_create, open_writer, read
from safetycase.ledger.keys import default_key_path
from safetycase.monitor.store import Store

pytestmark = pytest.mark.slow
Sc = Callable[..., Ran]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def alarms(folder: Path) -> list[int]:
    return [s.seq for s in signals(folder) if s.state == "alarm"]


def test_a_stream_from_another_process_turns_the_claim(sc: Sc, tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    rows = throws(60, share=0.9, since=now() - timedelta(minutes=2), every=timedelta(seconds=1))
    with watching(folder) as watch:
        assert sc("status", folder, "--json").json["states"]["SAFE"]["support"] == "open"
        for start in range(0, 60, 10):
            assert watch.send(rows[start : start + 10])["accepted"] == 10
        until(lambda: alarms(folder))
        told = " ".join(sc("why", "SAFE", folder).out.split())
        assert "contested" in told
        for part in ("M-HEADS", "In the window from", "e-value", "record resolve"):
            assert part in told
        second = sc("watch", folder, "--port", "0")
        assert second.code == 2
        assert "is being watched by another process" in second.err
        until(lambda: watch.status()["monitors"]["M-HEADS"]["state"] == "alarm")
        assert watch.end() == 0
    assert any("ALARM" in line for line in watch.out)
    assert "Traceback" not in "".join(watch.err)


def test_a_killed_watcher_loses_no_event_and_doubles_no_signal(tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case", WATCHED.replace("1 hour", "2 seconds"))
    draw = random.Random(5)
    acknowledged: set[str] = set()
    sent = 0
    for _ in range(4):
        with watching(folder) as watch:
            ended = threading.Event()
            timer = threading.Timer(draw.uniform(0.5, 2.5), lambda w=watch: w.process.kill())
            timer.start()
            while not ended.is_set():
                rows = throws(5, share=0.5, since=now(), first=sent + 1, seed=sent,
                              every=timedelta(seconds=0))  # fmt: skip
                try:
                    watch.send(rows)
                except (OSError, AssertionError, ValueError):
                    ended.set()
                else:
                    acknowledged |= {row["id"] for row in rows}
                sent += 5
            timer.join()
            watch.process.wait()
    with watching(folder) as watch:  # what was left is taken in and signed
        until(lambda: watch.status()["row"] >= len(acknowledged))
        until(lambda: watch.status()["waiting"] == 0)
        assert watch.end() == 0
    with Store(folder / "live" / "events.sqlite") as store:
        stored = {event.id for _, event in store.after(0, 10**6)}
        store.check()
    assert len(acknowledged) > 50
    assert acknowledged <= stored
    found = [r for r in read(folder / "ledger").records if r.kind == "signal"]
    names = [r.body["watch"] for r in found]
    assert len(set(names)) == len(names)
    assert len({name.partition(":")[0] for name in names}) == 1
    # Numbered without gaps: none was lost on the way into the record.
    assert sorted(int(n.partition(":")[2]) for n in names) == list(range(1, len(names) + 1))
    assert len(alarms(folder)) == 1


def test_hostile_events_are_counted_or_refused_and_nothing_is_lost(sc: Sc, tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    at = f"{now():%Y-%m-%dT%H:%M:%SZ}"
    ahead = f"{now() + timedelta(days=366):%Y-%m-%dT%H:%M:%SZ}"
    html = "<script>alert(1)</script>"
    good = throws(20, share=0.9, since=now() - timedelta(minutes=1), every=timedelta(seconds=1))
    with watching(folder) as watch:
        lines = "".join(
            f'{{"source": "t", "id": "n{which}", "metric": "coin.head", "at": "{at}", '
            f'"value": {value}}}\n'
            for which, value in enumerate(("NaN", "Infinity", "1e400", "true", '"1"'))
        )
        status, answer = watch.post(
            "/events", lines.encode(), {"content-type": "application/jsonl"}
        )
        assert (status, answer["accepted"], answer["refused"]) == (422, 0, 5)
        status, _ = watch.post("/events", b"[" + b" " * 50_000_000 + b"]")
        assert status == 413
        status, _ = watch.post("/events", b"[" * 100_000)
        assert status in (400, 422)
        late = {"source": "t", "id": "a", "metric": "coin.head", "at": ahead, "value": 1}
        assert watch.post("/events", json.dumps([late]).encode())[1]["refused"] == 1
        marked = {"source": html, "id": html, "metric": html, "at": at, "value": 1,
                  "details": {html: html}}  # fmt: skip
        watch.send([marked])
        odd = {"source": html, "id": "1", "metric": "coin.head", "at": at, "value": 0.5}
        assert watch.send([odd])["accepted"] == 1
        assert watch.send(good)["accepted"] == 20
        again = watch.send([dict(row, value=0) for row in good])
        assert (again["accepted"], again["known"]) == (0, 20)
        until(lambda: watch.status()["row"] >= 22)
        ingest = watch.status()["ingest"]
        assert ingest["events"] == 22
        assert sum(ingest["refused"].values()) >= 7
        assert watch.end() == 0
    assert len(alarms(folder)) == 1  # of the twenty that were good, as they came first
    for words in (("status",), ("why", "SAFE")):
        assert sc(*words, folder).code in (0, 4)
    assert sc("report", folder).code == 0
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert html not in page
    assert "Traceback" not in "".join(watch.err)


def test_a_record_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    key = load_or_create(default_key_path(os.environ), "me")
    with watching(folder) as watch:
        with open_writer(folder / "ledger", key):
            watch.send(throws(40, share=0.9, since=now() - timedelta(minutes=1),
                              every=timedelta(seconds=1)))  # fmt: skip
            until(lambda: watch.status()["waiting"])
            assert "is being written by process" in watch.status()["problem"]
            assert watch.send(throws(1, share=0, since=now(), first=41))["accepted"] == 1
        until(lambda: watch.status()["waiting"] == 0)
        assert len(alarms(folder)) == 1
        assert watch.end(signal.SIGINT) == 0
    assert any("signals wait to be signed" in line for line in watch.err)


def test_a_changed_case_is_taken_up_and_a_broken_one_is_said(tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    file = folder / "case.yaml"
    text = file.read_text("utf-8")
    with watching(folder) as watch:
        file.write_text(text.replace("heads > 0.20", "heads >"), "utf-8")
        until(lambda: said(watch, "cannot be taken up"))
        file.write_text(text.replace("heads > 0.20", "heads > 0.30"), "utf-8")
        until(lambda: said(watch, "begun anew: M-HEADS"))
        file.write_text(text.replace("heads > 0.20", "heads > 0.30") + "# a remark\n", "utf-8")
        until(lambda: said(watch, "every monitor goes on"))
        watch.send(throws(60, share=0.9, since=now() - timedelta(minutes=1),
                          every=timedelta(seconds=1)))  # fmt: skip
        until(lambda: alarms(folder))
        assert watch.end() == 0
    (alarm,) = (s for s in signals(folder) if s.state == "alarm")
    assert "heads > 0.3" in alarm.says


def said(watch: Watching, text: str) -> bool:
    return any(text in line for line in list(watch.err))


def test_a_followed_file_and_a_token(tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    log, token = tmp_path / "events.jsonl", tmp_path / "token"
    token.write_text("a-token-of-some-length\n", "utf-8")
    with watching(folder, "--follow", str(log), "--token-file", str(token)) as watch:
        body = json.dumps(throws(1, share=1, since=now())).encode()
        assert watch.post("/events", body)[0] == 401
        bearer = {"authorization": "Bearer a-token-of-some-length"}
        assert watch.post("/events", body, bearer)[0] == 200
        rows = throws(40, share=0.9, since=now() - timedelta(minutes=1), first=2,
                      every=timedelta(seconds=1))  # fmt: skip
        for row in rows:
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        until(lambda: alarms(folder))
        assert watch.end() == 0
    with Store(folder / "live" / "events.sqlite") as store:
        assert store.row == 41
