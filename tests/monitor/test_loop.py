"""The whole loop, offline: a good month, a drift, a resolution, a silence, as a user sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import Ran
from tests.monitor.watching import START, signals, stream, throws, watched_case

Sc = Callable[..., Ran]
DRIFT = START + timedelta(days=2)
DELAY = timedelta(hours=2)
"""What the README of a monitor would promise: 24 throws after heads became three times as many."""


def state(sc: Sc, folder: Path, at: datetime) -> str:
    found = sc("status", folder, "--json", "--now", f"{at:%Y-%m-%dT%H:%M:%SZ}")
    return str(found.json["states"]["SAFE"]["support"])


def replayed(sc: Sc, folder: Path, path: Path, *more: str) -> Ran:
    done = sc("watch", folder, "--replay", path, *more)
    assert done.code == 0, done.err
    return done


@pytest.mark.slow
def test_a_case_turns_with_what_its_deployment_says(
    sc: Sc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = watched_case(tmp_path / "case")
    good = throws(576, share=0.1)
    drift = throws(48, share=0.7, since=DRIFT, first=577, seed=3)
    calm = throws(288, share=0.1, since=DRIFT + timedelta(hours=4), first=625, seed=4)

    # Nothing was reported: silence is not safety.
    assert state(sc, folder, START) == "open"

    # A good time: the claim is supported while it lasts, and no longer.
    done = replayed(sc, folder, stream(tmp_path / "good.jsonl", good))
    assert "null hypothesis heads ≤ 0.2" in done.out
    assert "probability at most 0.01" in done.out
    assert {s.state for s in signals(folder)} == {"quiet"}
    assert state(sc, folder, DRIFT) == "supported"

    # Drift: an alarm within the stated delay challenges the claim.
    done = replayed(sc, folder, stream(tmp_path / "drift.jsonl", drift))
    (alarm,) = (s for s in signals(folder) if s.state == "alarm")
    until = datetime.fromisoformat(alarm.until)
    assert DRIFT < until <= DRIFT + DELAY
    assert f"record {alarm.seq}" in done.out
    after = DRIFT + timedelta(hours=4)
    assert state(sc, folder, after) == "contested"
    told = " ".join(sc("why", "SAFE", folder, "--now", f"{after:%Y-%m-%dT%H:%M:%SZ}").out.split())
    for part in ("M-HEADS", f"record {alarm.seq}", f"{until:%Y-%m-%d %H:%M} UTC", "e-value"):
        assert part in told, part
    assert f"{float(alarm.e_value or 0):.4g}" in told

    # Good throws again: no auto-close.
    replayed(sc, folder, stream(tmp_path / "calm.jsonl", calm))
    end = DRIFT + timedelta(hours=28)
    assert state(sc, folder, end) == "contested"

    # A reviewer resolves it: supported again, and the history stays.
    request, pem = tmp_path / "grace.json", tmp_path / "grace.pem"
    words = ("--owner", "Grace", "--role", "reviewer", "--request", request)
    assert sc("record", "keys", "init", "--file", pem, *words, cwd=folder).code == 0
    assert sc("record", "keys", "add", request, cwd=folder).code == 0
    monkeypatch.setenv("SAFETYCASE_KEY", str(pem))
    said = ("--as", "answered", "--reason", "The table was level again.", "--yes")
    done = sc("record", "resolve", str(alarm.seq), folder, *said)
    assert done.code == 0, done.err
    monkeypatch.delenv("SAFETYCASE_KEY")
    assert state(sc, folder, end) == "supported"
    page = sc("report", folder, "--now", f"{end:%Y-%m-%dT%H:%M:%SZ}")
    assert page.code == 0
    text = (folder / "report" / "index.html").read_text("utf-8")
    assert "The table was level again." in text

    # Silence: unknown, with the reason.
    week = end + timedelta(days=7)
    assert state(sc, folder, week) == "open"
    assert "M-HEADS" in sc("why", "SAFE", folder, "--now", f"{week:%Y-%m-%dT%H:%M:%SZ}").out
    assert sc("verify", folder).code == 0


@pytest.mark.slow
def test_a_replay_goes_once_and_says_what_it_did(sc: Sc, tmp_path: Path) -> None:
    folder = watched_case(tmp_path / "case")
    rows = throws(40, share=0.9)
    path = stream(tmp_path / "bad.jsonl", rows)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"source": "table", "id": "x", "metric": "coin.head", "value": NaN}\n')
        file.write("not JSON\n\n")
    first = replayed(sc, folder, path, "--json", "--at-once")
    lines = [json.loads(line) for line in first.out.splitlines()]
    assert lines[0]["watching"][0]["monitor"] == "M-HEADS"
    assert lines[-1]["replayed"]["accepted"] == 40
    assert lines[-1]["replayed"]["refused"] == 2
    assert [line["state"] for line in lines[1:-1]].count("alarm") == 1
    record = (folder / "ledger" / "log.jsonl").read_bytes()
    again = replayed(sc, folder, path)
    assert "0 events (40 known before, 2 lines refused)" in again.out
    assert (folder / "ledger" / "log.jsonl").read_bytes() == record
    assert (folder / "live" / ".gitignore").read_text("utf-8") == "*\n"
    # On to a later time: what is reported then is silence.
    later = sc("watch", folder, "--replay", path, "--now", f"{START + timedelta(days=1):%Y-%m-%d}")
    assert "SILENT" in later.out
    # Another stream of an earlier time belongs elsewhere.
    old = stream(tmp_path / "old.jsonl", throws(3, share=0.5, source="other"))
    refused = sc("watch", folder, "--replay", old)
    assert refused.code == 2
    assert "replay it in a copy" in refused.err


@pytest.mark.slow
def test_what_cannot_be_watched_is_said(sc: Sc, tmp_path: Path) -> None:
    from tests.conftest import COIN

    plain = watched_case(tmp_path / "plain", COIN)
    (plain / "items.txt").write_text("head or tail\n", "utf-8")
    done = sc("watch", plain)
    assert done.code == 2
    assert "alarm_when: recall < 0.80" in done.err
    folder = watched_case(tmp_path / "case")
    for words, says in (
        (("--speed", "3"), "are for --replay"),
        (("--host", "0.0.0.0"), "--token-file"),
        (("--notify", "https://example.org"), "--notify-secret"),
        (("--replay", folder / "case.yaml"), "no line of it is an event"),
        (("--replay", tmp_path / "none.jsonl"), "does not exist"),
    ):
        done = sc("watch", folder, *words)
        assert (done.code, says in done.err) == (2, True), (words, done.err)
    assert not (folder / "ledger" / "log.jsonl").exists()
    broken = (folder / "case.yaml").read_text("utf-8").replace("heads > 0.20", "heads > 1.5")
    (folder / "case.yaml").write_text(broken, "utf-8")
    done = sc("watch", folder)
    assert done.code == 2
    assert "nothing is watched" in done.err
